#pragma once
// What is inside a sealed file: dotenv, YAML or JSON, as named secrets. Pure.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "source/source.h"

namespace hushrun {

enum class ContentKind { dotenv, yaml, json };

/// Told by the name of the sealed file: secrets.env.age, .env.production.age, secrets.yaml.age, secrets.yml.age, secrets.json.age. Nothing if
/// the name says none of them.
std::optional<ContentKind> content_kind_by_name(std::string_view path);

/// Told by looking: a brace begins JSON; else the first line that says something is an assignment with = (dotenv), or is not (YAML).
ContentKind content_kind_by_looking(const Secret& text);

struct ContentError {
  unsigned line;  // 0: unknown
  Literal why;    // never quotes the text
};

struct ContentEntry {
  Name name;
  Secret value;   // text; what is deeper, or no text, as its JSON text, so that a pointer can go on in it. Empty for a null
  unsigned line;  // 0: unknown
};

struct Content {
  std::vector<ContentEntry> entries;  // names are unique
  std::vector<std::string> unnamable; // keys that are no secret's name
};

/// The top-level names of the content and their values.
///
/// YAML passes through a library that holds text in ordinary memory: it is bounded to 1 MiB, and wiped as it is freed (WipedHeap).
Result<Content, ContentError> parse_content(const Secret& text, ContentKind kind);

/// The same of an opened ejson file: the names in its `environment`, and the other ones at the top but for `_public_key`.
Result<Content, ContentError> parse_ejson_content(const Secret& document);

}  // namespace hushrun
