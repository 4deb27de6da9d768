// What may be shown of text that people write: names and paths, unless they could be a key themselves.

#include "core/text.h"

#include <catch2/catch.hpp>
#include <string>
#include <tuple>

namespace hushrun {
namespace {

TEST_CASE("text shaped like a credential is told by its beginning or by its looks") {
  const auto [text, is_key] = GENERATE(table<std::string, bool>({
      {"sk-proj-abc", true},
      {"ghp_16C7e42F292c6912E7710c838347Ae178B4a", true},
      {"AKIAIOSFODNN7EXAMPLE", true},
      {"AGE-SECRET-KEY-1QQQQ", true},
      {"eyJhbGciOiJIUzI1NiJ9.e30.x", true},
      {"-----BEGIN PRIVATE KEY-----", true},
      {"0123456789abcdef0123456789abcdef", true},
      {"wJalrXUtnFEMIbPxRfiCYEXAMPLEKEY", true},
      {"prefix-0123456789abcdef01", true},
      {"db_password", false},
      {"tls.crt", false},
      {"ANTHROPIC_API_KEY", false},
      {"a-rather-long-name-of-several-words", false},
      {"2026-01-31", false},
      {"", false},
  }));
  CAPTURE(text);
  CHECK(could_be_a_key(text) == is_key);
}

TEST_CASE("a name is plainly one when it has a noun people use for secrets, and one case") {
  const auto [text, is_name] = GENERATE(table<std::string, bool>({
      {"db_password", true},
      {"anthropic-api-key", true},
      {"tls.crt", true},
      {"API_TOKEN", true},
      {"hunter2", false},
      {"correcthorsebatterystaple", false},
      {"correct-horse-battery", false},
      {"sk-token", false},
      {"db_passwörd", false},
      {"db password", false},
      {"0123456789abcdef0123456789abcdef_key", false},
      {"", false},
  }));
  CAPTURE(text);
  CHECK(is_plainly_a_name(text) == is_name);
}

TEST_CASE("what cannot be sure to be a name is shown as words") {
  CHECK(Public::name("db_password").view() == "db_password");
  CHECK(Public::name("hunter2").view() == "a secret");
  CHECK(Public::variable("DB_PASSWORD").view() == "DB_PASSWORD");
  CHECK(Public::variable("X").view() == "X");
  CHECK(Public::variable("AKIAIOSFODNN7EXAMPLE").view() == "a variable");
  CHECK(Public::variable("hunter").view() == "a variable");
  CHECK(Public::variable("NOT-ONE").view() == "a variable");
  CHECK(Public::variable("").view() == "a variable");
}

TEST_CASE("a path is shown but for components that could be a key, and control bytes are not") {
  CHECK(Public::path("/run/secrets/db_password").view() == "/run/secrets/db_password");
  CHECK(Public::path("conf.d/hushrun.yaml").view() == "conf.d/hushrun.yaml");
  CHECK(Public::path("/run/0123456789abcdef0123456789abcdef/x").view() == "/run/[not shown]/x");
  CHECK(Public::path("hunter2").view().find("hunter2") == std::string_view::npos);
  CHECK(Public::path("/a\n/b\x1b[31m\x7f").view() == "/a?/b?[31m?");
  CHECK(Public::vouched("a\tb\r\n").view() == "a?b??");
}

TEST_CASE("what is shown is UTF-8 without control characters") {
  const auto [text, shown] = GENERATE(table<std::string, std::string>({
      {"plain \xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "plain \xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"},
      {"\xc2\x9b" "31m", "?31m"},                // CSI in one character
      {"\xc2\xa0", "\xc2\xa0"},
      {"\x9b" "31m", "?31m"},                    // and as a bare byte
      {"\xff\xfe", "??"},
      {"\xc3", "?"},                            // cut off
      {"\xc3(", "?("},
      {"\xe2\x82", "??"},
      {"\xf0\x9f\x98", "???"},
      {"\xc0\xaf", "??"},                       // overlong
      {"\xe0\x80\xaf", "???"},
      {"\xf0\x80\x80\xaf", "????"},
      {"\xed\xa0\x80", "???"},                  // a surrogate
      {"\xf4\x90\x80\x80", "????"},             // beyond U+10FFFF
      {"\xf5\x80\x80\x80", "????"},
  }));
  CHECK(Public::vouched(text).view() == shown);
}

TEST_CASE("public text lives as long as the program and joins") {
  Public joined;
  {
    const std::string gone = "x" + std::to_string(12345);
    joined = Public::vouched(gone) + ":" + Public::number(7);
  }
  CHECK(joined.view() == "x12345:7");
  CHECK(Public{}.empty());
  CHECK(Literal{""}.empty());
}

}  // namespace
}  // namespace hushrun
