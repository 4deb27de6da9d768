// Stanzas of the types we open, between a version line and a MAC: what parses holds what its text says, and opening a file of
// such a header ends in one of the classes it may end in.

#include <cstdint>
#include <cstdlib>
#include <string>

#include "age/open.h"

namespace hushrun::age {
namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

// The identity of the public vectors, and a passphrase.
const Identities& keys() {
  static const Identities all = [] {
    ready();
    auto parsed = parse_identities(Secret::of_public("AGE-SECRET-KEY-1EGTZVFFV20835NWYV6270LXYVK2VKNX2MMDKWYKLMGR48UAWX40Q2P2LM0"));
    Identities identities = std::move(parsed).value();
    identities.passphrases.push_back(*Passphrase::from(Secret::of_public("password")));
    return identities;
  }();
  return all;
}

void check(const Stanza& stanza) {
  const auto encoded = [](View bytes) { return base64_encode(bytes, Padding::none); };
  if (const auto parsed = parse_x25519(stanza)) require(encoded(parsed.value().share) == stanza.arguments[0]);
  if (const auto parsed = parse_ssh_ed25519(stanza)) {
    require(encoded(parsed.value().tag) == stanza.arguments[0]);
    require(encoded(parsed.value().share) == stanza.arguments[1]);
  }
  if (const auto parsed = parse_scrypt(stanza)) {
    require(encoded(parsed.value().salt) == stanza.arguments[0]);
    require(parsed.value().work_factor == 99 || std::to_string(parsed.value().work_factor) == stanza.arguments[1]);
  }
}

}  // namespace
}  // namespace hushrun::age

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hushrun::age;
  const std::string text = std::string{kVersionLine} + std::string{reinterpret_cast<const char*>(data), size} + "--- " + std::string(43, 'A') + "\n";
  const auto header = parse_header(text);
  if (header) {
    for (const Stanza& stanza : header.value().stanzas) check(stanza);
  }
  Limits limits;
  limits.work_factor = 2;
  limits.memory = MemoryRoom{1 << 20, 1 << 20, "the target's own bound"};
  MemoryReader reader{text};
  const auto opened = open(reader, keys(), limits);
  require(!opened);
  const Failed kind = opened.error().kind;
  require(kind == Failed::header || (header && (kind == Failed::no_match || kind == Failed::hmac || kind == Failed::work_factor)));
  return 0;
}
