#pragma once
// Opening a sealed file: identities + file → content, all of it or nothing.

#include "age/bytes.h"
#include "age/header.h"
#include "age/identity.h"
#include "age/stream.h"

namespace hushrun::age {

/// What may be spent on a file that somebody else made.
struct Limits {
  std::size_t sealed_size = 16 * 1024 * 1024;      // `open` only: this much is held in memory that cannot be swapped out
  unsigned work_factor = kWorkFactorLimit;
  std::optional<MemoryRoom> memory = std::nullopt;  // unset: looked up, and only when a passphrase has to be tried
};

using OpenPayload = Result<void, Failure>(const Secret& file_key, Reader& payload, Writer& content);

/// Opens a whole file into locked memory. Not a byte of content exists for the caller before the last one is verified.
Result<Secret, Failure> open(Reader& sealed, const Identities& identities, const Limits& limits);

/// Opens a file of any size in a buffer of fixed size; `sealed_size` bounds nothing here.
///
/// DANGER: `content` gets each chunk as it is verified, the end last. It has to be kept from everybody until this has answered
/// without a failure, and thrown away if it has not.
/// `payload` is how the payload is opened: here, or by more than one thread (open_in_parallel.h).
Result<void, Failure> open_into(Reader& sealed, const Identities& identities, const Limits& limits, Writer& content,
                                OpenPayload* payload = open_payload);

/// The keys of an identity file, which may be sealed itself: then the passphrases `at_hand` are tried on it.
/// A wrong passphrase is Failed::no_match, a missing one Failed::identity.
Result<Identities, Failure> load_identities(const Secret& text, const Identities& at_hand, const Limits& limits);

/// The stanzas of a header by kind, in words without anything of the file: "2 age recipients (X25519), 1 ssh-rsa key".
Public stanzas_in_words(const Header& header);

}  // namespace hushrun::age
