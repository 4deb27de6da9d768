// Armor: what is taken off, what is refused, and that both directions agree at every length.

#include <catch2/catch.hpp>

#include <string>

#include "age/armor.h"
#include "age/armor_writer.h"
#include "age_support.h"

using namespace hushrun;
using namespace hushrun::age;

namespace {

const std::string kBegin = std::string{kArmorBegin} + "\n";
const std::string kEnd = std::string{kArmorEnd} + "\n";
const std::string kLine = std::string(64, 'A') + "\n";

Result<std::string, Failure> taken_off(const std::string& text, std::size_t piece = 1000) {
  MemoryReader reader{text};
  ArmorReader armor{reader};
  std::string bytes;
  std::string room(piece, '\0');
  while (const std::size_t got = TRY(armor.read(room.data(), room.size()))) bytes.append(room, 0, got);
  return bytes;
}

std::string put_on(const std::string& bytes, std::size_t piece) {
  Collected text;
  ArmorWriter armor{text};
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    const std::string part = bytes.substr(at, piece);
    REQUIRE(armor.write(part.data(), part.size()));
  }
  REQUIRE(armor.finish());
  return text.text;
}

}  // namespace

TEST_CASE("armor that is put on comes off, at every length around a line, in pieces of any size") {
  const auto size = GENERATE(0U, 1U, 2U, 3U, 47U, 48U, 49U, 95U, 96U, 97U, 5000U);
  const auto piece = GENERATE(1U, 7U, 48U, 49U, 4096U);
  std::string bytes;
  for (unsigned i = 0; i < size; ++i) bytes += static_cast<char>(i * 7);
  const std::string text = put_on(bytes, piece);
  CAPTURE(size, piece);
  const auto off = taken_off(text, piece);
  REQUIRE(off);
  CHECK(off.value() == bytes);
}

TEST_CASE("line ends and blanks around the block are the writer's choice") {
  const auto text = GENERATE_COPY(values<std::string>({
      kBegin + "AAAA\n" + kEnd,
      kBegin + "AAAA\n" + std::string{kArmorEnd},                       // no last line end
      std::string{kArmorBegin} + "\r\nAAAA\r\n" + std::string{kArmorEnd} + "\r\n",
      "\n \t\r\n" + kBegin + "AAAA\n" + kEnd + "\n \t\r\n",
      std::string(1023, '\n') + kBegin + "AAAA\n" + kEnd + std::string(1023, '\n'),
  }));
  CAPTURE(text);
  const auto off = taken_off(text);
  REQUIRE(off);
  CHECK(off.value() == std::string(3, '\0'));
}

TEST_CASE("anything else is refused as armor") {
  const auto text = GENERATE_COPY(values<std::string>({
      "",
      "\n\n",
      kBegin,
      kBegin + "AAAA\n",
      kBegin + "AAAA",
      kBegin + kLine + kLine,
      " " + kBegin + "AAAA\n" + kEnd,                                   // indented
      "x\n" + kBegin + "AAAA\n" + kEnd,
      kBegin + "AAAA\n" + kEnd + "x",
      kBegin + "AAAA\n" + kEnd + kBegin,
      kBegin + "\nAAAA\n" + kEnd,
      kBegin + "AAAA\n\n" + kEnd,
      kBegin + kLine + "\n" + kEnd,
      kBegin + "AAAA\nAAAA\n" + kEnd,                                   // a short line inside
      kBegin + std::string(65, 'A') + "\n" + kEnd,
      kBegin + std::string(68, 'A') + "\n" + kEnd,
      kBegin + std::string(5000, 'A') + "\n" + kEnd,
      kBegin + "AAA\n" + kEnd,                                          // no padding
      kBegin + "AAB=\n" + kEnd,                                         // bits left over
      kBegin + "A AA\n" + kEnd,
      kBegin + "AAAA \n" + kEnd,
      kBegin + "AAAA\r\r\n" + kEnd,
      kBegin + "AA\rAA\n" + kEnd,
      kBegin + "Version: 1\n\nAAAA\n" + kEnd,
      kBegin + "AAAA\n=AAAA\n" + kEnd,                                  // a checksum line
      kBegin + "AAAA\n" + "-----END AGE ENCRYPTED FILE----\n",
      kBegin + "AAAA\n" + "-----end age encrypted file-----\n",
      "-----BEGIN AGE ENCRYPTED MESSAGE-----\nAAAA\n" + kEnd,
      std::string(1024, '\n') + kBegin + "AAAA\n" + kEnd,
      kBegin + "AAAA\n" + kEnd + std::string(1024, '\n'),
      std::string(5000, ' ') + "\n" + kBegin + "AAAA\n" + kEnd,
  }));
  CAPTURE(text.substr(0, 200));
  const auto off = taken_off(text);
  REQUIRE_FALSE(off);
  CHECK(off.error().kind == Failed::armor);
}

TEST_CASE("armor is told by the first byte that is no blank") {
  CHECK(looks_armored(kBegin));
  CHECK(looks_armored("\r\n\t -"));
  CHECK_FALSE(looks_armored(""));
  CHECK_FALSE(looks_armored("\n"));
  CHECK_FALSE(looks_armored("age-encryption.org/v1\n"));
}

TEST_CASE("the announced size is never smaller than what comes") {
  for (std::size_t size = 0; size < 300; ++size) {
    const std::string text = put_on(std::string(size, 'x'), 48);
    MemoryReader reader{text};
    const ArmorReader armor{reader};
    REQUIRE(armor.size());
    CHECK(*armor.size() >= size);
  }
}

TEST_CASE("armor without an end is given up at its first flaw") {
  const auto rest = GENERATE(values<std::string>({"A", "\n", " ", "=", "\r"}));
  Pipe endless{kBegin, rest};
  ArmorReader armor{endless};
  std::string room(1000, '\0');
  CHECK_FALSE(armor.read(room.data(), room.size()));
  CHECK(endless.taken < 10'000);
}
