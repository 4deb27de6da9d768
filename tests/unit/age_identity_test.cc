// Identity files: age keys line by line, OpenSSH keys, sealed identity files, and kinds that are refused by name.

#include <catch2/catch.hpp>

#include <functional>
#include <string>

#include "age/bech32.h"
#include "age/openssh_key.h"
#include "age_support.h"

using namespace hushrun;
using namespace hushrun::age;

namespace {

const std::string kKey{kTestIdentity};
const std::string kPostQuantum = "AGE-SECRET-KEY-PQ-1HZLGZUPT4ETPKDEV8HSGFDCYZ4E522W0A7PU2LHT8EH9W6YLNC3SW78XKG";
const std::string kPlugin = "AGE-PLUGIN-YUBIKEY-1QQPQQQQQQQQQQQQQQQQQQQQ";

bool contains(Public text, std::string_view part) { return text.view().find(part) != std::string_view::npos; }

std::string other_point() { return SshFile::public_of(std::string(32, 't')); }

}  // namespace

TEST_CASE("every key of a file is read, comments and empty lines between them, LF or CR LF") {
  ready();
  const auto [text, keys] = GENERATE_COPY(table<std::string, std::size_t>({
      {kKey, 1},
      {kKey + "\n", 1},
      {kKey + "\r\n", 1},
      {"# created: today\n# public key: age1…\n" + kKey + "\n", 1},
      {"\n\n" + kKey + "\n\n#\n" + kKey + "\n", 2},
      {"# a\r\n" + kKey + "\r\n\r\n" + kKey, 2},
      {"# caf\xe9\n" + kKey, 1},  // Latin-1 in a comment harms nobody
  }));
  CAPTURE(text);
  const auto parsed = parse_identities(secret(text));
  REQUIRE(parsed);
  CHECK(parsed.value().x25519.size() == keys);
  CHECK(parsed.value().unusable.empty());
  CHECK(parsed.value().usable());
}

TEST_CASE("what is no key names its line and the rule, and never the text") {
  ready();
  const auto [text, line, why] = GENERATE_COPY(table<std::string, std::string, std::string>({
      {"", "", "no key"},
      {"# only a comment\n", "", "no key"},
      {"hunter2", "line 1", "neither"},
      {kKey + "\nhunter2\n", "line 2", "neither"},
      {"\n#\n\"" + kKey + "\"", "line 3", "quotes"},
      {"'" + kKey + "'", "line 1", "quotes"},
      {" " + kKey, "line 1", "blanks"},
      {kKey + " ", "line 1", "blanks"},
      {kKey + "\r", "", ""},
      {"age-secret-key-1egtzvffv20835nwyv6270lxyvk2vknx2mmdkwyklmgr48uawx40q2p2lm0", "line 1", "capitals"},
      {"AGE-SECRET-KEY-1egtz", "line 1", "mixed"},
      {kKey.substr(0, 70), "line 1", "checksum"},
      {kKey + "Q", "line 1", "checksum"},
      {"age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj", "line 1", "recipient"},
      {"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI", "line 1", "without .pub"},
      {"# comment first\n-----BEGIN OPENSSH PRIVATE KEY-----\n", "line 2", "alone"},
      {"\xef\xbb\xbf" + kKey, "", "byte order mark"},
      {"\xff\xfe" "A\0G\0", "", "UTF-16"},
      {std::string(kIdentityFileLimit, '#') + "#", "", "1 MiB"},
  }));
  CAPTURE(text.substr(0, 100));
  const auto parsed = parse_identities(secret(text));
  if (why.empty()) {
    // One CR at the end belongs to the line's end.
    CHECK(parsed);
    return;
  }
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error().kind == Failed::identity);
  CHECK(contains(parsed.error().why.words(), why));
  CHECK(contains(parsed.error().why.words(), line));
  CHECK_FALSE(contains(parsed.error().why.words(), "hunter2"));
  CHECK_FALSE(contains(parsed.error().why.words(), kKey.substr(20)));
}

TEST_CASE("a key of the right spelling and the wrong length is refused") {
  ready();
  const auto size = GENERATE(0U, 16U, 31U, 33U, 64U);
  const Secret text = bech32_encode("age-secret-key-", View{std::string(size, 'x')}, Case::upper);
  CHECK_FALSE(parse_identities(text));
}

TEST_CASE("keys that cannot be used are known by name: beside a usable one, and alone") {
  ready();
  SshFile rsa, ecdsa, encrypted;
  rsa.type = "ssh-rsa";
  ecdsa.type = "ecdsa-sha2-nistp256";
  encrypted.cipher = "aes256-ctr", encrypted.derivation = "bcrypt", encrypted.options = std::string(24, 'o');
  const auto [text, kind] = GENERATE_COPY(table<std::string, Unusable>({
      {kPostQuantum, Unusable::post_quantum},
      {kPlugin, Unusable::plugin},
      {encrypted.text(), Unusable::ssh_encrypted},
      {rsa.text(), Unusable::ssh_rsa},
      {ecdsa.text(), Unusable::ssh_other},
      {"-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n", Unusable::ssh_rsa},
      {"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", Unusable::pem},
  }));
  const auto alone = parse_identities(secret(text));
  REQUIRE(alone);
  CHECK_FALSE(alone.value().usable());
  REQUIRE(alone.value().unusable.size() == 1);
  CHECK(alone.value().unusable[0].kind == kind);
  CHECK_FALSE(name(kind).view().empty());
  CHECK_FALSE(fix(kind).view().empty());

  Identities both = test_identities();
  both.add(std::move(parse_identities(secret(text))).value());
  CHECK(both.usable());
  CHECK(both.unusable.size() == 1);
  const auto sealed = seal(std::string_view{"content"}, test_recipients(), Form::binary);
  REQUIRE(sealed);
  CHECK(opened(sealed.value(), both));
}

TEST_CASE("a line of a kind that cannot be used keeps its number") {
  ready();
  const auto parsed = parse_identities(secret(kKey + "\n# old\n" + kPlugin + "\n" + kPostQuantum + "\n"));
  REQUIRE(parsed);
  CHECK(parsed.value().x25519.size() == 1);
  REQUIRE(parsed.value().unusable.size() == 2);
  CHECK(parsed.value().unusable[0].line == 3);
  CHECK(parsed.value().unusable[1].line == 4);
}

TEST_CASE("an OpenSSH key is read, with CR LF, blanks around it, and a comment of any length") {
  ready();
  SshFile file;
  file.comment = std::string(GENERATE(0U, 1U, 2U, 3U, 4U, 5U, 6U, 7U, 8U, 300U), 'c');
  std::string crlf;
  for (char c : file.text()) crlf += c == '\n' ? "\r\n" : std::string{c};
  for (const std::string& text : {file.text(), crlf, file.text() + "\n\n", file.text().substr(0, file.text().size() - 1)}) {
    const auto parsed = parse_identities(secret(text));
    REQUIRE(parsed);
    REQUIRE(parsed.value().ssh.size() == 1);
    const auto recipient = parse_recipient(file.public_line());
    REQUIRE(recipient);
    CHECK(std::get<SshEd25519Recipient>(recipient.value()).tag == parsed.value().ssh[0].recipient.tag);
    CHECK(std::get<SshEd25519Recipient>(recipient.value()).point == parsed.value().ssh[0].recipient.point);
  }
}

TEST_CASE("an OpenSSH key that is not sound is refused") {
  ready();
  const auto change = GENERATE_COPY(values<std::function<void(SshFile&)>>({
      [](SshFile& f) { f.check_again = "abce"; },
      [](SshFile& f) { f.private_type = "ssh-rsa"; },
      [](SshFile& f) { f.private_point = other_point(); },
      [](SshFile& f) { f.pair_point = other_point(); },
      [](SshFile& f) { f.point = other_point(); },
      [](SshFile& f) { f.point = f.private_point = f.pair_point = other_point(); },  // the seed belongs to another key
      [](SshFile& f) { f.point += 'x'; },
      [](SshFile& f) { f.seed.pop_back(); },
      [](SshFile& f) { f.keys = 0; },
      [](SshFile& f) { f.keys = 2; },
      [](SshFile& f) { f.options = "x"; },
      [](SshFile& f) { f.after = "x"; },
      [](SshFile& f) { f.comment = "123456789012", f.padding = std::string{"\x01\x02\x04", 3}; },
      [](SshFile& f) { f.padding = "\x01"; },
      [](SshFile& f) { f.comment = "1234567", f.padding = "\x01\x02\x03\x04\x05\x06\x07\x08"; },
  }));
  SshFile file;
  change(file);
  const auto parsed = parse_identities(secret(file.text()));
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error().kind == Failed::identity);
}

TEST_CASE("an OpenSSH key that is cut off or changed is never taken for another") {
  ready();
  const SshFile file;
  const std::string blob = file.blob();
  for (std::size_t size = 0; size < blob.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(parse_openssh_key(SshFile::armored(blob.substr(0, size))));
  }
  const std::string text = file.text();
  for (std::size_t size = 0; size + 1 < text.size(); ++size) CHECK_FALSE(parse_openssh_key(std::string_view{text}.substr(0, size)));
  for (std::size_t at = 0; at < blob.size(); ++at) {
    CAPTURE(at);
    std::string changed = blob;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    const auto parsed = parse_openssh_key(SshFile::armored(changed));
    // Only the comment's letters are anybody's choice.
    const bool in_comment = blob.find(file.comment) <= at && at < blob.find(file.comment) + file.comment.size();
    if (in_comment) CHECK(parsed);
    else CHECK((!parsed || std::holds_alternative<Unusable>(parsed.value())));
  }
  CHECK_FALSE(parse_openssh_key(std::string{kOpenSshBegin} + std::string(kOpenSshLimit, 'A') + std::string{kOpenSshEnd}));
  CHECK_FALSE(parse_openssh_key("-----BEGIN OPENSSH PRIVATE KEY-----END OPENSSH PRIVATE KEY-----"));
}

TEST_CASE("an identity file sealed by a passphrase opens with it, binary and armored") {
  ready();
  const auto form = GENERATE(Form::binary, Form::armored);
  const auto sealed = seal("# mine\n" + kKey + "\n", passphrase_recipients("correct horse", 8), form);
  REQUIRE(sealed);
  CHECK(is_sealed_identity_file(secret(sealed.value())));
  const auto loaded = load_identities(secret(sealed.value()), passphrase_identities("correct horse"), {});
  REQUIRE(loaded);
  CHECK(loaded.value().x25519.size() == 1);

  const auto wrong = load_identities(secret(sealed.value()), passphrase_identities("wrong horse"), {});
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().kind == Failed::no_match);
  const auto none = load_identities(secret(sealed.value()), Identities{}, {});
  REQUIRE_FALSE(none);
  CHECK(none.error().kind == Failed::identity);
  CHECK(contains(none.error().why.words(), "passphrase"));

  const auto twice = seal(sealed.value(), passphrase_recipients("correct horse", 8), Form::binary);
  REQUIRE(twice);
  const auto nested = load_identities(secret(twice.value()), passphrase_identities("correct horse"), {});
  REQUIRE_FALSE(nested);
  CHECK(nested.error().kind == Failed::identity);
}

TEST_CASE("an identity file that is not sealed needs no passphrase") {
  CHECK(load_identities(secret(kKey), Identities{}, {}));
  CHECK(load_identities(secret(SshFile{}.text()), Identities{}, {}));
}
