#pragma once
// The scrypt stanza: a file key for whoever knows a passphrase. Opening costs 2^logN KiB of memory, on purpose.

#include <optional>
#include <string>

#include "age/header.h"
#include "age/memory.h"

namespace hushrun::age {

inline constexpr std::string_view kScryptType = "scrypt";
inline constexpr std::string_view kScryptLabel = "age-encryption.org/v1/scrypt";

/// What age itself writes: 256 MiB, about half a second.
inline constexpr unsigned kUsualWorkFactor = 18;
/// Most we take: 1 GiB, some seconds. A file must not decide how long a start takes. (age 22, typage 20.)
inline constexpr unsigned kWorkFactorLimit = 20;

/// A passphrase, never empty.
class Passphrase {
 public:
  /// Cuts one line end (LF or CRLF), which editors and `echo` leave behind. Nothing if no byte remains.
  static std::optional<Passphrase> from(Secret text);
  const Secret& text() const { return text_; }

 private:
  explicit Passphrase(Secret text) : text_{std::move(text)} {}
  Secret text_;
};

struct ScryptStanza {
  Bytes16 salt;
  unsigned work_factor;  // logN
  Bytes32 body;
};

Result<ScryptStanza, HeaderFlaw> parse_scrypt(const Stanza& stanza);

/// The file key, or nothing if the passphrase is wrong. Looks at `work_factor_limit` and at `room` before a byte is spent: libsodium
/// fills the area at once, and in a cgroup that is too small the kernel kills instead of refusing.
Result<std::optional<Secret>, Failure> unwrap(const Passphrase& passphrase, const ScryptStanza& stanza, unsigned work_factor_limit,
                                              const MemoryRoom& room);

/// The key that wraps. Failed::memory if the memory is not to be had.
Result<Secret, Failure> scrypt_wrapping_key(const Passphrase& passphrase, const Bytes16& salt, unsigned work_factor, const MemoryRoom& room);

}  // namespace hushrun::age
