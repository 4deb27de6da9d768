// What parses as a reference or a template says exactly what was written: put together again it is the same text.

#include <cstdint>
#include <cstdlib>

#include "config/reference.h"

namespace hushrun {
namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

std::string written(const Reference& reference) {
  static constexpr std::string_view kWords[] = {"trim", "base64", "base64d", "hexd", "urlencode", "json"};
  std::string text = reference.name.text();
  if (reference.has_pointer) text.append("#").append(reference.pointer);
  for (const Filter filter : reference.filters) text.append("|").append(kWords[static_cast<int>(filter)]);
  return text;
}

std::string written(const Template& whole) {
  std::string text;
  for (const Template::Part& part : whole.parts) {
    if (const auto* reference = std::get_if<Reference>(&part)) {
      text.append("${").append(written(*reference)).append("}");
      continue;
    }
    for (const char c : std::get<std::string>(part)) text.append(c == '$' ? 2 : 1, c);
  }
  return text;
}

}  // namespace
}  // namespace hushrun

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hushrun;
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const auto reference = parse_reference(text);
  if (reference) require(written(reference.value()) == text);
  else require(reference.error().offset <= size);
  const auto whole = parse_template(text);
  if (whole) require(written(whole.value()) == text);
  else require(whole.error().offset <= size);
  return 0;
}
