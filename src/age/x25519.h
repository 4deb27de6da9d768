#pragma once
// The X25519 stanza: a file key for the holder of an age identity. Anonymous: it does not say whose it is.

#include <optional>

#include "age/header.h"

namespace hushrun::age {

inline constexpr std::string_view kX25519Type = "X25519";
inline constexpr std::string_view kX25519Label = "age-encryption.org/v1/X25519";

/// An age identity, with the recipient that belongs to it.
struct X25519Identity {
  explicit X25519Identity(Secret key) : scalar{std::move(key)}, recipient{x25519_base(scalar)} {}
  Secret scalar;
  Bytes32 recipient;
};

struct X25519Stanza {
  Bytes32 share;  // the sealer's one-time public point
  Bytes32 body;
};

/// A stanza of this type that breaks the format spoils the file, whomever it is for.
Result<X25519Stanza, HeaderFlaw> parse_x25519(const Stanza& stanza);

/// The file key, or nothing if the stanza is for somebody else. A share of low order is a flaw.
Result<std::optional<Secret>, HeaderFlaw> unwrap(const X25519Identity& identity, const X25519Stanza& stanza);

/// The key that wraps: HKDF of the shared point, bound to both public points.
Secret x25519_wrapping_key(const Secret& shared, const Bytes32& share, const Bytes32& recipient, std::string_view label);

}  // namespace hushrun::age
