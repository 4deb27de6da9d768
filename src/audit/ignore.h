#pragma once
// What .dockerignore keeps out of a build, as the builders read it: rules of Go's filepath.Match with `**` on top, anchored at
// the context's root, the last match wins. Not the rules of .gitignore.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/text.h"

namespace re2 {
class RE2;
}

namespace hushrun::audit {

/// Whose reading: they differ in patterns with `**` and in exceptions below an ignored folder.
enum class Builder : std::uint8_t {
  buildkit,  // Docker 23 and later, buildx
  classic,   // the classic builder of the same versions: looks into an ignored folder only if an exception begins with its name
  older,     // Docker 20.10, both of its builders, and Buildah
};

/// A file that no builder takes: the build ends with an error.
struct IgnoreFlaw {
  unsigned line;
  Literal why;
};

/// A parsed .dockerignore (or `NAME.dockerignore`, or .containerignore: the same grammar).
class IgnoreFile {
 public:
  /// One line of the file that is a pattern.
  struct Line {
    std::string text;  // cleaned: no blanks around it, no `!`, no slash in front, no `.` and `..` in it
    bool exception;    // it began with `!`
    unsigned number;
  };
  /// What the entries of a folder need to know about it.
  struct Folder {
    std::vector<bool> matched;  // by line
    bool closed = false;        // a builder does not look into it
  };
  struct Answer {
    bool ships;
    Folder folder;  // for what is below, if it is one
  };

  static Result<IgnoreFile, IgnoreFlaw> parse(std::string_view text);
  IgnoreFile(IgnoreFile&&) noexcept;
  IgnoreFile& operator=(IgnoreFile&&) noexcept;
  ~IgnoreFile();

  const std::vector<Line>& lines() const { return lines_; }

  /// One step of a walk: an entry of a folder, by its whole path (`a/b`). The folder of the root is Folder{}.
  Answer look(const Folder& parent, std::string_view path, Builder builder) const;
  /// The same from the root: true if a file with this path is sent to the builder.
  bool ships(std::string_view path, Builder builder) const;

 private:
  // A pattern as one builder reads it.
  struct Pattern {
    enum class Kind : std::uint8_t { exact, prefix, suffix, expression } kind;
    std::string text;  // exact, prefix, suffix
    std::unique_ptr<re2::RE2> expression;
    bool matches(std::string_view path) const;
  };
  IgnoreFile();
  static Result<Pattern, Literal> compile(std::string_view text, Builder builder);
  bool matches(const Folder& parent, std::string_view path, Builder builder, Folder& folder) const;
  bool may_hold_exceptions(std::string_view folder, Builder builder) const;

  std::vector<Line> lines_;
  std::vector<Pattern> current_;
  std::vector<Pattern> older_;
  bool plain_exceptions_ = true;  // no exception has a wildcard but at its end
};

}  // namespace hushrun::audit
