// What decodes as Bech32 is written the same way again.

#include <cstdint>
#include <cstdlib>
#include <string>

#include "age/bech32.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hushrun;
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const auto decoded = age::bech32_decode(text);
  if (!decoded) return 0;
  bool upper = false;
  std::string prefix{decoded.value().prefix};
  for (char& c : prefix) {
    if (c < 'A' || c > 'Z') continue;
    upper = true;
    c = static_cast<char>(c + ('a' - 'A'));
  }
  for (char c : text) upper |= c >= 'A' && c <= 'Z';
  const Secret again = age::bech32_encode(prefix, decoded.value().data, upper ? age::Case::upper : age::Case::lower);
  if (age::View{again}.text() != text) std::abort();
  return 0;
}
