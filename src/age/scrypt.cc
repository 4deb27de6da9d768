#include "age/scrypt.h"

#include <algorithm>

namespace hushrun::age {
namespace {

Public mebibytes(std::uint64_t bytes) { return Public::number(bytes >> 20) + " MiB"; }

// Digits only, no leading zero. What does not fit a number is expensive all the same: 99.
std::optional<unsigned> parse_work_factor(std::string_view text) {
  if (text.empty() || text[0] == '0' || text.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  if (text.size() > 2) return 99;
  unsigned value = 0;
  for (char digit : text) value = value * 10 + static_cast<unsigned>(digit - '0');
  return value;
}

}  // namespace

std::optional<Passphrase> Passphrase::from(Secret text) {
  std::string_view chars = View{text}.text();
  if (chars.ends_with('\n')) {
    chars.remove_suffix(1);
    if (chars.ends_with('\r')) chars.remove_suffix(1);
  }
  if (chars.empty()) return std::nullopt;
  text.shrink(chars.size());
  return Passphrase{std::move(text)};
}

Result<ScryptStanza, HeaderFlaw> parse_scrypt(const Stanza& stanza) {
  if (stanza.arguments.size() != 2) return HeaderFlaw{"a scrypt stanza has not exactly two arguments"};
  const auto salt = base64_exactly<16>(stanza.arguments[0]);
  if (!salt) return HeaderFlaw{"a scrypt stanza's salt is not 16 bytes of canonical base64"};
  const auto work_factor = parse_work_factor(stanza.arguments[1]);
  if (!work_factor) return HeaderFlaw{"a scrypt stanza's work factor is not a positive decimal number"};
  const auto body = wrapped_key(stanza);
  if (!body) return HeaderFlaw{"a scrypt stanza's body is not 32 bytes"};
  return ScryptStanza{*salt, *work_factor, *body};
}

Result<Secret, Failure> scrypt_wrapping_key(const Passphrase& passphrase, const Bytes16& salt, unsigned work_factor, const MemoryRoom& room) {
  // RFC 7914: 128 · r · N bytes, here 2^logN KiB; the rest (blocks of 1 KiB) is what the slack is for.
  constexpr std::uint64_t kSlack = 256 * 1024;
  const std::uint64_t needed = std::uint64_t{1024} << work_factor;
  if (needed + kSlack > room.left) {
    return Failure{Failed::memory, "scrypt (work factor " + Public::number(work_factor) + ") needs " + mebibytes(needed) + "; " + Public{room.whose} +
                                       " is " + mebibytes(room.limit) + ", of which " + mebibytes(room.left) + " are left"};
  }
  std::array<unsigned char, kScryptLabel.size() + 16> full_salt;
  std::copy(kScryptLabel.begin(), kScryptLabel.end(), full_salt.begin());
  std::copy(salt.begin(), salt.end(), full_salt.begin() + kScryptLabel.size());
  std::optional<Secret> key = scrypt(passphrase.text(), full_salt, work_factor);
  if (!key) {
    return Failure{Failed::memory, "scrypt (work factor " + Public::number(work_factor) + ") needs " + mebibytes(needed) +
                                       ", and the kernel refused them"};
  }
  return std::move(*key);
}

Result<std::optional<Secret>, Failure> unwrap(const Passphrase& passphrase, const ScryptStanza& stanza, unsigned work_factor_limit,
                                              const MemoryRoom& room) {
  if (stanza.work_factor > work_factor_limit) {
    return Failure{Failed::work_factor, "the file asks for a work factor of " + Public::number(stanza.work_factor) + ", at most " +
                                            Public::number(work_factor_limit) + " is allowed (each step doubles time and memory)"};
  }
  return unwrap_file_key(TRY(scrypt_wrapping_key(passphrase, stanza.salt, stanza.work_factor, room)), stanza.body);
}

}  // namespace hushrun::age
