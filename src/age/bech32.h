#pragma once
// Bech32, the spelling of age keys: BIP-173 with checksum constant 1, and no limit on length.

#include <string>
#include <string_view>

#include "age/failure.h"
#include "age/primitives.h"

namespace hushrun::age {

struct Bech32 {
  std::string_view prefix;  // as written: a part of the text that was decoded
  Secret data;
};

/// Decodes `text`, which may lie in a Secret: nothing of it is copied outside locked memory.
///
/// All of one case, the last `1` separates, padding below 5 bits and zero. The prefix keeps its case: age writes
/// recipients in lower and identities in upper case only, and the caller compares.
Result<Bech32, KeyFlaw> bech32_decode(std::string_view text);

enum class Case { lower, upper };
/// `prefix` in lower case. The text is as secret as `data` is.
Secret bech32_encode(std::string_view prefix, View data, Case letters);

}  // namespace hushrun::age
