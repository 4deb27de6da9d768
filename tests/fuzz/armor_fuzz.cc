// Armor that comes off in one piece comes off byte by byte as well, and goes on again the same way but for blanks and line ends.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>

#include "age/armor.h"
#include "age/armor_writer.h"

namespace hushrun::age {
namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

std::optional<std::string> taken_off(std::string_view text, std::size_t piece) {
  MemoryReader reader{text};
  ArmorReader armor{reader};
  std::string bytes, room(piece, '\0');
  for (;;) {
    const auto got = armor.read(room.data(), room.size());
    if (!got) return std::nullopt;
    if (got.value() == 0) return bytes;
    bytes.append(room, 0, got.value());
  }
}

class Collected final : public Writer {
 public:
  Result<void, Failure> write(const char* bytes, std::size_t size) override {
    text.append(bytes, size);
    return {};
  }
  std::string text;
};

}  // namespace
}  // namespace hushrun::age

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hushrun::age;
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const auto bytes = taken_off(text, 4096);
  require(taken_off(text, 1) == bytes);
  if (!bytes) return 0;
  require(looks_armored(text));
  Collected again;
  ArmorWriter armor{again};
  require(static_cast<bool>(armor.write(bytes->data(), bytes->size())) && static_cast<bool>(armor.finish()));
  // Inside the block a CR stands only before an LF; outside there are blanks only.
  std::string plain{text};
  std::erase(plain, '\r');
  const std::size_t begin = plain.find('-'), end = plain.rfind('-') + 1;
  require(again.text == plain.substr(begin, end - begin) + "\n");
  return 0;
}
