#include "age/bech32.h"

#include <algorithm>

namespace hushrun::age {
namespace {

constexpr std::string_view kAlphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
constexpr std::size_t kChecksumSize = 6;

constexpr bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
constexpr bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
constexpr char lower(char c) { return is_upper(c) ? static_cast<char>(c + ('a' - 'A')) : c; }

// The checksum of BIP-173: a remainder over GF(32), fed 5 bits at a time.
class Checksum {
 public:
  explicit Checksum(std::string_view prefix) {
    for (char c : prefix) feed(static_cast<unsigned char>(lower(c)) >> 5);
    feed(0);
    for (char c : prefix) feed(static_cast<unsigned char>(lower(c)) & 31);
  }
  void feed(unsigned bits) {
    constexpr std::uint32_t kGenerator[] = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3};
    const std::uint32_t top = state_ >> 25;
    state_ = (state_ & 0x1ffffff) << 5 ^ bits;
    for (unsigned i = 0; i < 5; ++i) state_ ^= (top >> i & 1) != 0 ? kGenerator[i] : 0;
  }
  bool is_right() const { return state_ == 1; }
  // The six groups that make it right.
  std::uint32_t closing() {
    for (std::size_t i = 0; i < kChecksumSize; ++i) feed(0);
    return state_ ^ 1;
  }

 private:
  std::uint32_t state_ = 1;
};

}  // namespace

Result<Bech32, KeyFlaw> bech32_decode(std::string_view text) {
  if (std::any_of(text.begin(), text.end(), is_upper) && std::any_of(text.begin(), text.end(), is_lower)) {
    return KeyFlaw{"capital and small letters are mixed"};
  }
  const std::size_t separator = text.rfind('1');
  if (separator == std::string_view::npos || separator == 0) return KeyFlaw{"the separator \"1\" is missing"};
  const std::string_view prefix = text.substr(0, separator);
  const std::string_view coded = text.substr(separator + 1);
  if (std::any_of(prefix.begin(), prefix.end(), [](char c) { return c < 33 || c > 126; })) return KeyFlaw{"a character is not allowed there"};
  if (coded.size() < kChecksumSize) return KeyFlaw{"it is cut off"};

  Checksum checksum{prefix};
  std::uint32_t pending = 0;  // bits not yet written, the low `bits` of it
  unsigned bits = 0;
  bool alphabet = true;
  Secret data = Secret::filled_by((coded.size() - kChecksumSize) * 5 / 8, [&](char* room, std::size_t size) {
    std::size_t used = 0;
    for (std::size_t i = 0; i < coded.size(); ++i) {
      const std::size_t value = kAlphabet.find(lower(coded[i]));
      alphabet &= value != std::string_view::npos;
      checksum.feed(value & 31);
      if (i + kChecksumSize >= coded.size()) continue;
      pending = (pending << 5 | (value & 31)) & 0xfff;
      bits += 5;
      if (bits < 8) continue;
      bits -= 8;
      room[used++] = static_cast<char>(pending >> bits);
    }
    return std::min(used, size);
  });
  if (!alphabet) return KeyFlaw{"a character is not allowed there"};
  if (!checksum.is_right()) return KeyFlaw{"the checksum is wrong: a character was lost or changed"};
  if (bits >= 5 || (pending & ((1U << bits) - 1)) != 0) return KeyFlaw{"it has padding bits that are not zero"};
  return Bech32{prefix, std::move(data)};
}

Secret bech32_encode(std::string_view prefix, View data, Case letters) {
  const std::size_t groups = (data.size() * 8 + 4) / 5;
  return Secret::filled_by(prefix.size() + 1 + groups + kChecksumSize, [&](char* room, std::size_t size) {
    std::size_t used = prefix.copy(room, prefix.size());
    room[used++] = '1';
    Checksum checksum{prefix};
    const auto put = [&](unsigned group) {
      checksum.feed(group);
      room[used++] = kAlphabet[group];
    };
    std::uint32_t pending = 0;
    unsigned bits = 0;
    for (std::size_t i = 0; i < data.size(); ++i) {
      pending = (pending << 8 | data.data()[i]) & 0xfff;
      bits += 8;
      for (; bits >= 5; bits -= 5) put(pending >> (bits - 5) & 31);
    }
    if (bits > 0) put(pending << (5 - bits) & 31);
    const std::uint32_t closing = checksum.closing();
    for (unsigned i = 0; i < kChecksumSize; ++i) room[used++] = kAlphabet[closing >> (5 * (kChecksumSize - 1 - i)) & 31];
    if (letters == Case::upper) {
      std::transform(room, room + size, room, [](char c) { return is_lower(c) ? static_cast<char>(c - ('a' - 'A')) : c; });
    }
    return used;
  });
}

}  // namespace hushrun::age
