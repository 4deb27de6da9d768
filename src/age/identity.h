#pragma once
// Identities: the keys that open. An identity file holds age keys, one a line, or one OpenSSH key.

#include <vector>

#include "age/scrypt.h"
#include "age/ssh_ed25519.h"
#include "age/x25519.h"

namespace hushrun::age {

/// Largest identity file; ten thousand keys fit.
inline constexpr std::size_t kIdentityFileLimit = 1024 * 1024;

inline constexpr std::string_view kIdentityPrefix = "AGE-SECRET-KEY-";
inline constexpr std::string_view kRecipientPrefix = "age";

/// A key that was found and cannot be used: a warning beside a usable one, an error alone.
struct UnusableKey {
  Unusable kind;
  unsigned line;  // in its file, from 1
};

/// All keys at hand. In each list they keep the order in which they were given.
struct Identities {
  Identities() = default;
  Identities(Identities&&) = default;
  Identities& operator=(Identities&&) = default;
  Identities(const Identities&) = delete;
  Identities& operator=(const Identities&) = delete;

  void add(Identities&& more);
  /// True if there is a key or passphrase that can open something.
  bool usable() const { return !x25519.empty() || !ssh.empty() || !passphrases.empty(); }

  std::vector<X25519Identity> x25519;
  std::vector<SshEd25519Identity> ssh;
  std::vector<Passphrase> passphrases;
  std::vector<UnusableKey> unusable;
};

/// True if the text is an identity file that is itself sealed (by a passphrase): open it first.
bool is_sealed_identity_file(const Secret& text);

/// The keys of an identity file: one a line, empty lines and `#` comments between them, LF or CR LF; or one OpenSSH key.
///
/// Every line has to be understood, and one key has to be there, if only one that cannot be used. A failure names the line and
/// the rule (Failed::identity), never the text.
Result<Identities, Failure> parse_identities(const Secret& text);

}  // namespace hushrun::age
