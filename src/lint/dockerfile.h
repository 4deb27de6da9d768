#pragma once
// A Dockerfile, as far as a lint has to understand it: instructions with their lines, heredocs and stages. Nothing is expanded.
// Behaviour: BuildKit, frontend/dockerfile/parser.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hushrun::lint {

/// A text of several lines behind an instruction: `RUN <<EOF`.
struct Heredoc {
  std::string name;
  std::string text;
  unsigned line;  // of its first line
  bool expands;   // its name is not quoted: variables are put in
};

/// A word of an instruction, quotes and escapes taken away.
struct Word {
  std::string text;
  unsigned line;
  bool quoted_single;  // some of it stood in '…': there a dollar is a dollar
};

struct Instruction {
  std::string keyword;        // in capitals; of ONBUILD what it wraps
  bool on_build = false;
  unsigned line = 0;          // the first
  std::string arguments;      // continuation lines joined, comments dropped, flags taken away
  std::vector<Word> flags;    // `--mount=type=secret,id=x`
  std::vector<Heredoc> heredocs;

  /// The line on which the byte at `offset` of `arguments` stands.
  unsigned line_at(std::size_t offset) const;
  /// The words of `arguments`, split at blanks outside of quotes.
  std::vector<Word> words() const;
  /// The elements of a JSON form; nothing if it is the shell form.
  std::optional<std::vector<Word>> json_form() const;
  /// `K=v` pairs of ENV, ARG and LABEL, also of `ENV K v`. ARG without a default has no value.
  struct Pair {
    std::string name;
    std::optional<std::string> value;
    bool quoted_single;
    unsigned line;
  };
  std::vector<Pair> pairs() const;
  /// A flag's value: flag("--from").
  std::optional<std::string_view> flag(std::string_view name) const;

  char escape = '\\';
  std::vector<std::pair<std::size_t, unsigned>> lines;  // offsets of `arguments` at which another line begins
};

struct Dockerfile {
  std::vector<Instruction> instructions;
  char escape = '\\';
};

/// Any text is some Dockerfile: what is no instruction is passed over, for a lint is not the one to say that it does not build.
Dockerfile parse_dockerfile(std::string_view text);

}  // namespace hushrun::lint
