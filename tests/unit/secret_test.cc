// Secret: locked memory, wiped memory, and nothing left of a value that was cut.

#include "core/secret.h"

#include <catch2/catch.hpp>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "core/codec.h"

namespace hushrun {
namespace {

std::string text(const Secret& value) { return {value.expose().data(), value.expose().size()}; }

TEST_CASE("a value is what was filled in, and no more") {
  const Secret filled = Secret::filled_by(10, [](char* room, std::size_t size) {
    CHECK(size == 10);
    std::memcpy(room, "abc", 3);
    return std::size_t{3};
  });
  CHECK(filled.size() == 3);
  CHECK(text(filled) == "abc");
  CHECK(Secret::of_public("").size() == 0);
}

TEST_CASE("a fill that fails gives its error") {
  const auto failed = Secret::try_filled_by<Errno>(10, [](char*, std::size_t) -> Result<std::size_t, Errno> { return Errno{5}; });
  REQUIRE(!failed);
  CHECK(failed.error() == Errno{5});
}

TEST_CASE("values of every size live beside each other") {
  std::vector<Secret> values;
  for (std::size_t size = 0; size < 300; ++size) values.push_back(Secret::of_public(std::string(size * 17, static_cast<char>('a' + size % 26))));
  values.push_back(Secret::of_public(std::string(1 << 20, 'z')));
  for (std::size_t size = 0; size < 300; ++size) CHECK(text(values[size]) == std::string(size * 17, static_cast<char>('a' + size % 26)));
  values.erase(values.begin() + 10, values.begin() + 200);
  values.push_back(Secret::of_public("after"));
  CHECK(text(values.back()) == "after");
  CHECK(text(values[9]) == std::string(9 * 17, 'j'));
}

std::size_t address_space() {
  std::size_t pages = 0;
  std::ifstream{"/proc/self/statm"} >> pages;
  return pages * 4096;
}

TEST_CASE("a program that runs on takes no more locked memory for the thousandth value than for the first") {
  const Secret stays = Secret::of_public("stays");
  const auto round = [] {
    std::vector<Secret> values;
    for (int i = 0; i < 5; ++i) values.push_back(Secret::of_public(std::string(7000, 'x')));
  };
  round();
  const std::size_t before = address_space();
  for (int i = 0; i < 1000; ++i) round();
  CHECK(address_space() < before + (1 << 20));
}

TEST_CASE("what is cut off is wiped, and so is a value that ends") {
  Secret other = Secret::of_public("keeps the pages alive");
  const char* place = nullptr;
  {
    Secret value = Secret::of_public("0123456789");
    place = value.expose().data();
    value.shrink(4);
    CHECK(text(value) == "0123");
    CHECK(std::string(place + 4, 6) == std::string(6, '\0'));
  }
  CHECK(std::string(place, 4) == std::string(4, '\0'));
}

TEST_CASE("moving takes the bytes along and leaves nothing") {
  Secret first = Secret::of_public("value");
  const char* place = first.expose().data();
  Secret second = std::move(first);
  CHECK(second.expose().data() == place);
  CHECK(text(second) == "value");
  Secret third = Secret::of_public("other");
  third = std::move(second);
  CHECK(text(third) == "value");
}

TEST_CASE("a value is changed where it is") {
  Secret value = Secret::of_public("abc");
  value.change([](char* bytes, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) ++bytes[i];
  });
  CHECK(text(value) == "bcd");
}

TEST_CASE("equality needs the same length and the same bytes") {
  CHECK(equal_in_constant_time(Secret::of_public("abc"), Secret::of_public("abc")));
  CHECK(!equal_in_constant_time(Secret::of_public("abc"), Secret::of_public("abd")));
  CHECK(!equal_in_constant_time(Secret::of_public("abc"), Secret::of_public("abcd")));
  CHECK(equal_in_constant_time(Secret::of_public(""), Secret::of_public("")));
}

TEST_CASE("base64 as in RFC 4648, both ways") {
  const auto [plain, encoded] = GENERATE(table<std::string, std::string>({
      {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}}));
  CHECK(text(codec::base64(Secret::of_public(plain))) == encoded);
  const auto decoded = codec::base64_decoded(Secret::of_public(encoded));
  REQUIRE(decoded);
  CHECK(text(*decoded) == plain);
}

TEST_CASE("base64 and hexadecimal are strict, but for line breaks") {
  const auto decoded = [](const char* encoded) { return codec::base64_decoded(Secret::of_public(encoded)); };
  CHECK(text(*decoded("Zm9v\r\nYmFy\n")) == "foobar");
  CHECK(!decoded("Zg"));
  CHECK(!decoded("Zg="));
  CHECK(!decoded("Zm9v!"));
  CHECK(!decoded("Zm9v YmFy"));
  CHECK(!decoded("Zm9-"));
  CHECK(text(*codec::hex_decoded(Secret::of_public("666F6f\n"))) == "foo");
  CHECK(!codec::hex_decoded(Secret::of_public("666")));
  CHECK(!codec::hex_decoded(Secret::of_public("66 6f")));
  CHECK(!codec::hex_decoded(Secret::of_public("6g")));
}

}  // namespace
}  // namespace hushrun
