// Bech32: the spelling of keys.

#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "age/bech32.h"
#include "age_support.h"

using namespace hushrun;
using namespace hushrun::age;

namespace {

using Groups = std::vector<unsigned>;

// The encoder of BIP-173, from groups of 5 bits: what a key's bytes cannot say.
std::string written(const std::string& prefix, const Groups& groups) {
  std::vector<unsigned> all;
  for (char c : prefix) all.push_back(static_cast<unsigned>(c) >> 5);
  all.push_back(0);
  for (char c : prefix) all.push_back(static_cast<unsigned>(c) & 31);
  all.insert(all.end(), groups.begin(), groups.end());
  all.insert(all.end(), 6, 0);
  unsigned state = 1;
  for (unsigned value : all) {
    const unsigned top = state >> 25;
    state = (state & 0x1ffffff) << 5 ^ value;
    const unsigned generator[] = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3};
    for (unsigned i = 0; i < 5; ++i) {
      if ((top >> i & 1) != 0) state ^= generator[i];
    }
  }
  state ^= 1;
  const std::string alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
  std::string text = prefix + "1";
  for (unsigned group : groups) text += alphabet[group];
  for (unsigned i = 0; i < 6; ++i) text += alphabet[state >> (5 * (5 - i)) & 31];
  return text;
}

}  // namespace

TEST_CASE("the strings of BIP-173 are accepted and refused") {
  const auto [text, good] = GENERATE(table<std::string, bool>({
      {"A12UEL5L", true},
      {"a12uel5l", true},
      {"an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1tt5tgs", true},
      {"abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw", true},
      {"split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w", true},
      {"?1ezyfcl", true},
      {"\x20" "1nwldj5", false},                // a blank in the prefix
      {"\x7f" "1axkwrx", false},                // a control byte
      {"\x80" "1eym55h", false},                // not ASCII
      {"pzry9x0s0muk", false},                  // no separator
      {"1pzry9x0s0muk", false},                 // no prefix
      {"x1b4n0q5v", false},                     // `b` is not in the alphabet
      {"li1dgmt3", false},                      // cut off
      {"de1lg7wt\xff", false},                  // a byte that no alphabet has
      {"A1G7SGD8", false},                      // checksum over the wrong case
      {"10a06t8", false},                       // no prefix
      {"1qzzfhee", false},
      {"A12uEL5L", false},                      // two cases
      {"", false},
      {"1", false},
      {"a1", false},
  }));
  CAPTURE(text);
  const auto decoded = bech32_decode(text);
  CHECK(static_cast<bool>(decoded) == good);
}

TEST_CASE("the test identity is 32 bytes behind a prefix that keeps its case") {
  const auto decoded = bech32_decode(kTestIdentity);
  REQUIRE(decoded);
  CHECK(decoded.value().prefix == "AGE-SECRET-KEY-");
  CHECK(decoded.value().data.size() == 32);
}

TEST_CASE("what is encoded decodes to the same bytes, whatever their number") {
  const auto size = GENERATE(0U, 1U, 2U, 3U, 4U, 5U, 31U, 32U, 33U, 1216U);
  const auto letters = GENERATE(Case::lower, Case::upper);
  std::string bytes;
  for (unsigned i = 0; i < size; ++i) bytes += static_cast<char>(i * 37 + 200);
  const Secret text = bech32_encode("age-test-", View{bytes}, letters);
  const auto decoded = bech32_decode(View{text}.text());
  REQUIRE(decoded);
  CHECK(text_of(decoded.value().data) == bytes);
  CHECK(decoded.value().prefix == (letters == Case::lower ? "age-test-" : "AGE-TEST-"));
}

TEST_CASE("every changed character of a key is noticed") {
  const auto at = GENERATE(range(0, 74));
  std::string text{kTestIdentity};
  REQUIRE(text.size() == 74);
  const char before = text[static_cast<std::size_t>(at)];
  for (char c : std::string_view{"QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L1-"}) {
    if (c == before) continue;
    text[static_cast<std::size_t>(at)] = c;
    CHECK_FALSE(bech32_decode(text));
  }
}

TEST_CASE("padding is shorter than a group, and zero") {
  const auto [groups, good] = GENERATE(table<Groups, bool>({
      {Groups{}, true},
      {Groups{0}, false},                       // 5 bits: a group too many
      {Groups{0, 4}, true},                     // a byte and 2 bits
      {Groups{0, 5}, false},                    // …that are not zero
      {Groups{0, 4, 0}, false},                 // a byte and 7 bits
      {Groups{0, 4, 0, 0}, true},               // 2 bytes and 4 bits
      {Groups{0, 4, 0, 8}, false},
      {Groups{31, 31, 31, 31, 31, 31, 31, 31}, true},
  }));
  CAPTURE(groups);
  CHECK(static_cast<bool>(bech32_decode(written("age", groups))) == good);
}
