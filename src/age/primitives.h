#pragma once
// The cryptography of the format, on libsodium: the only file of opening and sealing that includes <sodium.h>.
//
// Every key is a Secret from its first byte. Whoever uses these calls `ready()` once, for libsodium picks the
// fast code for this CPU there; a launcher without a sealed file never does.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/secret.h"

namespace hushrun::age {

using Bytes4 = std::array<unsigned char, 4>;
using Bytes16 = std::array<unsigned char, 16>;
using Bytes32 = std::array<unsigned char, 32>;

inline constexpr std::size_t kFileKeySize = 16;
inline constexpr std::size_t kTagSize = 16;  // Poly1305
/// A wrapped file key: the body of every stanza we open. Other sizes are refused before decryption, which ends
/// files made to open under many keys at once ("partitioning oracle").
inline constexpr std::size_t kWrappedSize = kFileKeySize + kTagSize;

/// Bytes a primitive reads, secret or not. Owns nothing; the one place where the format looks into Secrets.
class View {
 public:
  View(const unsigned char* data, std::size_t size) : data_{size > 0 ? data : &kNothing}, size_{size} {}
  View(const Secret& secret) : View{std::string_view{secret.expose().data(), secret.size()}} {}  // NOLINT: views convert
  View(const Secret&&) = delete;
  View(const std::string& text) : View{std::string_view{text}} {}  // NOLINT
  template <std::size_t N>
  View(const std::array<char, N>& bytes) : View{std::string_view{bytes.data(), N}} {}  // NOLINT
  View(std::string_view text) : View{reinterpret_cast<const unsigned char*>(text.data()), text.size()} {}  // NOLINT
  template <std::size_t N>
  View(const std::array<unsigned char, N>& bytes) : View{bytes.data(), N} {}  // NOLINT

  const unsigned char* data() const { return data_; }
  std::size_t size() const { return size_; }
  /// The same bytes as characters, to be cut into lines or compared with fixed words. Never to be kept or shown.
  std::string_view text() const { return {reinterpret_cast<const char*>(data_), size_}; }

 private:
  static constexpr unsigned char kNothing = 0;  // libsodium wants no null pointer, not even for no bytes
  const unsigned char* data_;
  std::size_t size_;
};

/// Once before anything below. Costs some microseconds the first time.
void ready();

// ── keys from keys ───────────────────────────────────────────────────────────────────────────────────────────────

/// HKDF-SHA-256 (RFC 5869), 32 bytes: one block of Expand is all the format ever takes.
Secret hkdf(View input, View salt, std::string_view info);
Bytes32 hmac(View key, View text);
bool equal_in_constant_time(const Bytes32& left, const Bytes32& right);

/// X25519 (RFC 7748) with a point of 32 bytes. Nothing if the point is of low order: the result would be known to everybody.
std::optional<Secret> x25519(const Secret& scalar, View point);
/// The public point of a scalar.
Bytes32 x25519_base(const Secret& scalar);
/// Montgomery form of an Ed25519 public key. Nothing if it is not on the curve, or of small order.
std::optional<Bytes32> x25519_from_ed25519(const Bytes32& point);
/// The X25519 scalar of an Ed25519 seed: SHA-512(seed), first half.
Secret x25519_from_seed(View seed);
/// The Ed25519 public key of a seed.
Bytes32 ed25519_public(View seed);

/// scrypt (RFC 7914) with r = 8, p = 1: 32 bytes, at the price of 2^log_n KiB. Nothing if the kernel refuses the memory.
std::optional<Secret> scrypt(View passphrase, View salt, unsigned log_n);

Bytes32 sha256(View bytes);

// ── authenticated encryption, ChaCha20-Poly1305 (RFC 8439) without associated data ──────────────────────────────────

using Nonce = std::array<unsigned char, 12>;

/// Opens `size` sealed bytes in place: the content is their first `size - kTagSize` bytes, after that. False if they are forged; then
/// they are left as they were. (libsodium would corrupt data silently if input and output overlapped otherwise.)
bool open_in_place(const Secret& key, const Nonce& nonce, unsigned char* bytes, std::size_t size);
/// True if open_in_place would open them. Less than half of its work.
bool is_authentic(const Secret& key, const Nonce& nonce, const unsigned char* bytes, std::size_t size);
/// Seals `size` bytes in place; `bytes` has room for kTagSize more.
void seal_in_place(const Secret& key, const Nonce& nonce, unsigned char* bytes, std::size_t size);

/// The file key out of a stanza's body, with the all-zero nonce. Nothing if it was not wrapped for this key.
std::optional<Secret> unwrap_file_key(const Secret& key, const Bytes32& body);
Bytes32 wrap_file_key(const Secret& key, const Secret& file_key);

// ── text and chance ──────────────────────────────────────────────────────────────────────────────────────────────

enum class Padding { none, required };
/// Strict RFC 4648 base64: canonical, no blanks, no line breaks. `room` takes 3 bytes for 4 characters, and gets what was decoded.
std::optional<std::size_t> base64_decode(std::string_view text, Padding padding, char* room, std::size_t size);
std::optional<std::string> base64_decode(std::string_view text, Padding padding);
/// Exactly N bytes, without padding.
template <std::size_t N>
std::optional<std::array<unsigned char, N>> base64_exactly(std::string_view text) {
  std::array<unsigned char, N + 3> room;
  if (text.size() != (N * 8 + 5) / 6) return std::nullopt;
  const auto used = base64_decode(text, Padding::none, reinterpret_cast<char*>(room.data()), room.size());
  if (!used || *used != N) return std::nullopt;
  std::array<unsigned char, N> bytes;
  for (std::size_t i = 0; i < N; ++i) bytes[i] = room[i];
  return bytes;
}
std::string base64_encode(View bytes, Padding padding);

/// Random bytes from the kernel.
void random(unsigned char* bytes, std::size_t size);
Secret random_secret(std::size_t size);

}  // namespace hushrun::age
