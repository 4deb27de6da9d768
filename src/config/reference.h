#pragma once
// The reference grammar, the same everywhere: NAME[#/json/pointer][|filter]...   and templates made of references.
//
// No blanks. A pointer (RFC 6901) holds any character but control characters and the | that ends it; inside a template the first
// } ends the reference, so no pointer there holds one.

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/error.h"

namespace hushrun {

/// Where something was written: a position in a file, an option, a variable. Public by construction.
struct Place {
  Public text;       // "hushrun.yaml:12:18" or "option --env (the 2nd)" or "HUSHRUN_USER"
  Public field;      // "env.DB_PASSWORD", or empty
  Public shown() const;  // both, as an error shows them
};

/// A secret's name: [A-Za-z0-9_][A-Za-z0-9._-]*, 255 bytes at most. Parsed once and trusted after.
class Name {
 public:
  static std::optional<Name> parse(std::string_view text);
  const std::string& text() const { return text_; }
  auto operator<=>(const Name&) const = default;

 private:
  explicit Name(std::string text) : text_{std::move(text)} {}
  std::string text_;
};

/// A variable's name: [A-Za-z_][A-Za-z0-9_]*. Parsed once and trusted after.
class VariableName {
 public:
  static std::optional<VariableName> parse(std::string_view text);
  const std::string& text() const { return text_; }
  auto operator<=>(const VariableName&) const = default;

 private:
  explicit VariableName(std::string text) : text_{std::move(text)} {}
  std::string text_;
};

enum class Filter { trim, base64, base64d, hexd, urlencode, json };

struct Reference {
  Name name;
  std::string pointer;  // RFC 6901, beginning with '/'; empty: the whole value
  bool has_pointer = false;
  std::vector<Filter> filters;
};

/// Literal text and references in turn. Never without a reference.
struct Template {
  using Part = std::variant<std::string, Reference>;
  std::vector<Part> parts;
};

/// Why a reference or template is not one; fixed text that never quotes what was found.
struct Malformed {
  Literal why;
  std::size_t offset;  // bytes from the start, for templates of several lines
};

/// No control character, 8 filters at most.
Result<Reference, Malformed> parse_reference(std::string_view text);
/// `$$` is a dollar. 1 MiB at most.
Result<Template, Malformed> parse_template(std::string_view text);

/// The name where it cannot be a key itself, else "a secret".
Public shown(const Name& name);
/// The reference as it was written, each name in it shown under the same rule; or with the name as somebody else vouches for it.
Public shown(const Reference& reference);
Public shown(const Reference& reference, Public name);

}  // namespace hushrun
