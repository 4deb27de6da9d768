// What is inside a sealed file.

#include <catch2/catch.hpp>

#include "core/json.h"
#include "source/content.h"
#include "source_scratch.h"

using namespace hushrun;

namespace {

std::string value(const Result<Content, ContentError>& content, std::string_view wanted) {
  if (!content) return "(error)";
  for (const ContentEntry& entry : content.value().entries) {
    if (entry.name.text() == wanted) return text(entry.value);
  }
  return "(nothing)";
}

Result<Content, ContentError> yaml(std::string_view source) { return parse_content(Secret::of_public(source), ContentKind::yaml); }
Result<Content, ContentError> as_json(std::string_view source) { return parse_content(Secret::of_public(source), ContentKind::json); }

}  // namespace

TEST_CASE("the kind of content is told by the name of its file") {
  using Row = std::pair<std::string_view, std::optional<ContentKind>>;
  const auto [path, kind] = GENERATE(values<Row>({{"secrets.env.age", ContentKind::dotenv},
                                                  {"a.yaml/.env.age", ContentKind::dotenv},
                                                  {".env.production.age", ContentKind::dotenv},
                                                  {"/x/secrets.yaml.age", ContentKind::yaml},
                                                  {"secrets.yml.age", ContentKind::yaml},
                                                  {"secrets.json.age", ContentKind::json},
                                                  {"secrets.json.age.asc", ContentKind::json},
                                                  {"secrets.json", ContentKind::json},
                                                  {"secrets.age", std::nullopt},
                                                  {"a.env/secrets", std::nullopt}}));
  CHECK(content_kind_by_name(path) == kind);
}

TEST_CASE("or by looking") {
  using Row = std::pair<std::string_view, ContentKind>;
  const auto [source, kind] = GENERATE(values<Row>({{"", ContentKind::dotenv},
                                                    {"A=b", ContentKind::dotenv},
                                                    {"# a: b\n\n  export A=b: c\n", ContentKind::dotenv},
                                                    {"\xef\xbb\xbf" "A=b", ContentKind::dotenv},
                                                    {"a: b=c", ContentKind::yaml},
                                                    {"---\na: b", ContentKind::yaml},
                                                    {"a:\n  b: c", ContentKind::yaml},
                                                    {"\n {\"a\": 1}", ContentKind::json}}));
  CHECK(content_kind_by_looking(Secret::of_public(source)) == kind);
}

TEST_CASE("YAML: scalars are text as written, what is deeper is JSON") {
  const auto content = yaml("a: x y\nb: 0755\nc: 'q'\nd: ~\ne: [1, -2.5e3, 01, .5, true, True, null, ~, '1', \"\\\"\\n\"]\nf: {g: {h: i}}\nj: {}\nk: |\n  l\n  m\n");
  REQUIRE(content);
  CHECK(value(content, "a") == "x y");
  CHECK(value(content, "b") == "0755");
  CHECK(value(content, "c") == "q");
  CHECK(value(content, "d").empty());
  CHECK(value(content, "e") == R"([1,-2.5e3,"01",".5",true,"True",null,null,"1","\"\n"])");
  CHECK(value(content, "f") == R"({"g":{"h":"i"}})");
  CHECK(value(content, "j") == "{}");
  CHECK(value(content, "k") == "l\nm\n");
  CHECK(text(json::select(Secret::of_public(value(content, "f")), "/g/h").value()) == "i");
  CHECK(content.value().entries[2].line == 3);
}

TEST_CASE("JSON: strings are text, anything else is its JSON text") {
  const auto content = as_json(R"({"a": "x\"\u00e9", "b": 1.50, "c": {"d": [1, {"e": "f"}]}, "g": [], "h": null, "i": true, "": "no name", "a b": 1})");
  REQUIRE(content);
  CHECK(value(content, "a") == "x\"\xc3\xa9");
  CHECK(value(content, "b") == "1.50");
  CHECK(value(content, "c") == R"({"d": [1, {"e": "f"}]})");
  CHECK(value(content, "g") == "[]");
  CHECK(value(content, "h").empty());
  CHECK(value(content, "i") == "true");
  CHECK(content.value().unnamable == std::vector<std::string>{"", "a b"});
}

TEST_CASE("content that is none says where and why, without quoting it") {
  CHECK(yaml("- a").error().line == 1);
  CHECK(yaml("a: b\n c: d: e\n").error().line == 2);
  CHECK(yaml("a: 1\na: 2").error().line == 2);
  CHECK(!as_json("[1]"));
  CHECK(!as_json("\"a\""));
  CHECK(!as_json(R"({"a": 1, "a": 2})"));
  CHECK(!as_json(R"({"a": 1)"));
  CHECK(parse_content(Secret::of_public("A=1\nB"), ContentKind::dotenv).error().line == 2);
  CHECK(yaml("").value().entries.empty());
  CHECK(as_json("{}").value().entries.empty());
}

TEST_CASE("no more names than a source may have") {
  std::string many;
  for (std::size_t i = 0; i <= kNamesLimit; ++i) many += "k" + std::to_string(i) + ": v\n";
  CHECK(!yaml(many));
}

TEST_CASE("ejson: the names of its environment, and the rest") {
  const auto content = parse_ejson_content(Secret::of_public(
      R"({"_public_key": "00", "environment": {"A": "1", "_B": "2"}, "c": "3", "d": {"e": "4"}, "_f": "5"})"));
  CHECK(value(content, "A") == "1");
  CHECK(value(content, "_B") == "2");
  CHECK(value(content, "c") == "3");
  CHECK(value(content, "d") == R"({"e": "4"})");
  CHECK(value(content, "_public_key") == "(nothing)");
  CHECK(value(content, "environment") == "(nothing)");
  CHECK(!parse_ejson_content(Secret::of_public(R"({"environment": {"A": "1"}, "A": "2"})")));
}
