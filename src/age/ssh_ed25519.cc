#include "age/ssh_ed25519.h"

#include <algorithm>

#include "age/x25519.h"

namespace hushrun::age {

std::array<unsigned char, 51> ssh_wire_form(const Bytes32& ed25519_key) {
  std::array<unsigned char, 51> wire{0, 0, 0, 11};
  std::copy(kSshEd25519Type.begin(), kSshEd25519Type.end(), wire.begin() + 4);
  wire[18] = 32;
  std::copy(ed25519_key.begin(), ed25519_key.end(), wire.begin() + 19);
  return wire;
}

std::optional<SshEd25519Recipient> SshEd25519Recipient::from(const Bytes32& ed25519_key) {
  const std::optional<Bytes32> point = x25519_from_ed25519(ed25519_key);
  if (!point) return std::nullopt;
  const auto wire = ssh_wire_form(ed25519_key);
  const Bytes32 hash = sha256(wire);
  return SshEd25519Recipient{{hash[0], hash[1], hash[2], hash[3]}, *point, hkdf(std::string_view{}, wire, kSshEd25519Label)};
}

std::optional<SshEd25519Identity> SshEd25519Identity::from(View seed, const Bytes32& ed25519_key) {
  std::optional<SshEd25519Recipient> recipient = SshEd25519Recipient::from(ed25519_key);
  if (!recipient) return std::nullopt;
  return SshEd25519Identity{x25519_from_seed(seed), std::move(*recipient)};
}

Result<SshEd25519Stanza, HeaderFlaw> parse_ssh_ed25519(const Stanza& stanza) {
  if (stanza.arguments.size() != 2) return HeaderFlaw{"an ssh-ed25519 stanza has not exactly two arguments"};
  const auto tag = base64_exactly<4>(stanza.arguments[0]);
  if (!tag) return HeaderFlaw{"an ssh-ed25519 stanza's tag is not 4 bytes of canonical base64"};
  const auto share = base64_exactly<32>(stanza.arguments[1]);
  if (!share) return HeaderFlaw{"an ssh-ed25519 stanza's share is not 32 bytes of canonical base64"};
  const auto body = wrapped_key(stanza);
  if (!body) return HeaderFlaw{"an ssh-ed25519 stanza's body is not 32 bytes"};
  return SshEd25519Stanza{*tag, *share, *body};
}

Result<std::optional<Secret>, HeaderFlaw> unwrap(const SshEd25519Identity& identity, const SshEd25519Stanza& stanza) {
  if (stanza.tag != identity.recipient.tag) return std::optional<Secret>{};
  const std::optional<Secret> plain = x25519(identity.scalar, stanza.share);
  const std::optional<Secret> shared = plain ? x25519(identity.recipient.tweak, *plain) : std::nullopt;
  if (!shared) return HeaderFlaw{"an ssh-ed25519 stanza's share is of low order"};
  std::optional<Secret> file_key =
      unwrap_file_key(x25519_wrapping_key(*shared, stanza.share, identity.recipient.point, kSshEd25519Label), stanza.body);
  if (!file_key) return HeaderFlaw{"the ssh-ed25519 stanza for this key does not open with it"};
  return file_key;
}

}  // namespace hushrun::age
