#include "age/x25519.h"

#include <algorithm>

namespace hushrun::age {

Result<X25519Stanza, HeaderFlaw> parse_x25519(const Stanza& stanza) {
  if (stanza.arguments.size() != 1) return HeaderFlaw{"an X25519 stanza has not exactly one argument"};
  const auto share = base64_exactly<32>(stanza.arguments[0]);
  if (!share) return HeaderFlaw{"an X25519 stanza's share is not 32 bytes of canonical base64"};
  const auto body = wrapped_key(stanza);
  if (!body) return HeaderFlaw{"an X25519 stanza's body is not 32 bytes"};
  return X25519Stanza{*share, *body};
}

Secret x25519_wrapping_key(const Secret& shared, const Bytes32& share, const Bytes32& recipient, std::string_view label) {
  std::array<unsigned char, 64> salt;
  std::copy(share.begin(), share.end(), salt.begin());
  std::copy(recipient.begin(), recipient.end(), salt.begin() + 32);
  return hkdf(shared, salt, label);
}

Result<std::optional<Secret>, HeaderFlaw> unwrap(const X25519Identity& identity, const X25519Stanza& stanza) {
  const std::optional<Secret> shared = x25519(identity.scalar, stanza.share);
  if (!shared) return HeaderFlaw{"an X25519 stanza's share is of low order"};
  return unwrap_file_key(x25519_wrapping_key(*shared, stanza.share, identity.recipient, kX25519Label), stanza.body);
}

}  // namespace hushrun::age
