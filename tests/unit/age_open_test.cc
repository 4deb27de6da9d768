// Opening: every damage has its class, nothing comes out of a failure, and no file decides what is spent on it.

#include <catch2/catch.hpp>

#include <set>
#include <string>

#include "age/armor.h"
#include "age_support.h"

using namespace hushrun;
using namespace hushrun::age;

namespace {

const std::string kContent = "API_KEY=canary-2f6b1c\nOTHER=second line\n";

Limits small_limits() {
  Limits limits;
  limits.work_factor = 6;
  return limits;
}

bool contains(Public text, std::string_view part) { return text.view().find(part) != std::string_view::npos; }

// A small file of each kind of recipient, and who opens it.
struct Sample {
  std::string name, sealed;
  Identities identities;
};

Sample sample(const std::string& name) {
  const bool armored = name.ends_with("armored");
  const Form form = armored ? Form::armored : Form::binary;
  if (name.starts_with("x25519")) return {name, seal(kContent, test_recipients(), form).value(), test_identities()};
  if (name.starts_with("scrypt")) return {name, seal(kContent, passphrase_recipients("p", 4), form).value(), passphrase_identities("p")};
  const SshFile ssh;
  std::vector<Recipient> recipients;
  ready();
  recipients.push_back(std::move(parse_recipient(ssh.public_line())).value());
  return {name, seal(kContent, recipients, form).value(), std::move(parse_identities(secret(ssh.text()))).value()};
}

// What may be answered to a changed byte, by where it stands.
std::set<Failed> possible(const Sample& file, std::size_t at) {
  if (file.sealed.starts_with("-----")) return {Failed::armor, Failed::header, Failed::no_match, Failed::hmac, Failed::payload, Failed::work_factor};
  const std::size_t first = file.sealed.find("-> "), mac = file.sealed.find("\n--- ") + 1, payload = file.sealed.find('\n', mac) + 1;
  if (at < first) return {Failed::header};
  // A stanza of another type is somebody else's; one of ours that is malformed spoils the file.
  if (at < mac) return {Failed::header, Failed::no_match, Failed::work_factor};
  if (at < mac + 4) return {Failed::header};
  if (at < payload - 1) return {Failed::header, Failed::hmac};
  if (at < payload) return {Failed::header};
  return {Failed::payload};
}

const std::vector<std::string> kSamples = {"x25519", "scrypt", "ssh", "x25519 armored", "scrypt armored", "ssh armored"};

}  // namespace

TEST_CASE("every changed byte of a small file is noticed, in the right class, and nothing comes out") {
  const Sample file = sample(GENERATE(from_range(kSamples)));
  CAPTURE(file.name);
  REQUIRE(opened(file.sealed, file.identities, small_limits()));
  for (std::size_t at = 0; at < file.sealed.size(); ++at) {
    const std::set<Failed> expected = possible(file, at);
    for (const int change : {0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xff}) {
      std::string changed = file.sealed;
      changed[at] = static_cast<char>(changed[at] ^ change);
      MemoryReader reader{changed};
      Collected out;
      const auto answer = open_into(reader, file.identities, small_limits(), out);
      CAPTURE(at, change, static_cast<int>(file.sealed[at]));
      // A blank instead of the last line end is still armor.
      if (answer && at + 1 == changed.size()) continue;
      REQUIRE_FALSE(answer);
      CHECK(out.text.empty());
      if (!expected.contains(answer.error().kind)) CHECK(answer.error().kind == *expected.begin());
    }
  }
}

TEST_CASE("every truncation is noticed, and nothing comes out") {
  const Sample file = sample(GENERATE(from_range(kSamples)));
  const bool armored = file.sealed.starts_with("-----");
  const std::size_t payload = armored ? 0 : file.sealed.find('\n', file.sealed.find("\n--- ") + 1) + 1;
  for (std::size_t size = 0; size < file.sealed.size(); ++size) {
    CAPTURE(file.name, size);
    const std::string cut = file.sealed.substr(0, size);
    // The last line end of armor is optional.
    if (armored && size + 1 == file.sealed.size()) continue;
    const auto answer = opened(cut, file.identities, small_limits());
    REQUIRE_FALSE(answer);
    const Failed expected = size == 0 ? Failed::header : armored ? Failed::armor : size < payload + 16 ? Failed::header : Failed::payload;
    CHECK(answer.error().kind == expected);
    Pipe pipe{cut};
    Collected out;
    CHECK_FALSE(open_into(pipe, file.identities, small_limits(), out));
    CHECK(out.text.empty());
  }
}

TEST_CASE("a byte that follows the file is noticed") {
  const Sample file = sample(GENERATE(from_range(kSamples)));
  const auto answer = opened(file.sealed + "x", file.identities);
  REQUIRE_FALSE(answer);
  CHECK(answer.error().kind == (file.sealed.starts_with("-----") ? Failed::armor : Failed::payload));
}

TEST_CASE("a file sealed to others says to whom by kind, and what was tried") {
  const Sample file = sample("x25519");
  const auto wrong = opened(file.sealed, passphrase_identities("p"));
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().kind == Failed::no_match);
  CHECK(contains(wrong.error().why.words(), "1 age recipient (X25519)"));
  CHECK(contains(wrong.error().why.words(), "tried: 1 passphrase"));
  const auto nothing = opened(file.sealed, Identities{});
  REQUIRE_FALSE(nothing);
  CHECK(contains(nothing.error().why.words(), "tried: nothing"));

  const std::string mac = "--- " + std::string(43, 'A') + "\n";
  const std::string foreign = std::string{kVersionLine} + "-> mlkem768x25519 AA\n\n-> p256tag\n\n-> mlkem768p256tag\n\n-> ssh-rsa\n\n-> ssh-rsa\n\n-> sk-canary-type\n\n" + mac;
  const auto kinds = opened(foreign, test_identities());
  REQUIRE_FALSE(kinds);
  CHECK(kinds.error().kind == Failed::no_match);
  for (const char* part : {"1 post-quantum recipient", "1 hardware key", "1 post-quantum hardware key", "2 ssh-rsa keys", "1 recipient of an unknown kind"}) {
    CAPTURE(part);
    CHECK(contains(kinds.error().why.words(), part));
  }
  CHECK_FALSE(contains(kinds.error().why.words(), "canary"));
}

TEST_CASE("a passphrase's work factor is bounded, and both numbers are said") {
  const auto sealed = seal(kContent, passphrase_recipients("p", 7), Form::binary);
  REQUIRE(sealed);
  CHECK(opened(sealed.value(), passphrase_identities("p")));
  const auto refused = opened(sealed.value(), passphrase_identities("p"), small_limits());
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == Failed::work_factor);
  CHECK(contains(refused.error().why.words(), "factor of 7"));
  CHECK(contains(refused.error().why.words(), "at most 6"));
}

TEST_CASE("memory that is not there is not taken") {
  auto sealed = seal(kContent, passphrase_recipients("p", 10), Form::binary);
  REQUIRE(sealed);
  Limits limits;
  limits.memory = MemoryRoom{1024 * 1024, 64 * 1024 * 1024, "the test's own bound"};
  const auto refused = opened(sealed.value(), passphrase_identities("p"), limits);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == Failed::memory);
  CHECK(contains(refused.error().why.words(), "the test's own bound is 64 MiB, of which 1 MiB are left"));
  limits.memory->left = 2 * 1024 * 1024;
  CHECK(opened(sealed.value(), passphrase_identities("p"), limits));
}

TEST_CASE("the second of two passphrases opens, and an SSH key is tried after the age keys") {
  const Sample file = sample("scrypt");
  Identities both = passphrase_identities("wrong");
  both.add(passphrase_identities("p"));
  CHECK(opened(file.sealed, both));
  const Sample ssh = sample("ssh");
  Identities keys = test_identities();
  keys.add(std::move(parse_identities(secret(SshFile{}.text()))).value());
  CHECK(opened(ssh.sealed, keys));
}

TEST_CASE("a sealed file is at most as large as the launcher wants to hold, known size or pipe") {
  Limits limits;
  limits.sealed_size = 100'000;
  const std::string content(99'000, 'c');
  const auto sealed = seal(content, test_recipients(), GENERATE(Form::binary, Form::armored));
  REQUIRE(sealed);
  const bool fits = sealed.value().size() <= limits.sealed_size;
  CHECK(static_cast<bool>(opened(sealed.value(), test_identities(), limits)) == fits);
  Pipe pipe{sealed.value()};
  const auto piped = open(pipe, test_identities(), limits);
  CHECK(static_cast<bool>(piped) == fits);
  if (!fits) CHECK(piped.error().kind == Failed::too_large);
  if (fits) CHECK(text_of(piped.value()) == content);
  limits.sealed_size = sealed.value().size() - 1;
  const auto refused = opened(sealed.value(), test_identities(), limits);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == Failed::too_large);
}

TEST_CASE("a pipe without an end is given up within the bounds of what is read") {
  const auto [start, rest, kind, taken] = GENERATE(table<std::string, std::string, Failed, std::size_t>({
      {"", "garbage", Failed::header, 4096},
      {"", " ", Failed::header, 4096},
      {"", "-", Failed::armor, 16'384},
      {std::string{kVersionLine}, "x", Failed::header, 65'536},
      {std::string{kVersionLine} + "-> ", "x", Failed::header, 65'536},
      {std::string{kVersionLine}, "-> a\n\n", Failed::header, 65'536},
      {std::string{kVersionLine} + "-> a\n", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n", Failed::header, 4 * 1024 * 1024},
      {std::string{kArmorBegin} + "\n", "QUFB", Failed::armor, 16'384},
  }));
  CAPTURE(start, rest);
  Pipe pipe{start, rest};
  Collected out;
  const auto answer = open_into(pipe, test_identities(), {}, out);
  REQUIRE_FALSE(answer);
  CHECK(answer.error().kind == kind);
  CHECK(pipe.taken <= taken);

  Limits limits;
  limits.sealed_size = 1024 * 1024;
  Pipe again{start, rest};
  CHECK_FALSE(open(again, test_identities(), limits));
  CHECK(again.taken <= 4 * limits.sealed_size);
}

TEST_CASE("a file that is empty, or that cannot be read, is no age file") {
  const auto empty = opened("", test_identities());
  REQUIRE_FALSE(empty);
  CHECK(empty.error().kind == Failed::header);
  class Broken final : public Reader {
    Result<std::size_t, Failure> read(char*, std::size_t) override { return Failure{Failed::reading, Errno{5}}; }
  } broken;
  const auto unread = open(broken, test_identities(), {});
  REQUIRE_FALSE(unread);
  CHECK(unread.error().kind == Failed::reading);
}

TEST_CASE("what cannot be written ends the opening with the writer's failure") {
  class Full final : public Writer {
    Result<void, Failure> write(const char*, std::size_t) override { return Failure{Failed::writing, Errno{28}}; }
  } full;
  const Sample file = sample("x25519");
  MemoryReader reader{file.sealed};
  const auto answer = open_into(reader, file.identities, {}, full);
  REQUIRE_FALSE(answer);
  CHECK(answer.error().kind == Failed::writing);
  CHECK(contains(answer.error().why.words(), "ENOSPC"));
}

TEST_CASE("every failure has its own words") {
  std::set<std::string_view> words, texts;
  for (int i = 0; i <= static_cast<int>(Failed::recipient); ++i) {
    const auto kind = static_cast<Failed>(i);
    words.insert(word(kind).view());
    texts.insert(what(kind).view());
    CHECK_FALSE(Failure(kind, "why").fix.empty());
  }
  CHECK(words.size() == static_cast<std::size_t>(Failed::recipient) + 1);
  CHECK(texts.size() == words.size());
}
