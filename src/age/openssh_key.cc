#include "age/openssh_key.h"

#include <algorithm>

#include "core/codec.h"

namespace hushrun::age {
namespace {

constexpr std::string_view kMagic{"openssh-key-v1\0", 15};
constexpr std::size_t kBlockSize = 8;  // of the private section, when it is not encrypted

// Takes fields off a blob: RFC 4251 numbers (big-endian) and strings (a number, then so many bytes).
class Fields {
 public:
  explicit Fields(std::string_view blob) : rest_{blob} {}

  std::optional<std::string_view> bytes(std::size_t size) {
    if (size > rest_.size()) return std::nullopt;
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  std::optional<std::uint32_t> number() {
    const auto four = bytes(4);
    if (!four) return std::nullopt;
    std::uint32_t value = 0;
    for (char c : *four) value = value << 8 | static_cast<unsigned char>(c);
    return value;
  }
  std::optional<std::string_view> string() {
    const auto size = number();
    if (!size) return std::nullopt;
    return bytes(*size);
  }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

constexpr bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

Secret copied(std::string_view bytes) {
  return Secret::filled_by(bytes.size(), [&](char* room, std::size_t size) { return bytes.copy(room, size); });
}

Unusable kind_of(std::string_view type) { return type == "ssh-rsa" ? Unusable::ssh_rsa : Unusable::ssh_other; }

bool is_padding(std::string_view bytes) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (static_cast<unsigned char>(bytes[i]) != i + 1) return false;
  }
  return bytes.size() < kBlockSize;
}

// The section with the secret: check number twice, type, public key, seed and public key, comment, padding.
Result<OpenSshKey, KeyFlaw> parse_private_section(std::string_view section, std::string_view public_key) {
  Fields fields{section};
  const auto check = fields.number(), check_again = fields.number();
  if (!check_again || check != check_again) return KeyFlaw{"the two check numbers differ"};
  const auto type = fields.string();
  if (type != kSshEd25519Type) return KeyFlaw{"the private key is of another type than the public key"};
  const auto key = fields.string();
  const auto pair = fields.string();
  const auto comment = fields.string();
  if (!key || key->size() != 32 || !pair || pair->size() != 64 || !comment) return KeyFlaw{"the private key is cut off"};
  if (*key != public_key || pair->substr(32) != public_key) return KeyFlaw{"the public key is not the same in all places"};
  if (section.size() % kBlockSize != 0 || !is_padding(fields.rest())) return KeyFlaw{"the padding is wrong"};

  const View seed = pair->substr(0, 32);
  Bytes32 point;
  std::copy(public_key.begin(), public_key.end(), reinterpret_cast<char*>(point.data()));
  if (ed25519_public(seed) != point) return KeyFlaw{"the private key does not belong to the public key"};
  std::optional<SshEd25519Identity> identity = SshEd25519Identity::from(seed, point);
  if (!identity) return KeyFlaw{"the public key is not on the curve"};
  return OpenSshKey{std::move(*identity)};
}

Result<OpenSshKey, KeyFlaw> parse_blob(std::string_view blob) {
  Fields fields{blob};
  if (fields.bytes(kMagic.size()) != kMagic) return KeyFlaw{"it does not begin as OpenSSH keys do"};
  const auto cipher = fields.string(), derivation = fields.string(), options = fields.string();
  const auto keys = fields.number();
  const auto public_part = fields.string();
  if (!cipher || !derivation || !options || !keys || !public_part) return KeyFlaw{"the key is cut off"};
  if (*keys != 1) return KeyFlaw{"it holds more or less than one key"};

  Fields of_public{*public_part};
  const auto type = of_public.string();
  if (!type) return KeyFlaw{"the public key is cut off"};
  // The type comes first: taking the passphrase off an RSA key would not make it usable.
  if (*type != kSshEd25519Type) return OpenSshKey{kind_of(*type)};
  const auto public_key = of_public.string();
  if (!public_key || public_key->size() != 32 || !of_public.rest().empty()) return KeyFlaw{"the public key is not 32 bytes"};
  if (*cipher != "none" || *derivation != "none") return OpenSshKey{Unusable::ssh_encrypted};
  if (!options->empty()) return KeyFlaw{"it names no cipher and gives options for one"};

  const auto section = fields.string();
  if (!section) return KeyFlaw{"the private key is cut off"};
  if (!fields.rest().empty()) return KeyFlaw{"bytes follow the private key"};
  return parse_private_section(*section, *public_key);
}

}  // namespace

Result<OpenSshKey, KeyFlaw> parse_openssh_key(std::string_view text) {
  if (text.size() > kOpenSshLimit) return KeyFlaw{"it is larger than 16 KiB"};
  text = trimmed(text);
  if (!text.starts_with(kOpenSshBegin)) return KeyFlaw{"the BEGIN line is missing"};
  if (!text.ends_with(kOpenSshEnd) || text.size() < kOpenSshBegin.size() + kOpenSshEnd.size()) return KeyFlaw{"the END line is missing"};
  text.remove_prefix(kOpenSshBegin.size());
  text.remove_suffix(kOpenSshEnd.size());
  const std::optional<Secret> blob = codec::base64_decoded(copied(text));
  if (!blob) return KeyFlaw{"what stands between BEGIN and END is not base64"};
  return parse_blob(View{*blob}.text());
}

}  // namespace hushrun::age
