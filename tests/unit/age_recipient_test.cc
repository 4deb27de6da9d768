// Recipients: what is taken, what is refused by name, and the text of a new identity.

#include <catch2/catch.hpp>

#include <string>

#include "age/bech32.h"
#include "age_support.h"

using namespace hushrun;
using namespace hushrun::age;

namespace {

const std::string kRecipient = recipient_text(test_identities().x25519.front().recipient);

bool contains(Public text, std::string_view part) { return text.view().find(part) != std::string_view::npos; }

std::string recipient_with(View data) {
  const Secret text = bech32_encode("age", data, Case::lower);
  return text_of(text);
}

}  // namespace

TEST_CASE("a new identity's text is read back, and its recipient belongs to it") {
  const X25519Identity identity = generate_identity();
  const Secret text = identity_text(identity);
  CHECK(text.size() == 74);
  const auto parsed = parse_identities(text);
  REQUIRE(parsed);
  CHECK(parsed.value().x25519.at(0).recipient == identity.recipient);
  const auto recipient = parse_recipient(recipient_text(identity.recipient));
  REQUIRE(recipient);
  CHECK(std::get<X25519Recipient>(recipient.value()).point == identity.recipient);
  CHECK(generate_identity().recipient != identity.recipient);
}

TEST_CASE("recipients that cannot be used are refused by name, others by rule") {
  SshFile rsa;
  rsa.type = "ssh-rsa";
  SshFile off_curve;
  off_curve.point = std::string(31, '\xff') + "\x7f";
  SshFile wrong_type;
  wrong_type.type = "ssh-ed25518";
  const std::string wrong_blob = "ssh-ed25519 " + base64_encode(View{wrong_type.public_blob()}, Padding::required);
  std::string upper = kRecipient;
  for (char& c : upper) c = static_cast<char>(std::toupper(c));
  const auto [text, why] = GENERATE_COPY(table<std::string, std::string>({
      {"age1pq1" + std::string(1940, 'q'), "post-quantum"},
      {"age1tag1qqqq", "hardware"},
      {"age1tagpq1qqqq", "hardware"},
      {"age1yubikey1qqqq", "plugin"},
      {rsa.public_line(), "ssh-rsa"},
      {"ecdsa-sha2-nistp256 AAAA", "not Ed25519"},
      {"sk-ssh-ed25519@openssh.com AAAA", "not Ed25519"},
      {off_curve.public_line(), "curve"},
      {"ssh-ed25519 AAAA", "canonical"},
      {"ssh-ed25519 ", "canonical"},
      {wrong_blob, "not an Ed25519 key"},
      {upper, "small letters"},
      {std::string{kTestIdentity}, "identity"},
      {kRecipient.substr(0, 61), "checksum"},
      {recipient_with(std::string_view{"too short"}), "32 bytes"},
      {recipient_with(std::string(32, '\0')), "low order"},
      {"somebody", "neither"},
      {"", "neither"},
      {" " + kRecipient, "neither"},
  }));
  CAPTURE(text);
  const auto recipient = parse_recipient(text);
  REQUIRE_FALSE(recipient);
  CHECK(recipient.error().kind == Failed::recipient);
  CHECK(contains(recipient.error().why.words(), why));
  CHECK_FALSE(recipient.error().fix.empty());
}

TEST_CASE("a file of recipients has one a line, and its failures name the line") {
  const SshFile ssh;
  const auto good = parse_recipients("# team\n" + kRecipient + "\r\n\n" + ssh.public_line() + "\n");
  REQUIRE(good);
  CHECK(good.value().size() == 2);

  const auto bad = parse_recipients(kRecipient + "\nssh-rsa AAAA old\n");
  REQUIRE_FALSE(bad);
  CHECK(contains(bad.error().why.words(), "line 2"));
  CHECK(contains(bad.error().why.words(), "ssh-rsa"));
  CHECK_FALSE(parse_recipients("# nobody\n"));
  CHECK_FALSE(parse_recipients(""));
}

TEST_CASE("each of several recipients opens the file, and nobody else does") {
  const SshFile ssh;
  std::vector<Recipient> recipients = test_recipients();
  const X25519Identity second = generate_identity();
  recipients.emplace_back(X25519Recipient{second.recipient});
  recipients.push_back(std::move(parse_recipient(ssh.public_line())).value());
  const auto sealed = seal(std::string_view{"content"}, recipients, Form::binary);
  REQUIRE(sealed);
  CHECK(opened(sealed.value(), test_identities()));
  CHECK(opened(sealed.value(), std::move(parse_identities(identity_text(second))).value()));
  CHECK(opened(sealed.value(), std::move(parse_identities(secret(ssh.text()))).value()));
  SshFile other;
  other.seed = std::string(32, 'o');
  other.point = other.private_point = other.pair_point = SshFile::public_of(other.seed);
  const auto refused = opened(sealed.value(), std::move(parse_identities(secret(other.text()))).value());
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == Failed::no_match);
}

TEST_CASE("a passphrase is alone, and somebody has to be there") {
  std::vector<Recipient> recipients = test_recipients();
  recipients.emplace_back(PassphraseRecipient{*Passphrase::from(secret("p")), 4});
  const auto mixed = seal(std::string_view{"content"}, recipients, Form::binary);
  REQUIRE_FALSE(mixed);
  CHECK(mixed.error().kind == Failed::recipient);
  const auto nobody = seal(std::string_view{"content"}, {}, Form::binary);
  REQUIRE_FALSE(nobody);
  CHECK(nobody.error().kind == Failed::recipient);
}

TEST_CASE("a passphrase loses one line end and is never empty") {
  const auto [text, kept] = GENERATE(table<std::string, std::optional<std::string>>({
      {"p", "p"},
      {"p\n", "p"},
      {"p\r\n", "p"},
      {"p\n\n", "p\n"},
      {"p\r", "p\r"},
      {" p ", " p "},
      {"", std::nullopt},
      {"\n", std::nullopt},
      {"\r\n", std::nullopt},
  }));
  const auto passphrase = Passphrase::from(secret(text));
  REQUIRE(passphrase.has_value() == kept.has_value());
  if (kept) CHECK(text_of(passphrase->text()) == *kept);
}

TEST_CASE("nothing is sealed with memory that is not there") {
  const MemoryRoom room{1024 * 1024, 2 * 1024 * 1024, "the test's own bound"};
  const auto key = scrypt_wrapping_key(*Passphrase::from(secret("p")), Bytes16{}, 18, room);
  REQUIRE_FALSE(key);
  CHECK(key.error().kind == Failed::memory);
  CHECK(contains(key.error().why.words(), "256 MiB"));
  CHECK(contains(key.error().why.words(), "is 2 MiB"));
  CHECK(contains(key.error().why.words(), "1 MiB are left"));
}
