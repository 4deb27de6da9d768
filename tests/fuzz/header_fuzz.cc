// A header that parses is written the same way again; one that is incomplete does not become malformed by being shorter.

#include <cstdint>
#include <cstdlib>
#include <string>

#include "age/header.h"

namespace hushrun::age {
namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

std::string written(const Header& header) {
  std::string text{kVersionLine};
  for (const Stanza& stanza : header.stanzas) {
    text.append("-> ").append(stanza.type);
    for (std::string_view argument : stanza.arguments) text.append(" ").append(argument);
    const std::string coded = base64_encode(stanza.body, Padding::none);
    for (std::size_t at = 0; at <= coded.size(); at += 64) text.append("\n").append(coded.substr(at, 64));
    text += "\n";
  }
  return text.append("--- ").append(base64_encode(header.mac, Padding::none)).append("\n");
}

}  // namespace
}  // namespace hushrun::age

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hushrun::age;
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const auto header = parse_header(text);
  if (header) {
    require(written(header.value()) == text.substr(0, header.value().size));
    require(text.substr(0, header.value().authenticated.size()) == header.value().authenticated);
  }
  const auto half = parse_header(text.substr(0, size / 2));
  if (half) require(static_cast<bool>(header) && header.value().size == half.value().size);
  else if (header || header.error().incomplete) require(half.error().incomplete);
  return 0;
}
