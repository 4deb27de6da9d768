#include "age/recipient.h"

#include <algorithm>

#include "age/bech32.h"
#include "age/identity.h"

namespace hushrun::age {
namespace {

constexpr std::size_t kColumns = 64;

Failure refused(Unusable kind) { return {Failed::recipient, Public{name(kind)}, Public{fix(kind)}}; }
Failure flawed(Literal why) { return {Failed::recipient, why}; }

Result<Recipient, Failure> parse_age(std::string_view text) {
  Result<Bech32, KeyFlaw> key = bech32_decode(text);
  if (!key) return flawed(key.error().why);
  if (key.value().prefix != kRecipientPrefix || key.value().data.size() != 32) return flawed("the key is not 32 bytes");
  X25519Recipient recipient;
  const View point = key.value().data;
  std::copy(point.data(), point.data() + point.size(), recipient.point.begin());
  // A point of low order would let everybody open the file.
  const Secret probe = random_secret(32);
  if (!x25519(probe, recipient.point)) return flawed("the key is of low order: whoever made it wants the file to be open to all");
  return Recipient{recipient};
}

// "ssh-ed25519 BASE64 comment": sshd(8), AUTHORIZED_KEYS FILE FORMAT, without options.
Result<Recipient, Failure> parse_ssh(std::string_view text) {
  text.remove_prefix(kSshEd25519Type.size() + 1);
  const auto wire = base64_decode(text.substr(0, text.find(' ')), Padding::required);
  if (!wire || wire->size() != 51) return flawed("the SSH key is not canonical base64 of an Ed25519 key");
  Bytes32 key;
  std::copy(wire->begin() + 19, wire->end(), reinterpret_cast<char*>(key.data()));
  if (View{*wire}.text() != View{ssh_wire_form(key)}.text()) return flawed("the SSH key is not an Ed25519 key");
  std::optional<SshEd25519Recipient> recipient = SshEd25519Recipient::from(key);
  if (!recipient) return flawed("the SSH key is not on the curve");
  return Recipient{std::move(*recipient)};
}

// "-> TYPE ARGUMENT..." and the body, one full line of 43 columns.
std::string written(std::string_view type, std::initializer_list<std::string> arguments, const Bytes32& body) {
  std::string text{"-> "};
  text += type;
  for (const std::string& argument : arguments) text.append(" ").append(argument);
  const std::string coded = base64_encode(body, Padding::none);
  static_assert((kWrappedSize * 4 + 2) / 3 < kColumns, "a shorter line ends a body");
  return text.append("\n").append(coded).append("\n");
}

// A one-time scalar, its public point, and what it shares with `point`. Neither parser lets a point of low order through.
struct Exchange {
  Secret ephemeral = random_secret(32);
  Bytes32 share = x25519_base(ephemeral);
};

std::string stanza(const X25519Recipient& recipient, const Secret& file_key) {
  const Exchange exchange;
  const Secret shared = *x25519(exchange.ephemeral, recipient.point);
  const Secret key = x25519_wrapping_key(shared, exchange.share, recipient.point, kX25519Label);
  return written(kX25519Type, {base64_encode(exchange.share, Padding::none)}, wrap_file_key(key, file_key));
}

std::string stanza(const SshEd25519Recipient& recipient, const Secret& file_key) {
  const Exchange exchange;
  const Secret plain = *x25519(exchange.ephemeral, recipient.point);
  const Secret shared = *x25519(recipient.tweak, plain);
  const Secret key = x25519_wrapping_key(shared, exchange.share, recipient.point, kSshEd25519Label);
  return written(kSshEd25519Type, {base64_encode(recipient.tag, Padding::none), base64_encode(exchange.share, Padding::none)},
                 wrap_file_key(key, file_key));
}

Result<std::string, Failure> stanza(const PassphraseRecipient& recipient, const Secret& file_key) {
  Bytes16 salt;
  random(salt.data(), salt.size());
  const Secret key = TRY(scrypt_wrapping_key(recipient.passphrase, salt, recipient.work_factor, memory_room()));
  return written(kScryptType, {base64_encode(salt, Padding::none), std::to_string(recipient.work_factor)}, wrap_file_key(key, file_key));
}

}  // namespace

Result<Recipient, Failure> parse_recipient(std::string_view text) {
  ready();
  // The longer of two that begin alike stands first.
  if (text.starts_with("age1pq1")) return refused(Unusable::post_quantum);
  if (text.starts_with("age1tag1") || text.starts_with("age1tagpq1")) return refused(Unusable::hardware_tag);
  if (text.starts_with("age1") && text.rfind('1') > 3) return refused(Unusable::plugin);
  if (text.starts_with("age1")) return parse_age(text);
  if (text.starts_with("ssh-ed25519 ")) return parse_ssh(text);
  if (text.starts_with("ssh-rsa ")) return refused(Unusable::ssh_rsa);
  if (text.starts_with("ssh-") || text.starts_with("ecdsa-") || text.starts_with("sk-")) return refused(Unusable::ssh_other);
  if (text.starts_with("AGE1")) return flawed("the recipient is not written in small letters");
  if (text.starts_with(kIdentityPrefix)) return flawed("this is an identity, which is secret; give its recipient (age1…) instead");
  return flawed("it is neither an age recipient nor an SSH key");
}

Result<std::vector<Recipient>, Failure> parse_recipients(std::string_view text) {
  std::vector<Recipient> found;
  unsigned number = 0;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    std::string_view line = text.substr(start, end - start);
    start = end + 1;
    ++number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || line.front() == '#') continue;
    Result<Recipient, Failure> recipient = parse_recipient(line);
    if (!recipient) {
      const Failure& failure = recipient.error();
      return Failure{failure.kind, "line " + Public::number(number) + ": " + failure.why.words(), failure.fix};
    }
    found.push_back(std::move(recipient).value());
  }
  if (found.empty()) return flawed("no recipient is in it");
  return found;
}

Result<std::string, Failure> stanza_for(const Recipient& recipient, const Secret& file_key) {
  return std::visit([&](const auto& kind) -> Result<std::string, Failure> { return stanza(kind, file_key); }, recipient);
}

X25519Identity generate_identity() {
  ready();
  return X25519Identity{random_secret(32)};
}

Secret identity_text(const X25519Identity& identity) { return bech32_encode("age-secret-key-", identity.scalar, Case::upper); }

std::string recipient_text(const Bytes32& point) {
  const Secret text = bech32_encode(kRecipientPrefix, point, Case::lower);
  return std::string{View{text}.text()};
}

}  // namespace hushrun::age
