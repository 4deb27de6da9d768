#include "core/codec.h"

#include <sodium.h>

#include <algorithm>
#include <array>

namespace hushrun::codec {

Secret base64(const Secret& value) {
  const std::size_t room = sodium_base64_ENCODED_LEN(value.size(), sodium_base64_VARIANT_ORIGINAL);
  return Secret::filled_by(room, [&](char* out, std::size_t size) {
    const Exposed bytes = value.expose();
    sodium_bin2base64(out, size, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), sodium_base64_VARIANT_ORIGINAL);
    return size - 1;  // sodium counts a final NUL
  });
}

std::optional<Secret> base64_decoded(const Secret& text) {
  bool valid = false;
  Secret value = Secret::filled_by(text.size() / 4 * 3 + 3, [&](char* out, std::size_t size) -> std::size_t {
    const Exposed chars = text.expose();
    // libsodium 1.0.18 takes the bytes 0xab and 0xaf for `+` and `/`.
    if (std::any_of(chars.data(), chars.data() + chars.size(), [](char c) { return (static_cast<unsigned char>(c) & 0x80) != 0; })) return 0;
    std::size_t used = 0;
    valid = sodium_base642bin(reinterpret_cast<unsigned char*>(out), size, chars.data(), chars.size(), "\r\n", &used, nullptr,
                              sodium_base64_VARIANT_ORIGINAL) == 0;
    return valid ? used : 0;
  });
  if (!valid) return std::nullopt;
  return value;
}

std::optional<Secret> hex_decoded(const Secret& text) {
  bool valid = false;
  Secret value = Secret::filled_by(text.size() / 2 + 1, [&](char* out, std::size_t size) {
    const Exposed chars = text.expose();
    std::size_t used = 0;
    valid = sodium_hex2bin(reinterpret_cast<unsigned char*>(out), size, chars.data(), chars.size(), "\r\n", &used, nullptr) == 0;
    return valid ? used : 0;
  });
  if (!valid) return std::nullopt;
  return value;
}

std::string sha256(std::string_view text) {
  std::array<unsigned char, crypto_hash_sha256_BYTES> digest;
  crypto_hash_sha256(digest.data(), reinterpret_cast<const unsigned char*>(text.data()), text.size());
  std::string digits(digest.size() * 2 + 1, '\0');
  sodium_bin2hex(digits.data(), digits.size(), digest.data(), digest.size());
  digits.pop_back();
  return digits;
}

}  // namespace hushrun::codec
