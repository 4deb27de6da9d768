#include "age/primitives.h"

#include <sodium.h>

#include <algorithm>
#include <cstring>

// What sodium_init() calls, and of it only what this format gains by: sodium_init() itself links every algorithm there is in every variant,
// 190 kB. Without these calls each algorithm has its portable implementation, which is right and slower. They are libsodium's own and
// in no header of its: a libsodium without them does not link.
extern "C" {
int _sodium_runtime_get_cpu_features();  // scrypt asks for it too
int _crypto_stream_chacha20_pick_best_implementation();
int _crypto_onetimeauth_poly1305_pick_best_implementation();
}

namespace hushrun::age {
namespace {

unsigned char* bytes_of(char* room) { return reinterpret_cast<unsigned char*>(room); }

// 32 bytes straight into locked memory.
template <class Fill>
Secret key_filled_by(Fill&& fill) {
  return Secret::filled_by(32, [&](char* room, std::size_t size) {
    fill(bytes_of(room));
    return size;
  });
}

// The same for a fill that may refuse.
template <class Fill>
std::optional<Secret> key_tried_by(Fill&& fill) {
  bool good = false;
  Secret key = key_filled_by([&](unsigned char* room) { good = fill(room); });
  if (!good) return std::nullopt;
  return key;
}

// HMAC over up to two pieces. The one-shot call of libsodium has a fixed key size.
void hmac_into(unsigned char* out, View key, View first, View second) {
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(&state, key.data(), key.size());
  crypto_auth_hmacsha256_update(&state, first.data(), first.size());
  crypto_auth_hmacsha256_update(&state, second.data(), second.size());
  crypto_auth_hmacsha256_final(&state, out);
  sodium_memzero(&state, sizeof state);
}

constexpr Nonce kZeroNonce{};

}  // namespace

void ready() {
  static bool done = false;
  if (done) return;
  done = true;
  _sodium_runtime_get_cpu_features();
  _crypto_stream_chacha20_pick_best_implementation();
  _crypto_onetimeauth_poly1305_pick_best_implementation();
}

Secret hkdf(View input, View salt, std::string_view info) {
  const Secret extracted = key_filled_by([&](unsigned char* room) { hmac_into(room, salt, input, std::string_view{}); });
  static constexpr unsigned char kFirstBlock = 1;
  return key_filled_by([&](unsigned char* room) { hmac_into(room, extracted, info, View{&kFirstBlock, 1}); });
}

Bytes32 hmac(View key, View text) {
  Bytes32 out;
  hmac_into(out.data(), key, text, std::string_view{});
  return out;
}

bool equal_in_constant_time(const Bytes32& left, const Bytes32& right) { return sodium_memcmp(left.data(), right.data(), left.size()) == 0; }

std::optional<Secret> x25519(const Secret& scalar, View point) {
  return key_tried_by([&](unsigned char* room) { return crypto_scalarmult(room, View{scalar}.data(), point.data()) == 0; });
}

Bytes32 x25519_base(const Secret& scalar) {
  Bytes32 out;
  crypto_scalarmult_base(out.data(), View{scalar}.data());
  return out;
}

std::optional<Bytes32> x25519_from_ed25519(const Bytes32& point) {
  Bytes32 out;
  if (crypto_sign_ed25519_pk_to_curve25519(out.data(), point.data()) != 0) return std::nullopt;
  return out;
}

Secret x25519_from_seed(View seed) {
  // Reads the first half of libsodium's 64-byte form only: the seed.
  return key_filled_by([&](unsigned char* room) { crypto_sign_ed25519_sk_to_curve25519(room, seed.data()); });
}

Bytes32 ed25519_public(View seed) {
  Bytes32 out;
  [[maybe_unused]] const Secret both = Secret::filled_by(crypto_sign_SECRETKEYBYTES, [&](char* room, std::size_t size) {
    crypto_sign_seed_keypair(out.data(), bytes_of(room), seed.data());
    return size;
  });
  return out;
}

std::optional<Secret> scrypt(View passphrase, View salt, unsigned log_n) {
  return key_tried_by([&](unsigned char* room) {
    return crypto_pwhash_scryptsalsa208sha256_ll(passphrase.data(), passphrase.size(), salt.data(), salt.size(), std::uint64_t{1} << log_n, 8, 1,
                                                 room, 32) == 0;
  });
}

Bytes32 sha256(View bytes) {
  Bytes32 out;
  crypto_hash_sha256(out.data(), bytes.data(), bytes.size());
  return out;
}

bool open_in_place(const Secret& key, const Nonce& nonce, unsigned char* bytes, std::size_t size) {
  if (size < kTagSize) return false;
  return crypto_aead_chacha20poly1305_ietf_decrypt_detached(bytes, nullptr, bytes, size - kTagSize, bytes + (size - kTagSize), nullptr, 0,
                                                            nonce.data(), View{key}.data()) == 0;
}

bool is_authentic(const Secret& key, const Nonce& nonce, const unsigned char* bytes, std::size_t size) {
  if (size < kTagSize) return false;
  // libsodium: with nowhere to put the message the tag is verified, and nothing else done.
  return crypto_aead_chacha20poly1305_ietf_decrypt_detached(nullptr, nullptr, bytes, size - kTagSize, bytes + (size - kTagSize), nullptr, 0,
                                                            nonce.data(), View{key}.data()) == 0;
}

void seal_in_place(const Secret& key, const Nonce& nonce, unsigned char* bytes, std::size_t size) {
  crypto_aead_chacha20poly1305_ietf_encrypt_detached(bytes, bytes + size, nullptr, bytes, size, nullptr, 0, nullptr, nonce.data(),
                                                     View{key}.data());
}

std::optional<Secret> unwrap_file_key(const Secret& key, const Bytes32& body) {
  bool good = false;
  Secret file_key = Secret::filled_by(kWrappedSize, [&](char* room, std::size_t size) {
    std::memcpy(room, body.data(), body.size());
    good = open_in_place(key, kZeroNonce, bytes_of(room), size);
    return kFileKeySize;
  });
  if (!good) return std::nullopt;
  return file_key;
}

Bytes32 wrap_file_key(const Secret& key, const Secret& file_key) {
  const Secret sealed = Secret::filled_by(kWrappedSize, [&](char* room, std::size_t size) {
    std::memcpy(room, View{file_key}.data(), kFileKeySize);
    seal_in_place(key, kZeroNonce, bytes_of(room), kFileKeySize);
    return size;
  });
  Bytes32 body;
  std::memcpy(body.data(), View{sealed}.data(), body.size());
  return body;
}

std::optional<std::size_t> base64_decode(std::string_view text, Padding padding, char* room, std::size_t size) {
  // libsodium 1.0.18 takes the bytes 0xAB and 0xAF for `+` and `/`: its comparison looks at the low byte of a negative char.
  if (std::any_of(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0x80) != 0; })) return std::nullopt;
  // Judged by the answer: the length is set even on error.
  const int variant = padding == Padding::none ? sodium_base64_VARIANT_ORIGINAL_NO_PADDING : sodium_base64_VARIANT_ORIGINAL;
  std::size_t used = 0;
  if (sodium_base642bin(bytes_of(room), size, text.data(), text.size(), nullptr, &used, nullptr, variant) != 0) return std::nullopt;
  return used;
}

std::optional<std::string> base64_decode(std::string_view text, Padding padding) {
  std::string bytes(text.size() / 4 * 3 + 3, '\0');
  const auto used = base64_decode(text, padding, bytes.data(), bytes.size());
  if (!used) return std::nullopt;
  bytes.resize(*used);
  return bytes;
}

std::string base64_encode(View bytes, Padding padding) {
  const int variant = padding == Padding::none ? sodium_base64_VARIANT_ORIGINAL_NO_PADDING : sodium_base64_VARIANT_ORIGINAL;
  std::string text(sodium_base64_encoded_len(bytes.size(), variant), '\0');
  sodium_bin2base64(text.data(), text.size(), bytes.data(), bytes.size(), variant);
  text.pop_back();  // sodium counts a final NUL
  return text;
}

void random(unsigned char* bytes, std::size_t size) { randombytes_buf(bytes, size); }

Secret random_secret(std::size_t size) {
  return Secret::filled_by(size, [](char* room, std::size_t all) {
    randombytes_buf(room, all);
    return all;
  });
}

}  // namespace hushrun::age
