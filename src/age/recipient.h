#pragma once
// Recipients: whom a file is sealed to. Each wraps the file key in a stanza of its own.

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "age/scrypt.h"
#include "age/ssh_ed25519.h"
#include "age/x25519.h"

namespace hushrun::age {

struct X25519Recipient {
  Bytes32 point;
};

/// Seals by a passphrase. Always the only recipient of its file.
struct PassphraseRecipient {
  Passphrase passphrase;
  unsigned work_factor = kUsualWorkFactor;
};

using Recipient = std::variant<X25519Recipient, SshEd25519Recipient, PassphraseRecipient>;

/// What `-r` takes: `age1…` or an `ssh-ed25519 …` public key with or without a comment. Kinds that cannot be used are refused by name.
Result<Recipient, Failure> parse_recipient(std::string_view text);

/// What `-R` takes: a recipient a line, empty lines and `#` comments between them, LF or CR LF. A failure names the line. A kind that
/// cannot be used is a failure as well: leaving out a reader in silence would be worse.
Result<std::vector<Recipient>, Failure> parse_recipients(std::string_view text);

/// The stanza as it stands in a file, first line and body. Fails for a passphrase only, whose memory may not be there.
Result<std::string, Failure> stanza_for(const Recipient& recipient, const Secret& file_key);

/// A new identity.
X25519Identity generate_identity();
/// "AGE-SECRET-KEY-1…", in locked memory.
Secret identity_text(const X25519Identity& identity);
/// "age1…", the recipient that belongs to an identity.
std::string recipient_text(const Bytes32& point);

}  // namespace hushrun::age
