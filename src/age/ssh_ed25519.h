#pragma once
// The ssh-ed25519 stanza: a file key for the holder of an SSH key. Not anonymous: 32 bits of the key's hash are visible.

#include <optional>

#include "age/header.h"

namespace hushrun::age {

inline constexpr std::string_view kSshEd25519Type = "ssh-ed25519";
inline constexpr std::string_view kSshEd25519Label = "age-encryption.org/v1/ssh-ed25519";

/// An SSH public key, as the stanza needs it.
struct SshEd25519Recipient {
  Bytes4 tag;      // first bytes of SHA-256 of the key's wire form
  Bytes32 point;   // the key as an X25519 point
  Secret tweak;    // ties the X25519 exchange to the SSH key; no secret, but as long as one
  /// Nothing if the key is not on the curve.
  static std::optional<SshEd25519Recipient> from(const Bytes32& ed25519_key);
};

struct SshEd25519Identity {
  Secret scalar;
  SshEd25519Recipient recipient;
  /// Nothing if the public key is not on the curve.
  static std::optional<SshEd25519Identity> from(View seed, const Bytes32& ed25519_key);
};

struct SshEd25519Stanza {
  Bytes4 tag;
  Bytes32 share;
  Bytes32 body;
};

Result<SshEd25519Stanza, HeaderFlaw> parse_ssh_ed25519(const Stanza& stanza);

/// The file key, or nothing if the tag names another key. A stanza that names this key and does not open is a flaw, as with age.
Result<std::optional<Secret>, HeaderFlaw> unwrap(const SshEd25519Identity& identity, const SshEd25519Stanza& stanza);

/// The wire form of RFC 8709: string "ssh-ed25519", string key.
std::array<unsigned char, 51> ssh_wire_form(const Bytes32& ed25519_key);

}  // namespace hushrun::age
