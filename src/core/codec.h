#pragma once
// Base64 and hexadecimal text of secret bytes, through libsodium: constant time, straight into locked memory.

#include <optional>

#include "core/secret.h"

namespace hushrun::codec {

/// RFC 4648 §4, with padding.
Secret base64(const Secret& value);
/// Strict: canonical padding, no blanks but for line breaks (CR, LF) anywhere. Nothing if the text is not base64.
std::optional<Secret> base64_decoded(const Secret& text);
/// Either case, no separators but for line breaks. Nothing if the text is not hexadecimal.
std::optional<Secret> hex_decoded(const Secret& text);

}  // namespace hushrun::codec
