#pragma once
// Base64 and hexadecimal text of secret bytes, through libsodium: constant time, straight into locked memory.

#include <optional>
#include <string>
#include <string_view>

#include "core/secret.h"

namespace hushrun::codec {

/// RFC 4648 §4, with padding.
Secret base64(const Secret& value);
/// Strict: canonical padding, no blanks but for line breaks (CR, LF) anywhere. Nothing if the text is not base64.
std::optional<Secret> base64_decoded(const Secret& text);
/// Either case, no separators but for line breaks. Nothing if the text is not hexadecimal.
std::optional<Secret> hex_decoded(const Secret& text);

/// SHA-256 (FIPS 180-4) of public text, in hexadecimal digits.
std::string sha256(std::string_view text);

}  // namespace hushrun::codec
