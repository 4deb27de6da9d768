// The header's grammar: one spelling per header, and bounds on all of it.

#include <catch2/catch.hpp>

#include <string>

#include "age/header.h"

using namespace hushrun;
using namespace hushrun::age;

namespace {

const std::string kVersion = "age-encryption.org/v1\n";
const std::string kMac = "--- " + std::string(43, 'A') + "\n";
const std::string kFullLine = std::string(64, 'A') + "\n";

}  // namespace

TEST_CASE("a header is read as it is written") {
  const std::string text = kVersion + "-> X25519 abc\n" + std::string(43, 'B') + "\n-> ssh-rsa tag\n" + kFullLine + kFullLine + "AA\n" + kMac + "payload";
  // Not canonical: 43 times B leaves bits; A is zero.
  CHECK_FALSE(parse_header(text));
  const std::string good = kVersion + "-> X25519 abc d\n" + std::string(43, 'A') + "\n-> ssh-rsa\n" + kFullLine + kFullLine + "\n" + kMac + "payload";
  const auto header = parse_header(good);
  REQUIRE(header);
  REQUIRE(header.value().stanzas.size() == 2);
  CHECK(header.value().stanzas[0].type == "X25519");
  CHECK(header.value().stanzas[0].arguments == std::vector<std::string_view>{"abc", "d"});
  CHECK(header.value().stanzas[0].body == std::string(32, '\0'));
  CHECK(header.value().stanzas[1].arguments.empty());
  CHECK(header.value().stanzas[1].body.size() == 96);
  CHECK(good.substr(header.value().size) == "payload");
  CHECK(header.value().authenticated == good.substr(0, good.find("---") + 3));
}

TEST_CASE("what breaks the grammar is malformed, not merely incomplete") {
  const auto text = GENERATE_COPY(values<std::string>({
      "age-encryption.org/v2\n",
      "age-encryption.org/v1\r\n",
      " " + kVersion,
      "hello",
      kVersion + "\n",
      kVersion + kMac,                                  // no stanza
      kVersion + "->X25519\n\n" + kMac,                 // no blank
      kVersion + "-> \n\n" + kMac,                      // no type
      kVersion + "->  a\n\n" + kMac,                    // two blanks
      kVersion + "-> a \n\n" + kMac,                    // a blank at the end
      kVersion + "-> a\tb\n\n" + kMac,                  // a tab
      kVersion + "-> \xc3\xa4\n\n" + kMac,              // not ASCII
      kVersion + "-> a\r\n\n" + kMac,
      kVersion + "-> a\nAAA=\n" + kMac,                 // padding
      kVersion + "-> a\nAAB\n" + kMac,                  // bits left over
      kVersion + "-> a\nA\n" + kMac,                    // no byte has this length
      kVersion + "-> a\nAA A\n" + kMac,
      kVersion + "-> a\n" + std::string(65, 'A') + "\n" + kMac,
      kVersion + "-> a\n" + kFullLine + kMac,           // the short line is missing
      kVersion + "-> a\nAA\nAA\n" + kMac,               // two short lines
      kVersion + "-> a\n\n--- \n",
      kVersion + "-> a\n\n---\n",
      kVersion + "-> a\n\n---" + std::string(43, 'A') + "\n",
      kVersion + "-> a\n\n---  " + std::string(43, 'A') + "\n",
      kVersion + "-> a\n\n--- " + std::string(42, 'A') + "\n",
      kVersion + "-> a\n\n--- " + std::string(44, 'A') + "\n",
      kVersion + "-> a\n\n--- " + std::string(42, 'A') + "B\n",  // bits left over
      kVersion + "-> a\n\n--- " + std::string(43, 'A') + "=\n",
      kVersion + "-> a\n\n--- " + std::string(43, 'A') + "\r\n",
      kVersion + "-> a\n\n----" + std::string(43, 'A') + "\n",
  }));
  CAPTURE(text);
  const auto header = parse_header(text);
  REQUIRE_FALSE(header);
  CHECK_FALSE(header.error().incomplete);
}

TEST_CASE("every beginning of a good header is incomplete") {
  const std::string text = kVersion + "-> X25519 abc\n" + kFullLine + "\n" + "-> a\nAA\n" + kMac;
  for (std::size_t size = 0; size < text.size(); ++size) {
    CAPTURE(size);
    const auto header = parse_header(std::string_view{text}.substr(0, size));
    REQUIRE_FALSE(header);
    CHECK(header.error().incomplete);
  }
  CHECK(parse_header(text));
}

TEST_CASE("a header damaged by a conversion of line ends says so") {
  const auto header = parse_header("age-encryption.org/v1\r\n-> a\r\n");
  REQUIRE_FALSE(header);
  CHECK(header.error().why.view().find("CR LF") != std::string_view::npos);
}

TEST_CASE("lines, stanzas and the whole are bounded, at the bound and not before") {
  const std::string stanza = "-> a\n\n";
  const auto stanzas = [&](std::size_t count) {
    std::string text = kVersion;
    for (std::size_t i = 0; i < count; ++i) text += stanza;
    return text + kMac;
  };
  CHECK(parse_header(stanzas(kStanzaLimit)));
  CHECK_FALSE(parse_header(stanzas(kStanzaLimit + 1)));

  const auto line = [&](std::size_t size) { return kVersion + "-> " + std::string(size - 3, 'a') + "\n\n" + kMac; };
  CHECK(parse_header(line(kHeaderLineLimit - 1)));
  CHECK_FALSE(parse_header(line(kHeaderLineLimit)));
  // A line without an end is given up before it is all there.
  const auto endless = parse_header(kVersion + "-> " + std::string(kHeaderLineLimit, 'a'));
  REQUIRE_FALSE(endless);
  CHECK_FALSE(endless.error().incomplete);

  std::string body = kVersion + "-> a\n";
  while (body.size() < kHeaderLimit) body += kFullLine;
  CHECK_FALSE(parse_header(body + "\n" + kMac));
  CHECK_FALSE(parse_header(body).error().incomplete);
}

TEST_CASE("a wrapped key is a body of 32 bytes") {
  Stanza stanza{"a", {}, std::string(32, 'x')};
  CHECK(wrapped_key(stanza));
  stanza.body += 'x';
  CHECK_FALSE(wrapped_key(stanza));
  stanza.body.resize(31);
  CHECK_FALSE(wrapped_key(stanza));
}
