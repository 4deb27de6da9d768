// What is inside a sealed file, by the first byte as dotenv, YAML, JSON, ejson or by looking: names are unique, positions lie in the text,
// and the same entries written as one JSON object come back from it, by name and by looking.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>

#include "core/json.h"
#include "source/content.h"

namespace hushrun {
namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

std::string_view bytes(const Secret& value) { return {value.expose().data(), value.size()}; }  // made by the fuzzer

Result<Content, ContentError> parse(std::uint8_t choice, const Secret& text) {
  switch (choice % 5) {
    case 0: return parse_content(text, ContentKind::dotenv);
    case 1: return parse_content(text, ContentKind::yaml);
    case 2: return parse_content(text, ContentKind::json);
    case 3: return parse_ejson_content(text);
  }
  return parse_content(text, content_kind_by_looking(text));
}

std::string written(const Content& content) {
  std::string text = "{";
  for (const ContentEntry& entry : content.entries) {
    text.append(text.size() > 1 ? ", \"" : "\"").append(entry.name.text()).append("\": ").append(bytes(json::quoted(entry.value)));
  }
  return text + "}";
}

}  // namespace
}  // namespace hushrun

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hushrun;
  if (size == 0) return 0;
  const std::string_view text{reinterpret_cast<const char*>(data) + 1, size - 1};
  const auto lines = static_cast<unsigned>(std::count(text.begin(), text.end(), '\n') + std::count(text.begin(), text.end(), '\r') + 1);
  const auto first = parse(data[0], Secret::of_public(text));
  if (!first) {
    require(first.error().line <= lines);
    return 0;
  }
  std::set<std::string_view> names;
  for (const ContentEntry& entry : first.value().entries) require(entry.line <= lines && names.insert(entry.name.text()).second);
  for (const std::string& key : first.value().unnamable) require(!Name::parse(key));

  const Secret again = Secret::of_public(written(first.value()));
  if (!json::members(again)) return 0;  // a value of dotenv is not UTF-8
  require(content_kind_by_looking(again) == ContentKind::json);
  const auto second = parse_content(again, ContentKind::json);
  require(bool{second} && second.value().unnamable.empty() && second.value().entries.size() == names.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    const ContentEntry &before = first.value().entries[i], &after = second.value().entries[i];
    require(before.name == after.name && bytes(before.value) == bytes(after.value));
  }
  return 0;
}
