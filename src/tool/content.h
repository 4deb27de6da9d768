#pragma once
// What a sealed document holds: dotenv, JSON or YAML. One secret of it is set or removed where it stands; every other line stays as it is.
//
// Each edit is checked by reading the result with the parsers that the launcher has: the name has its new value, or is gone, and all
// others are what they were. What does not come out so is refused, never written.

#include <string>
#include <vector>

#include "core/secret.h"

namespace hushrun::tool {

enum class Format { dotenv, json, yaml };

/// By name (`x.env.age`, `x.yaml.age`, `x.json`), else by looking; a new file without a telling name is dotenv.
Format format_of(const std::string& path, const Secret& content);

/// An edit that cannot be made, in fixed words. `line` 0: nowhere in particular.
struct ContentFlaw {
  Literal why;
  Public fix;
  unsigned line = 0;
};

/// Names at the top of the document, in its order.
Result<std::vector<std::string>, ContentFlaw> names_in(const Secret& content, Format format);
/// With the value set: in its place if the name is there, else at the end.
Result<Secret, ContentFlaw> with_value(const Secret& content, Format format, const std::string& name, const Secret& value);
/// Without the name, which is there.
Result<Secret, ContentFlaw> without(const Secret& content, Format format, const std::string& name);

// ── the formats ──────────────────────────────────────────────────────────────────────────────────────────────────

/// Bytes from `start` to `end` of a document.
struct Span {
  std::size_t start, end;
};
/// A name, and where it stands: the whole of its entry, and its value.
struct Entry {
  std::string name;
  Span whole;
  Span value;
};

Result<std::vector<Entry>, ContentFlaw> json_entries(const Secret& content);
Result<std::vector<Entry>, ContentFlaw> yaml_entries(const Secret& content);
/// True if both documents have the same names, with equal values for all but `except`; a name of only one counts as a difference unless it is
/// `except`.
bool yaml_equal_but(const Secret& left, const Secret& right, const std::string& except);
/// The text of a scalar at the top; nothing if it is something else.
std::optional<Secret> yaml_scalar(const Secret& content, const std::string& name);

}  // namespace hushrun::tool
