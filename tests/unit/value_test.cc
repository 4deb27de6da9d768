// What happens to a value between its source and its target.

#include "plan/value.h"

#include <catch2/catch.hpp>
#include <string>

namespace hushrun {
namespace {

std::string text(const Secret& value) { return {value.expose().data(), value.size()}; }

Reference reference(const std::string& written) {
  auto parsed = parse_reference(written);
  REQUIRE(parsed);
  return std::move(parsed).value();
}

std::string applied(const std::string& written, const std::string& raw) {
  const Reference wanted = reference(written);
  auto part = pointed_part(wanted, Secret::of_public(raw));
  if (!part) return "(" + std::string{part.error().why.view()} + ")";
  auto value = filtered(wanted, std::move(part).value());
  return value ? text(value.value()) : "(" + std::string{value.error().why.view()} + ")";
}

TEST_CASE("newlines at the end are cut by policy") {
  const auto [raw, strip, strip_all] = GENERATE(table<std::string, std::string, std::string>({
      {"v", "v", "v"},
      {"v\n", "v", "v"},
      {"v\r\n", "v", "v"},
      {"v\n\n", "v\n", "v"},
      {"v\r\n\n", "v\r\n", "v"},
      {"v\r", "v\r", "v\r"},
      {"\nv", "\nv", "\nv"},
      {"v \n", "v ", "v "},
      {"\n", "", ""},
      {"\n\n\n", "\n\n", ""},
      {"", "", ""},
  }));
  CAPTURE(raw);
  const auto cut = [&, raw = raw](Newline policy) {
    Secret value = Secret::of_public(raw);
    cut_newlines(value, policy);
    return text(value);
  };
  CHECK(cut(Newline::strip) == strip);
  CHECK(cut(Newline::strip_all) == strip_all);
  CHECK(cut(Newline::keep) == raw);
}

TEST_CASE("pointers and filters work from left to right") {
  const auto [written, raw, value] = GENERATE(table<std::string, std::string, std::string>({
      {"x", "as it is\n", "as it is\n"},
      {"x|trim", " \t\r\n\f\vv v \n", "v v"},
      {"x|trim", " \n ", ""},
      {"x|base64", "foo", "Zm9v"},
      {"x|base64d", "Zm9v", "foo"},
      {"x|hexd", "666f6f", "foo"},
      {"x|base64|base64d", "any", "any"},
      {"x|urlencode", "a b/ä~-._", "a%20b%2F%C3%A4~-._"},
      {"x|urlencode", std::string("\0\xff", 2), "%00%FF"},
      {"x|json", "a\"b\n", R"("a\"b\n")"},
      {"x|trim|json", " a ", R"("a")"},
      {"x|json|trim", " a ", R"(" a ")"},
      {"x#/a", R"({"a": "v "})", "v "},
      {"x#/a|trim", R"({"a": "v "})", "v"},
      {"x#/a/1", R"({"a": [1, {"b": 2}]})", R"({"b": 2})"},
      {"x#/b", R"({"a": 1})", "(nothing is at its JSON pointer)"},
      {"x#/a", R"({"a": null})", "(null is at its JSON pointer)"},
      {"x#/a", "text", "(it is not a JSON document)"},
      {"x|base64d", "?", "(it is not base64 (standard alphabet, padded))"},
      {"x|hexd", "xyz", "(it is not hexadecimal)"},
      {"x|trim|hexd", " 66 ", "f"},
  }));
  CAPTURE(written);
  CHECK(applied(written, raw) == value);
}

TEST_CASE("what looks wrong about a value, and what does not") {
  const auto [value, why] = GENERATE(table<std::string, std::string>({
      {"", ""},
      {"v", ""},
      {"v v", ""},
      {"two\nlines", ""},
      {"it's", ""},
      {"\"a\" and \"b\"", ""},
      {"\"", ""},
      {"-----BEGIN X-----\nx\n-----END X-----", ""},
      {"v\n", "it ends with a second newline"},
      {"two\r\nlines", "it holds a carriage return (a file with Windows line ends?)"},
      {"\xef\xbb\xbfv", "it begins with a byte order mark"},
      {" v", "it has blanks around it"},
      {"v\t", "it has blanks around it"},
      {"\"v\"", "it has quotes around it"},
      {"'v'", "it has quotes around it"},
      {"''", "it has quotes around it"},
  }));
  CAPTURE(value);
  CHECK(suspicious_look(Secret::of_public(value)).view() == why);
}

TEST_CASE("expectations are judged by bytes and beginning") {
  const Secret value = Secret::of_public("hf_0123456");
  CHECK(unexpected(value, {}).empty());
  CHECK(unexpected(value, {"hf_", 10, 10}).empty());
  CHECK(!unexpected(value, {"sk-", {}, {}}).empty());
  CHECK(!unexpected(value, {"hf_01234567", {}, {}}).empty());
  CHECK(!unexpected(value, {"", 11, {}}).empty());
  CHECK(!unexpected(value, {"", {}, 9}).empty());
}

TEST_CASE("a NUL is seen wherever it is") {
  CHECK(!holds_nul(Secret::of_public("abc")));
  CHECK(holds_nul(Secret::of_public(std::string_view{"a\0c", 3})));
  CHECK(holds_nul(Secret::of_public(std::string_view{"ab\0", 3})));
}

}  // namespace
}  // namespace hushrun
