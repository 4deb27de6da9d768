// ejson: which strings are boxes, which stay, and that nothing comes out of a document of which one value does not open.

#include <catch2/catch.hpp>

#include <sodium.h>

#include <string>

#include "age/ejson.h"
#include "core/json.h"

using namespace hushrun;

namespace {

Secret secret(std::string_view text) { return Secret::of_public(text); }
std::string text_of(const Secret& value) { return {value.expose().data(), value.size()}; }

// A key pair and the boxes sealed to it, as `ejson encrypt` makes them: a sender's key of its own per value.
struct Sealer {
  Sealer() {
    REQUIRE(sodium_init() >= 0);
    crypto_box_keypair(public_key, private_key);
  }
  static std::string hex(const unsigned char* bytes, std::size_t size) {
    std::string text(2 * size + 1, '\0');
    sodium_bin2hex(text.data(), text.size(), bytes, size);
    text.pop_back();
    return text;
  }
  static std::string base64(const std::string& bytes) {
    std::string text(sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
    sodium_bin2base64(text.data(), text.size(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), sodium_base64_VARIANT_ORIGINAL);
    text.pop_back();
    return text;
  }
  std::string public_hex() const { return hex(public_key, sizeof public_key); }
  std::string private_hex() const { return hex(private_key, sizeof private_key); }

  std::string box(const std::string& value, char version = '1') const {
    unsigned char sender_public[32], sender_private[32];
    crypto_box_keypair(sender_public, sender_private);
    std::string nonce(24, '\0'), sealed(value.size() + 16, '\0');
    randombytes_buf(nonce.data(), nonce.size());
    REQUIRE(crypto_box_easy(reinterpret_cast<unsigned char*>(sealed.data()), reinterpret_cast<const unsigned char*>(value.data()), value.size(),
                            reinterpret_cast<const unsigned char*>(nonce.data()), public_key, sender_private) == 0);
    return std::string{"EJ["} + version + ":" + base64({reinterpret_cast<char*>(sender_public), 32}) + ":" + base64(nonce) + ":" + base64(sealed) + "]";
  }
  std::string document(const std::string& rest) const { return "{\n  \"_public_key\": \"" + public_hex() + "\"" + rest + "\n}\n"; }
  Result<Secret, ejson::Failure> open(const std::string& document) const { return ejson::open(secret(document), secret(private_hex() + "\n")); }

  unsigned char public_key[32], private_key[32];
};

const Sealer& sealer() {
  static const Sealer one;
  return one;
}

std::string quoted(const std::string& text) { return "\"" + text + "\""; }

}  // namespace

TEST_CASE("every box is opened, all else stays byte for byte") {
  const auto& s = sealer();
  const std::string open = s.document(",\n\"a\":\"one\", \"b\" : {\"c\":[\"two\",3,null,true , \"\"]},\n\t\"n\": -1.50e3, \"_clear\": \"as it is\", \"_deep\": {\"x\": \"three\"}");
  std::string sealed = open;
  for (const std::string value : {"one", "two", "three"}) sealed.replace(sealed.find(quoted(value)), value.size() + 2, quoted(s.box(value)));
  sealed.replace(sealed.find("\"\""), 2, quoted(s.box("")));
  const auto opened = s.open(sealed);
  REQUIRE(opened);
  CHECK(text_of(opened.value()) == open);
}

TEST_CASE("an opened value comes back as JSON, whatever it holds") {
  const auto& s = sealer();
  const auto value = GENERATE(values<std::string>({"", "a", "with \"quotes\" and \\", "two\nlines\r\n\ttab", std::string{"nul \0 inside", 12}, "caf\xc3\xa9 \xf0\x9f\x94\x91", std::string(100'000, 'x')}));
  const auto opened = s.open(s.document(",\"a\":" + quoted(s.box(value))));
  REQUIRE(opened);
  const auto again = json::select(opened.value(), "/a");
  REQUIRE(again);
  CHECK(text_of(again.value()) == value);
}

TEST_CASE("the last key before a string decides, at whatever depth, as in the reference") {
  const auto& s = sealer();
  // "b" follows the key "_c", though it is no part of its object.
  const auto opened = s.open(s.document(",\"list\":[" + quoted(s.box("a")) + ",{\"_c\":\"x\"},\"b\"]"));
  REQUIRE(opened);
  CHECK(text_of(opened.value()) == s.document(",\"list\":[\"a\",{\"_c\":\"x\"},\"b\"]"));
}

TEST_CASE("the version digit is not looked at, and an escaped slash is a slash") {
  const auto& s = sealer();
  std::string box = s.box(std::string(300, 'v'), '7');
  std::string escaped;
  for (char c : box) escaped += c == '/' ? "\\/" : std::string{c};
  const auto opened = s.open(s.document(",\"\\u005fa\":\"clear\",\"b\":" + quoted(escaped)));
  REQUIRE(opened);
  CHECK(text_of(opened.value()) == s.document(",\"\\u005fa\":\"clear\",\"b\":" + quoted(std::string(300, 'v'))));
}

TEST_CASE("a document that is none is refused with its class") {
  const auto& s = sealer();
  const std::string key = s.public_hex();
  const auto [document, kind] = GENERATE_COPY(table<std::string, ejson::Failed>({
      {"", ejson::Failed::document},
      {"{", ejson::Failed::document},
      {"{} x", ejson::Failed::document},
      {"{}", ejson::Failed::document},
      {"[]", ejson::Failed::document},
      {"\"" + key + "\"", ejson::Failed::document},
      {"{\"_public_key\": \"" + key.substr(1) + "\"}", ejson::Failed::document},
      {"{\"_public_key\": \"" + key + "0\"}", ejson::Failed::document},
      {"{\"_public_key\": \"" + key.substr(1) + "g\"}", ejson::Failed::document},
      {"{\"_public_key\": null}", ejson::Failed::document},
      {"{\"a\": {\"_public_key\": \"" + key + "\"}}", ejson::Failed::document},
      {"{\"_public_key\": \"" + key + "\", \"_public_key\": \"" + key + "\"}", ejson::Failed::document},
      {"{\"_public_key\": \"" + std::string(64, '0') + "\"}", ejson::Failed::no_match},
      {s.document(",\"a\":\"in clear\""), ejson::Failed::value},
      {s.document(",\"a\":\"\""), ejson::Failed::value},
      {s.document(",\"a\":\"EJ[1:]\""), ejson::Failed::value},
      {s.document(",\"a\":" + quoted(s.box("x") + " ")), ejson::Failed::value},
      {s.document(",\"a\":" + quoted("x" + s.box("x"))), ejson::Failed::value},
      {s.document(",\"a\":" + quoted(Sealer{}.box("x"))), ejson::Failed::forged},
      {s.document(",\"a\":" + quoted(s.box("\xff\xfe"))), ejson::Failed::value},
  }));
  CAPTURE(document);
  const auto opened = s.open(document);
  REQUIRE_FALSE(opened);
  CHECK(static_cast<int>(opened.error().kind) == static_cast<int>(kind));
  CHECK(opened.error().why.view().find("in clear") == std::string_view::npos);
}

TEST_CASE("a value in clear is named by its line, not by its text") {
  const auto& s = sealer();
  const auto opened = s.open(s.document(",\n\"a\": " + quoted(s.box("x")) + ",\n\n\"b\": \"canary\""));
  REQUIRE_FALSE(opened);
  CHECK(opened.error().why.view().starts_with("line 5: "));
  CHECK(opened.error().why.view().find("canary") == std::string_view::npos);
}

TEST_CASE("every changed character of a box is noticed") {
  const auto& s = sealer();
  const std::string box = s.box("value");
  for (std::size_t at = 0; at < box.size(); ++at) {
    if (at == 3) continue;  // the version digit
    std::string changed = box;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    CAPTURE(at);
    const auto opened = s.open(s.document(",\"a\":" + quoted(changed)));
    // The last bit of a sender's key is not used by X25519 (RFC 7748), and makes the same key.
    if (opened) CHECK(at == 5 + 42);
  }
  for (std::size_t size = 0; size < box.size(); ++size) CHECK_FALSE(s.open(s.document(",\"a\":" + quoted(box.substr(0, size)))));
}

TEST_CASE("a private key is 64 hexadecimal digits of either case, blanks around them forgiven") {
  const auto& s = sealer();
  const std::string key = s.private_hex();
  std::string upper = key;
  for (char& c : upper) c = static_cast<char>(std::toupper(c));
  const Secret document = secret(s.document(""));
  for (const std::string& good : {key, key + "\n", " " + key + "\r\n", upper}) CHECK(ejson::open(document, secret(good)));
  for (const std::string& bad : {std::string{}, key.substr(1), key + "0", key.substr(2) + "zz", key.substr(0, 32) + " " + key.substr(32)}) {
    const auto opened = ejson::open(document, secret(bad));
    REQUIRE_FALSE(opened);
    CHECK(opened.error().kind == ejson::Failed::key);
  }
  const auto other = ejson::open(document, secret(Sealer{}.private_hex()));
  REQUIRE_FALSE(other);
  CHECK(other.error().kind == ejson::Failed::no_match);
}

TEST_CASE("the public key names the key file, in small letters") {
  const auto& s = sealer();
  std::string upper = s.public_hex();
  for (char& c : upper) c = static_cast<char>(std::toupper(c));
  const auto name = ejson::public_key(secret("{\"_public_key\":\"" + upper + "\"}"));
  REQUIRE(name);
  CHECK(name.value() == s.public_hex());
}
