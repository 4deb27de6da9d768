// JSON: one value out of a secret document by its pointer, and text made safe for a line of JSON.

#include "core/json.h"

#include <catch2/catch.hpp>
#include <string>

namespace hushrun {
namespace {

std::string selected(const std::string& document, const char* pointer) {
  const auto found = json::select(Secret::of_public(document), pointer);
  if (found) return {found.value().expose().data(), found.value().expose().size()};
  switch (found.error()) {
    case json::Miss::not_json: return "(not JSON)";
    case json::Miss::not_there: return "(not there)";
    case json::Miss::null: return "(null)";
  }
  return "";
}

TEST_CASE("a pointer picks a value: a string as its text, anything else as it stands") {
  const std::string document =
      R"( {"user": "app", "port": 5432, "ratio": 1.50e2, "on": true, "none": null, "list": [ "a", {"x": "deep"}, [1, [2]] ],
          "nested" : { "a/b": "slash", "m~n": "tilde", "": "empty", "0": "zero", "q\"uote": "quoted" } , "text": "a\n\u00e4\ud83d\ude00" } )";
  const auto [pointer, value] = GENERATE(table<const char*, std::string>({
      {"/user", "app"},
      {"/port", "5432"},
      {"/ratio", "1.50e2"},
      {"/on", "true"},
      {"/none", "(null)"},
      {"/list", R"([ "a", {"x": "deep"}, [1, [2]] ])"},
      {"/list/0", "a"},
      {"/list/1", R"({"x": "deep"})"},
      {"/list/1/x", "deep"},
      {"/list/2/1", "[2]"},
      {"/list/2/1/0", "2"},
      {"/list/3", "(not there)"},
      {"/list/00", "(not there)"},
      {"/list/01", "(not there)"},
      {"/list/-1", "(not there)"},
      {"/list/-", "(not there)"},
      {"/list/x", "(not there)"},
      {"/nested/a~1b", "slash"},
      {"/nested/m~0n", "tilde"},
      {"/nested/", "empty"},
      {"/nested/0", "zero"},
      {"/nested/q\"uote", "quoted"},
      {"/text", "a\n\xc3\xa4\xf0\x9f\x98\x80"},
      {"/x", "(not there)"},
      {"/user/x", "(not there)"},
      {"/port/0", "(not there)"},
      {"/deep", "(not there)"},
      {"/nested/x", "(not there)"},
  }));
  CAPTURE(pointer);
  CHECK(selected(document, pointer) == value);
}

TEST_CASE("containers come whole, whatever stands around them") {
  CHECK(selected(R"({"a":{"b":[0,{"c":"x"}]},"z":[1,2],"y":5})", "/a") == R"({"b":[0,{"c":"x"}]})");
  CHECK(selected(R"({"a":{"b":[0,{"c":"x"}]},"z":[1,2],"y":5})", "/z") == "[1,2]");
  CHECK(selected(R"({"a":{}})", "/a") == "{}");
  CHECK(selected(R"([[],{}])", "/0") == "[]");
  CHECK(selected(" [1] ", "") == "[1]");
  CHECK(selected("\"text\"", "") == "text");
}

TEST_CASE("only whole documents of RFC 8259 are taken") {
  const auto document = GENERATE(as<std::string>(), "", "no json", "{\"a\": 1", "{\"a\": 1}}", "{'a': 1}", "{\"a\": 01}", "{\"a\": 1,}",
                                 "{\"a\": 1} x", "{\"a\": \"\xff\"}", "{\"a\": NaN}", "{\"a\" 1}", "// c\n{\"a\": 1}");
  CAPTURE(document);
  CHECK(selected(document, "/a") == "(not JSON)");
}

TEST_CASE("a NUL is no end") {
  CHECK(selected(std::string("{\"a\": 1}\0 x", 11), "/a") == "(not JSON)");
  CHECK(selected(std::string("\0{\"a\": 1}", 9), "/a") == "(not JSON)");
}

TEST_CASE("a member that comes twice on the way is no answer") {
  CHECK(selected(R"({"a": 1, "a": 2})", "/a") == "(not JSON)");
  CHECK(selected(R"({"a": {"b": 1}, "a": {"b": 2}})", "/a/b") == "(not JSON)");
  CHECK(selected(R"({"a": 1, "b": 2, "b": 3})", "/a") == "1");
}

TEST_CASE("nesting does not exhaust the stack") {
  constexpr std::size_t kDepth = 200'000;
  const std::string deep = std::string(kDepth, '[') + std::string(kDepth, ']');
  CHECK(selected(deep, "/0/0") == std::string(kDepth - 2, '[') + std::string(kDepth - 2, ']'));
}

TEST_CASE("the members of a document, in order") {
  const auto members = json::members(Secret::of_public(R"({"b": {"x": 1}, "a": [ {"y": 2} ], "c": null})"));
  REQUIRE(members);
  CHECK(members.value() == std::vector<std::string>{"b", "a", "c"});
  CHECK(!json::members(Secret::of_public("{")));
}

TEST_CASE("quoted text is a JSON string") {
  const auto [plain, quoted] = GENERATE(table<std::string, std::string>({
      {"", R"("")"},
      {"plain", R"("plain")"},
      {"a\"b\\c", R"("a\"b\\c")"},
      {"\n\r\t", R"("\n\r\t")"},
      {std::string("\x01\x1f\x7f\0", 4), R"("\u0001\u001f\u007f\u0000")"},
      {"\xc3\xa4/", "\"\xc3\xa4/\""},
  }));
  CHECK(json::quoted(plain) == quoted);
  const Secret secret = json::quoted(Secret::of_public(plain));
  CHECK(std::string(secret.expose().data(), secret.size()) == quoted);
}

}  // namespace
}  // namespace hushrun
