// What parses as dotenv, written again in double quotes, parses to the same names and values; positions lie in the text.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "source/dotenv.h"

namespace hushrun {
namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

std::string_view bytes(const Secret& value) {
  const Exposed exposed = value.expose();  // made by the fuzzer
  return {exposed.data(), exposed.size()};
}

std::string written(const Dotenv& content) {
  std::string text;
  for (const DotenvEntry& entry : content.entries) {
    text.append(entry.name.text()).append("=\"");
    for (const char c : bytes(entry.value)) {
      if (c == '\r') {
        text += "\\r";  // CR LF would become LF
        continue;
      }
      if (c == '"' || c == '\\' || c == '$') text += '\\';
      text += c;
    }
    text += "\"\n";
  }
  return text;
}

}  // namespace
}  // namespace hushrun

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hushrun;
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const auto lines = static_cast<unsigned>(std::count(text.begin(), text.end(), '\n') + 1);
  const auto first = parse_dotenv(Secret::of_public(text));
  if (!first) {
    require(first.error().line >= 1 && first.error().line <= lines);
    return 0;
  }
  for (const unsigned line : first.value().overridden) require(line >= 1 && line <= lines);
  for (const unsigned line : first.value().unexpanded) require(line >= 1 && line <= lines);
  const auto second = parse_dotenv(Secret::of_public(written(first.value())));
  require(bool{second} && second.value().overridden.empty() && second.value().unexpanded.empty());
  require(second.value().entries.size() == first.value().entries.size());
  for (std::size_t i = 0; i < first.value().entries.size(); ++i) {
    const DotenvEntry& before = first.value().entries[i];
    const DotenvEntry& after = second.value().entries[i];
    require(before.line >= 1 && before.line <= lines);
    require(before.name == after.name && bytes(before.value) == bytes(after.value));
  }
  return 0;
}
