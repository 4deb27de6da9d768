#pragma once
// Why a sealed file, an identity or a recipient cannot be used. The classes stay apart, for each asks for another remedy.

#include <cstdint>

#include "core/error.h"

namespace hushrun::age {

/// What failed. Each has a fixed text and a stable word; words are never renamed, new ones may come.
enum class Failed : std::uint8_t {
  reading,      // the kernel's answer is in `why`
  writing,      // the same, for what was opened or sealed
  armor,        // the text around the file: BEGIN and END lines, base64
  header,       // not an age v1 file, or one whose header breaks the format
  no_match,     // whole, as far as can be seen, and sealed to somebody else
  hmac,         // the header was changed after sealing
  payload,      // the content was changed, cut off or prolonged
  too_large,    // more bytes than the caller wants to hold
  work_factor,  // the passphrase was made more expensive than the caller wants to pay
  memory,       // the passphrase needs memory which this process cannot take without being killed
  identity,     // the key text is not usable
  recipient,    // the recipient's text is not usable, or the recipients do not go together
};

struct HeaderFlaw {
  Literal why;
};
/// Why a key's text is none. Points at the rule, never quotes the text.
struct KeyFlaw {
  Literal why;
};

/// One failure. Nothing of the file, of a key or of a passphrase is in it: fixed words and sizes only.
struct Failure {
  Failure(Failed failed, Why reason);
  Failure(Failed failed, Why reason, Public remedy) : kind{failed}, why{reason}, fix{remedy} {}
  Failure(HeaderFlaw flaw) : Failure{Failed::header, flaw.why} {}  // NOLINT: a flaw of the header is a header failure

  Failed kind;
  Why why;
  Public fix;
};

/// "cannot open sealed file: its header is malformed" …
Literal what(Failed kind);
/// "sealed-header" …, for the log.
Literal word(Failed kind);

/// Keys that we know by name and cannot use: libsodium 1.0.18 has neither ML-KEM nor RSA nor bcrypt, and a plugin
/// is another program, which an image from scratch does not have.
enum class Unusable : std::uint8_t { post_quantum, hardware_tag, plugin, ssh_encrypted, ssh_rsa, ssh_other, pem };
Literal name(Unusable kind);
Literal fix(Unusable kind);

}  // namespace hushrun::age
