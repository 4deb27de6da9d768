// Behaviour: moby/patternmatcher and its ignorefile, tonistiigi/fsutil (BuildKit's client), and pkg/fileutils of Docker 20.10.
// The regular expressions are RE2's, whose syntax Go has; it stops here.

#include "audit/ignore.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <filesystem>

namespace hushrun::audit {
namespace {

constexpr std::size_t kLongestLine = 65536;  // bufio.Scanner's, which reads the file for Docker

// Blanks of Unicode that are no ASCII, as strings.TrimSpace knows them.
constexpr std::array<std::string_view, 19> kWideBlanks = {
    "\xc2\x85",     "\xc2\xa0",     "\xe1\x9a\x80", "\xe2\x80\x80", "\xe2\x80\x81", "\xe2\x80\x82", "\xe2\x80\x83",
    "\xe2\x80\x84", "\xe2\x80\x85", "\xe2\x80\x86", "\xe2\x80\x87", "\xe2\x80\x88", "\xe2\x80\x89", "\xe2\x80\x8a",
    "\xe2\x80\xa8", "\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80"};

std::string_view trimmed(std::string_view text) {
  const auto is_blank = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  for (bool again = true; again;) {
    again = false;
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    for (std::string_view wide : kWideBlanks) {
      if (text.starts_with(wide)) text.remove_prefix(wide.size()), again = true;
      if (text.ends_with(wide)) text.remove_suffix(wide.size()), again = true;
    }
  }
  return text;
}

// path.Clean of Go.
std::string cleaned(std::string_view path) {
  std::string clean = std::filesystem::path{path}.lexically_normal().string();
  while (clean.size() > 1 && clean.back() == '/') clean.pop_back();
  return clean.empty() ? "." : clean;
}

// What filepath.Match would call a bad pattern.
bool is_well_formed(std::string_view pattern) {
  std::size_t i = 0;
  const auto take = [&](bool in_class) {  // one character, escaped or not
    if (i >= pattern.size() || (in_class && (pattern[i] == '-' || pattern[i] == ']'))) return false;
    if (pattern[i] == '\\' && ++i >= pattern.size()) return false;
    ++i;
    while (i < pattern.size() && (static_cast<unsigned char>(pattern[i]) & 0xc0) == 0x80) ++i;
    return !in_class || i < pattern.size();
  };
  while (i < pattern.size()) {
    if (pattern[i] != '[') {
      if (!take(false)) return false;
      continue;
    }
    ++i;
    if (i < pattern.size() && pattern[i] == '^') ++i;
    for (bool any = false;; any = true) {
      if (any && i < pattern.size() && pattern[i] == ']') break;
      if (!take(true)) return false;
      if (pattern[i] == '-' && (++i, !take(true))) return false;
    }
    ++i;
  }
  return true;
}

// Characters with a meaning for a regular expression, and none in a pattern.
std::string_view escaped_by(Builder builder) { return builder == Builder::older ? ".$" : ".+()|{}$"; }

// `a/**` and `a/*` are as good as `a` where it matters whether something below a folder may be meant.
std::string_view without_glob_at_end(std::string_view pattern) {
  if (pattern.ends_with("/**")) pattern.remove_suffix(3);
  if (pattern.ends_with("/*")) pattern.remove_suffix(2);
  return pattern;
}

}  // namespace

IgnoreFile::IgnoreFile() = default;
IgnoreFile::IgnoreFile(IgnoreFile&&) noexcept = default;
IgnoreFile& IgnoreFile::operator=(IgnoreFile&&) noexcept = default;
IgnoreFile::~IgnoreFile() = default;

bool IgnoreFile::Pattern::matches(std::string_view path) const {
  switch (kind) {
    case Kind::exact: return path == text;
    case Kind::prefix: return path.starts_with(text);
    // `**/x` is also `x`.
    case Kind::suffix: return path.ends_with(text) || (!text.empty() && text.front() == '/' && path == std::string_view{text}.substr(1));
    // A name that is not UTF-8 meets no wildcard here, though it does in Go: then it is said to ship, which errs on the safe side.
    case Kind::expression: return re2::RE2::FullMatch(re2::StringPiece{path.data(), path.size()}, *expression);
  }
  return false;
}

Result<IgnoreFile::Pattern, Literal> IgnoreFile::compile(std::string_view text, Builder builder) {
  using Kind = Pattern::Kind;
  Kind kind = builder == Builder::older ? Kind::expression : Kind::exact;
  std::string expression;
  for (std::size_t i = 0; i < text.size();) {
    const bool is_first = i == 0;
    const char c = text[i++];
    if (c == '*' && i < text.size() && text[i] == '*') {
      ++i;
      if (i < text.size() && text[i] == '/') ++i;
      if (i < text.size()) {
        expression += "(.*/)?";
        kind = Kind::expression;
      } else if (kind == Kind::exact) {
        kind = Kind::prefix;
      } else {
        expression += ".*";
        kind = Kind::expression;
      }
      // What follows is compared from the end and may begin within a name: `**.env` is also `keep.env`.
      if (is_first && builder != Builder::older) kind = Kind::suffix;
    } else if (c == '*' || c == '?') {
      expression += c == '*' ? "[^/]*" : "[^/]";
      kind = Kind::expression;
    } else if (escaped_by(builder).find(c) != std::string_view::npos) {
      expression += '\\';
      expression += c;
    } else if (c == '\\' && i < text.size()) {
      expression += '\\';
      expression += text[i++];
      kind = Kind::expression;
    } else {
      if (c == '[' || c == ']') kind = Kind::expression;
      expression += c;
    }
  }
  switch (kind) {
    case Kind::exact: return Pattern{kind, std::string{text}, nullptr};
    case Kind::prefix: return Pattern{kind, std::string{text.substr(0, text.size() - 2)}, nullptr};
    case Kind::suffix: return Pattern{kind, std::string{text.substr(2)}, nullptr};
    case Kind::expression: break;
  }
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_never_capture(true);
  auto compiled = std::make_unique<re2::RE2>(re2::StringPiece{expression.data(), expression.size()}, options);
  if (!compiled->ok()) return Literal{"the pattern is not well formed"};
  return Pattern{kind, {}, std::move(compiled)};
}

Result<IgnoreFile, IgnoreFlaw> IgnoreFile::parse(std::string_view text) {
  IgnoreFile file;
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  for (unsigned number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.size() >= kLongestLine) return IgnoreFlaw{number, "the line is longer than 64 KiB"};
    if (line.starts_with('#')) continue;
    line = trimmed(line);
    if (line.empty()) continue;
    const bool inverted = line.starts_with('!');
    if (inverted) line = trimmed(line.substr(1));
    std::string pattern = line.empty() ? std::string{} : cleaned(line);
    if (pattern.size() > 1 && pattern.front() == '/') pattern.erase(0, 1);
    // The matcher reads it once more, `!` and all: so `/!x` is an exception too, and `!/` is one of nothing.
    if (inverted) pattern.insert(0, "!");
    pattern = cleaned(trimmed(pattern));
    const bool exception = pattern.starts_with('!');
    if (exception) pattern.erase(0, 1);
    if (pattern.empty()) return IgnoreFlaw{number, "an exception of nothing"};
    if (!is_well_formed(pattern)) return IgnoreFlaw{number, "the pattern is not well formed"};
    auto current = compile(pattern, Builder::buildkit);
    if (!current) return IgnoreFlaw{number, current.error()};
    auto older = compile(pattern, Builder::older);
    // Older builders take `+` and parentheses for their own; what they refuse they do not build, so nothing ships.
    if (!older) older = compile("**", Builder::older);
    file.current_.push_back(std::move(current).value());
    file.older_.push_back(std::move(older).value());
    if (exception && without_glob_at_end(pattern).find_first_of("*[]?^\\") != std::string_view::npos) file.plain_exceptions_ = false;
    file.lines_.push_back({std::move(pattern), exception, number});
  }
  return file;
}

bool IgnoreFile::matches(const Folder& parent, std::string_view path, Builder builder, Folder& folder) const {
  const std::vector<Pattern>& patterns = builder == Builder::older ? older_ : current_;
  folder.matched.assign(patterns.size(), false);
  // Older builders compare with the folder above that has as many components as the pattern, and with no other.
  const auto same_depth = [&](std::string_view pattern) -> std::string_view {
    auto slashes = std::count(pattern.begin(), pattern.end(), '/');
    for (std::size_t i = 0; i < path.size(); ++i) {
      if (path[i] == '/' && slashes-- == 0) return path.substr(0, i);
    }
    return {};
  };
  bool ignored = false;
  for (std::size_t i = 0; i < patterns.size(); ++i) {
    bool match = false;
    if (builder == Builder::older) {
      match = patterns[i].matches(path);
      const std::string_view above = same_depth(lines_[i].text);
      if (!match && !above.empty()) match = patterns[i].matches(above);
    } else {
      match = !parent.matched.empty() && parent.matched[i];
      // A pattern that could change nothing is not looked at, and what is below never hears of it.
      if (!match && lines_[i].exception != ignored) continue;
      if (!match) match = patterns[i].matches(path);
    }
    folder.matched[i] = match;
    if (match) ignored = !lines_[i].exception;
  }
  return ignored;
}

bool IgnoreFile::may_hold_exceptions(std::string_view folder, Builder builder) const {
  if (builder == Builder::buildkit && !plain_exceptions_) return true;
  const std::string below = std::string{folder} + "/";
  for (const Line& line : lines_) {
    if (!line.exception) continue;
    const std::string_view text = builder == Builder::buildkit ? without_glob_at_end(line.text) : std::string_view{line.text};
    if ((std::string{text} + "/").starts_with(below)) return true;
  }
  return false;
}

IgnoreFile::Answer IgnoreFile::look(const Folder& parent, std::string_view path, Builder builder) const {
  Answer answer{false, {}};
  if (parent.closed) {
    answer.folder.closed = true;
    return answer;
  }
  const bool ignored = matches(parent, path, builder, answer.folder);
  answer.folder.closed = ignored && !may_hold_exceptions(path, builder);
  answer.ships = !ignored;
  return answer;
}

bool IgnoreFile::ships(std::string_view path, Builder builder) const {
  Folder folder;
  for (std::size_t slash = path.find('/'); slash != std::string_view::npos; slash = path.find('/', slash + 1)) {
    folder = look(folder, path.substr(0, slash), builder).folder;
  }
  return look(folder, path, builder).ships;
}

}  // namespace hushrun::audit
