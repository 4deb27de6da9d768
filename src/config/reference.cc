#include "config/reference.h"

#include <algorithm>
#include <array>

namespace hushrun {
namespace {

// NAME_MAX of Linux: a name is mostly a file of a directory source.
constexpr std::size_t kNameLimit = 255;
// Each base64 makes a value a third larger; eight of them make a secret of 1 MiB one of 10 MiB.
constexpr std::size_t kFilterLimit = 8;
// A template is text for one variable or one file; a secret may be no larger.
constexpr std::size_t kTemplateLimit = 1024 * 1024;

constexpr bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }
constexpr bool may_begin_name(char c) { return is_letter(c) || is_digit(c) || c == '_'; }
constexpr bool may_continue_name(char c) { return may_begin_name(c) || c == '.' || c == '-'; }

struct KnownFilter {
  std::string_view word;
  Filter filter;
};
constexpr std::array<KnownFilter, 6> kFilters = {{{"trim", Filter::trim},
                                                  {"base64", Filter::base64},
                                                  {"base64d", Filter::base64d},
                                                  {"hexd", Filter::hexd},
                                                  {"urlencode", Filter::urlencode},
                                                  {"json", Filter::json}}};

// What is wrong with `text` as a name, and where. Says the likely mistake first.
std::optional<Malformed> flaw_of_name(std::string_view text) {
  if (text.empty()) return Malformed{"a secret's name is missing", 0};
  if (const auto at = text.find("${"); at != text.npos) return Malformed{"${ } is for templates; a reference stands bare", at};
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (may_continue_name(c)) continue;
    if (c == ' ' || c == '\t') return Malformed{"no blanks in a reference: write name|filter", i};
    if (c == '/') return Malformed{"a name is no path: list the directory under sources and give the file's name here", i};
    return Malformed{"a name may hold letters, digits, . _ -", i};
  }
  if (!may_begin_name(text[0])) return Malformed{"a name begins with a letter, a digit or _", 0};
  if (text.size() > kNameLimit) return Malformed{"a name has 255 bytes at most", kNameLimit};
  return std::nullopt;
}

// The same for a JSON pointer (RFC 6901). No byte of ours is escaped in it: a member whose name holds a | cannot be
// pointed at, nor, from a template, one whose name holds a }.
std::optional<Malformed> flaw_of_pointer(std::string_view text) {
  if (!text.starts_with('/')) return Malformed{"after # comes a JSON pointer, which begins with /", 0};
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_control(text[i])) return Malformed{"a JSON pointer here holds no line break and no control character", i};
    if (text[i] == '~' && (i + 1 == text.size() || (text[i + 1] != '0' && text[i + 1] != '1'))) {
      return Malformed{"in a JSON pointer ~ is written ~0, and / inside a member's name ~1", i};
    }
  }
  return std::nullopt;
}

Literal word(Filter filter) {
  switch (filter) {
    case Filter::trim: return "trim";
    case Filter::base64: return "base64";
    case Filter::base64d: return "base64d";
    case Filter::hexd: return "hexd";
    case Filter::urlencode: return "urlencode";
    case Filter::json: return "json";
  }
  return "trim";
}

Malformed moved_by(Malformed malformed, std::size_t bytes) {
  malformed.offset += bytes;
  return malformed;
}

}  // namespace

Public Place::shown() const {
  if (field.empty()) return text;
  if (text.empty()) return field;
  return field + ", " + text;
}

std::optional<Name> Name::parse(std::string_view text) {
  if (flaw_of_name(text)) return std::nullopt;
  return Name{std::string{text}};
}

std::optional<VariableName> VariableName::parse(std::string_view text) {
  const bool valid = !text.empty() && !is_digit(text[0]) &&
                     std::all_of(text.begin(), text.end(), [](char c) { return is_letter(c) || is_digit(c) || c == '_'; });
  if (!valid) return std::nullopt;
  return VariableName{std::string{text}};
}

Result<Reference, Malformed> parse_reference(std::string_view text) {
  const std::size_t name_end = std::min(text.find_first_of("#|"), text.size());
  const std::string_view name_text = text.substr(0, name_end);
  if (const auto flaw = flaw_of_name(name_text)) return *flaw;
  Reference reference{*Name::parse(name_text), {}, false, {}};

  std::size_t at = name_end;
  if (at < text.size() && text[at] == '#') {
    ++at;
    const std::string_view pointer = text.substr(at, text.find('|', at) - at);
    if (const auto flaw = flaw_of_pointer(pointer)) return moved_by(*flaw, at);
    reference.pointer = pointer;
    reference.has_pointer = true;
    at += pointer.size();
  }
  while (at < text.size()) {
    ++at;  // the | that ended the part before
    const std::string_view word = text.substr(at, text.find('|', at) - at);
    const auto known = std::find_if(kFilters.begin(), kFilters.end(), [&](const KnownFilter& k) { return k.word == word; });
    if (word.empty()) return Malformed{"a filter is missing after |", at};
    if (word.find_first_of(" \t") != word.npos) return Malformed{"no blanks in a reference: write name|filter", at};
    if (known == kFilters.end()) return Malformed{"unknown filter; there are trim base64 base64d hexd urlencode json", at};
    if (reference.filters.size() == kFilterLimit) return Malformed{"more than 8 filters", at};
    reference.filters.push_back(known->filter);
    at += word.size();
  }
  return reference;
}

Result<Template, Malformed> parse_template(std::string_view text) {
  if (text.size() > kTemplateLimit) return Malformed{"a template has 1 MiB at most", kTemplateLimit};
  Template result;
  std::string literal;
  bool has_reference = false;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t dollar = std::min(text.find('$', at), text.size());
    literal += text.substr(at, dollar - at);
    at = dollar;
    if (at == text.size()) break;
    const char next = at + 1 < text.size() ? text[at + 1] : '\0';
    if (next == '$') {
      literal += '$';
      at += 2;
      continue;
    }
    if (next != '{') return Malformed{"a lone $: write $$ for a dollar, ${NAME} for a secret", at};
    const std::size_t start = at + 2;
    const std::size_t end = text.find('}', start);
    if (end == text.npos) return Malformed{"${ without its }", at};
    Result<Reference, Malformed> reference = parse_reference(text.substr(start, end - start));
    if (!reference) return moved_by(reference.error(), start);
    if (!literal.empty()) result.parts.emplace_back(std::exchange(literal, {}));
    result.parts.emplace_back(std::move(reference).value());
    has_reference = true;
    at = end + 1;
  }
  if (!has_reference) return Malformed{"a template without a reference such as ${db_password}", 0};
  if (!literal.empty()) result.parts.emplace_back(std::move(literal));
  return result;
}

Public shown(const Name& name) { return Public::name(name.text()); }

Public shown(const Reference& reference) { return shown(reference, shown(reference.name)); }

Public shown(const Reference& reference, Public name) {
  Public text = name;
  if (reference.has_pointer) {
    // A member's name is a name like any other: shown where it is plainly one, or the number of an item.
    Public border = "#/";
    for (std::size_t at = 1; at <= reference.pointer.size();) {
      const std::string_view step = std::string_view{reference.pointer}.substr(at, reference.pointer.find('/', at) - at);
      const bool index = !step.empty() && step.size() <= 4 && std::all_of(step.begin(), step.end(), is_digit);
      text = text + border + (index || is_plainly_a_name(step) ? Public::vouched(step) : "[not shown]");
      border = "/";
      at += step.size() + 1;
    }
  }
  for (const Filter filter : reference.filters) text = text + "|" + word(filter);
  return text;
}

}  // namespace hushrun
