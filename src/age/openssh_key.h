#pragma once
// OpenSSH private key files (PROTOCOL.key of OpenSSH), as far as they hold one Ed25519 key without a passphrase.

#include <variant>

#include "age/ssh_ed25519.h"

namespace hushrun::age {

inline constexpr std::string_view kOpenSshBegin = "-----BEGIN OPENSSH PRIVATE KEY-----";
inline constexpr std::string_view kOpenSshEnd = "-----END OPENSSH PRIVATE KEY-----";
/// Largest file; an Ed25519 key takes 400 bytes, a 16384-bit RSA key 12 KB.
inline constexpr std::size_t kOpenSshLimit = 16 * 1024;

/// A key, or the name of a kind that is sound and cannot be used.
using OpenSshKey = std::variant<SshEd25519Identity, Unusable>;

/// Reads the file's whole text: BEGIN line, base64, END line; blanks around them are forgiven, as ssh-keygen(1) does.
Result<OpenSshKey, KeyFlaw> parse_openssh_key(std::string_view text);

}  // namespace hushrun::age
