#pragma once
// What the tests of the sealed-file format share: keys nobody uses, and readers that misbehave.

#include <string>
#include <string_view>

#include "age/open.h"
#include "age/seal.h"

namespace hushrun::age {

// The identity of the public test vectors, and its recipient.
inline constexpr std::string_view kTestIdentity = "AGE-SECRET-KEY-1EGTZVFFV20835NWYV6270LXYVK2VKNX2MMDKWYKLMGR48UAWX40Q2P2LM0";

inline Secret secret(std::string_view text) { return Secret::of_public(text); }
inline std::string text_of(const Secret& value) { return std::string{View{value}.text()}; }

inline Identities test_identities() {
  ready();
  return std::move(parse_identities(secret(kTestIdentity))).value();
}
inline Identities passphrase_identities(std::string_view text) {
  Identities identities;
  identities.passphrases.push_back(*Passphrase::from(secret(text)));
  return identities;
}
inline std::vector<Recipient> test_recipients() {
  std::vector<Recipient> recipients;
  recipients.emplace_back(X25519Recipient{test_identities().x25519.front().recipient});
  return recipients;
}
inline std::vector<Recipient> passphrase_recipients(std::string_view text, unsigned work_factor) {
  std::vector<Recipient> recipients;
  recipients.emplace_back(PassphraseRecipient{*Passphrase::from(secret(text)), work_factor});
  return recipients;
}

/// The parts of an OpenSSH private key file, sound until a test changes one.
struct SshFile {
  std::string seed = std::string(32, 's');
  std::string type = "ssh-ed25519", private_type = "ssh-ed25519";
  std::string point = public_of(seed), private_point = point, pair_point = point;
  std::string cipher = "none", derivation = "none", options;
  std::string check = "abcd", check_again = "abcd";
  std::string comment = "nobody@example", padding;
  std::uint32_t keys = 1;
  std::string after;

  static std::string public_of(const std::string& seed) {
    const Bytes32 point = ed25519_public(View{seed});
    return std::string{View{point}.text()};
  }
  static std::string number(std::size_t value) {
    std::string text(4, '\0');
    for (unsigned i = 0; i < 4; ++i) text[i] = static_cast<char>(value >> (24 - 8 * i));
    return text;
  }
  static std::string field(const std::string& bytes) { return number(bytes.size()) + bytes; }
  static std::string armored(const std::string& blob) {
    const std::string coded = base64_encode(View{blob}, Padding::required);
    std::string text = "-----BEGIN OPENSSH PRIVATE KEY-----\n";
    for (std::size_t at = 0; at < coded.size(); at += 70) text += coded.substr(at, 70) + "\n";
    return text + "-----END OPENSSH PRIVATE KEY-----\n";
  }

  std::string public_blob() const { return field(type) + field(point); }
  std::string public_line() const { return type + " " + base64_encode(View{public_blob()}, Padding::required) + " " + comment; }
  std::string blob() const {
    std::string section = check + check_again + field(private_type) + field(private_point) + field(seed + pair_point) + field(comment);
    if (padding.empty()) {
      for (char c = 1; section.size() % 8 != 0; ++c) section += c;
    }
    section += padding;
    return std::string{"openssh-key-v1\0", 15} + field(cipher) + field(derivation) + field(options) + number(keys) + field(public_blob()) +
           field(section) + after;
  }
  std::string text() const { return armored(blob()); }
};

/// Collects what is written.
class Collected final : public Writer {
 public:
  Result<void, Failure> write(const char* bytes, std::size_t size) override {
    text.append(bytes, size);
    return {};
  }
  std::string text;
};

/// Opens bytes in memory.
inline Result<Secret, Failure> opened(std::string_view sealed, const Identities& identities, const Limits& limits = {}) {
  MemoryReader reader{sealed};
  return open(reader, identities, limits);
}

/// A pipe: `start`, then `rest` for ever if there is any. Counts what is taken, and fails the test's patience after 64 MiB.
class Pipe final : public Reader {
 public:
  explicit Pipe(std::string start, std::string rest = "") : start_{std::move(start)}, rest_{std::move(rest)} {}
  Result<std::size_t, Failure> read(char* room, std::size_t size) override {
    if (taken > 64 * 1024 * 1024) return Failure{Failed::reading, "the reader takes without end"};
    std::size_t used = 0;
    while (used < size) {
      const bool first = taken < start_.size();
      if (!first && rest_.empty()) break;
      room[used++] = first ? start_[taken] : rest_[(taken - start_.size()) % rest_.size()];
      ++taken;
    }
    return used;
  }
  std::size_t taken = 0;

 private:
  std::string start_, rest_;
};

}  // namespace hushrun::age

namespace Catch {
template <>
struct StringMaker<hushrun::age::Failed> {
  static std::string convert(hushrun::age::Failed kind) { return std::string{hushrun::age::word(kind).view()}; }
};
}  // namespace Catch
