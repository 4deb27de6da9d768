#include "source/interpolation.h"

#include <algorithm>

namespace hushrun {
namespace {

// Deeper nesting of defaults is nobody's intention, and each level is a call of ours.
constexpr unsigned kNestingLimit = 16;
// A text may name the same long variable again and again; no path and no name is longer.
constexpr std::size_t kLengthLimit = 64 * 1024;

bool begins_name(char c) { return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool continues_name(char c) { return begins_name(c) || (c >= '0' && c <= '9'); }

std::string_view name_at(std::string_view text) {
  std::size_t end = 0;
  if (!text.empty() && begins_name(text[0])) {
    while (end < text.size() && continues_name(text[end])) ++end;
  }
  return text.substr(0, end);
}

// The offset of the brace that closes the one before `text`.
std::optional<std::size_t> closing_brace(std::string_view text) {
  std::size_t depth = 1;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '$' && at + 1 < text.size() && text[at + 1] == '$') {
      ++at;
    } else if (text[at] == '$' && at + 1 < text.size() && text[at + 1] == '{') {
      ++depth, ++at;
    } else if (text[at] == '}' && --depth == 0) {
      return at;
    }
  }
  return std::nullopt;
}

Result<std::string, NotInterpolated> interpolate_nested(std::string_view text, const VariableLookup& variables, unsigned nesting);

// What stands between ${ and }.
Result<std::string, NotInterpolated> expand(std::string_view braced, const VariableLookup& variables, unsigned nesting) {
  const std::string_view name = name_at(braced);
  std::string_view rest = braced.substr(name.size());
  if (name.empty()) return NotInterpolated{"a ${ is not followed by a variable's name", {}};
  std::optional<std::string> value = variables(name);
  if (rest.empty()) return value.value_or("");
  const bool empty_counts_as_unset = rest[0] == ':';
  if (empty_counts_as_unset) rest.remove_prefix(1);
  const char kind = rest.empty() ? '\0' : rest[0];
  const bool set = value && !(empty_counts_as_unset && value->empty());
  switch (kind) {
    case '-':
      if (set) return std::move(*value);
      return interpolate_nested(rest.substr(1), variables, nesting + 1);
    case '+':
      if (!set) return std::string{};
      return interpolate_nested(rest.substr(1), variables, nesting + 1);
    case '?':
      if (set) return std::move(*value);
      // The message behind the question mark is text of the file: not quoted.
      return NotInterpolated{"a variable that is required (?) is not set", Public::variable(name)};
    default:
      return NotInterpolated{"in ${...} a variable's name is followed by none of :- - :? ? :+ +", {}};
  }
}

Result<std::string, NotInterpolated> interpolate_nested(std::string_view text, const VariableLookup& variables, unsigned nesting) {
  if (nesting > kNestingLimit) return NotInterpolated{"${...} is nested too deeply", {}};
  std::string out;
  while (!text.empty()) {
    const std::size_t dollar = std::min(text.find('$'), text.size());
    out += text.substr(0, dollar);
    text.remove_prefix(dollar);
    if (text.empty()) break;
    text.remove_prefix(1);
    const std::string_view name = name_at(text);
    if (text.starts_with('$')) {
      out += '$';
      text.remove_prefix(1);
    } else if (!name.empty()) {
      out += variables(name).value_or("");
      text.remove_prefix(name.size());
    } else if (text.starts_with('{')) {
      text.remove_prefix(1);
      const std::optional<std::size_t> end = closing_brace(text);
      if (!end) return NotInterpolated{"a ${ is never closed", {}};
      out += TRY(expand(text.substr(0, *end), variables, nesting));
      text.remove_prefix(*end + 1);
    } else {
      return NotInterpolated{"a $ is followed by no variable: a dollar is written $$", {}};
    }
    if (out.size() > kLengthLimit) return NotInterpolated{"the text becomes longer than 64 KiB", {}};
  }
  return out;
}

}  // namespace

Result<std::string, NotInterpolated> interpolate(std::string_view text, const VariableLookup& variables) {
  return interpolate_nested(text, variables, 0);
}

}  // namespace hushrun
