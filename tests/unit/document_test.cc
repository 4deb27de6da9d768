#include <catch2/catch.hpp>

#include "config/document.h"

namespace hushrun {
namespace {

constexpr DocumentLimits kLimits = {1024 * 1024, 10'000, 20};

Result<Node, DocumentError> parsed(std::string_view text, Aliases aliases = Aliases::refused) {
  return parse_document(text, aliases, kLimits);
}

// The tree in one line: ~ for null, quotes where it is not plain.
std::string flat(const Node& node) {
  std::string out;
  switch (node.kind) {
    case Node::Kind::null: return "~";
    case Node::Kind::scalar: return node.plain ? node.scalar : "\"" + node.scalar + "\"";
    case Node::Kind::list:
      for (const Node& item : node.items) out.append(out.empty() ? "" : ",").append(flat(item));
      return "[" + out + "]";
    case Node::Kind::map:
      for (const auto& entry : node.entries)
        out.append(out.empty() ? "" : ",").append(entry.key).append(":").append(flat(entry.value));
      return "{" + out + "}";
  }
  return out;
}

TEST_CASE("YAML becomes a tree") {
  const auto [text, tree, why] = GENERATE(table<std::string, std::string, std::string>({
      {"", "~", "nothing"},
      {"# a comment\n", "~", "nothing but a comment"},
      {"a: 1\nb: 'x'\n", "{a:1,b:\"x\"}", "a map, plain and quoted"},
      {"a: [x, \"1\", true]", "{a:[x,\"1\",true]}", "a flow list"},
      {"{a: {b: c}}", "{a:{b:c}}", "flow maps"},
      {"a:\n- x\n- b: c\n  d: e\n", "{a:[x,{b:c,d:e}]}", "lists of maps, not indented"},
      {"a: ~\nb: null\nc:\nd: ''\n", "{a:~,b:~,c:~,d:\"\"}", "nulls, and the empty text that is none"},
      {"a: '~'\nb: \"null\"\n", "{a:\"~\",b:\"null\"}", "quoted they are text"},
      {"a: |\n  x\n  y\nb: >-\n  x\n  y\n", "{a:\"x\ny\n\",b:\"x y\"}", "block text"},
      {"a: |\n  x\n", "{a:\"x\n\"}", "the newline at the end of block text"},
      {"a: |\n  x", "{a:\"x\"}", "which is there only if it is there"},
      {"a: |+\n  x\n\n", "{a:\"x\n\n\"}", "all of them, if asked to"},
      {"a: |-\n  x\n\n", "{a:\"x\"}", "or none"},
      {"a: |\n  x\n  ", "{a:\"x\n\"}", "blanks behind it"},
      {"a: \"\\u00fc\\x41\"", "{a:\"\xc3\xbc" "A\"}", "escapes"},
      {"a: ''\nb: \"\"", "{a:\"\",b:\"\"}", "an empty text at the end"},
      {"a: x\r\nb: y\r\n", "{a:x,b:y}", "CRLF"},
      {"\xef\xbb\xbf" "a: x\n", "{a:x}", "a BOM in front"},
      {"---\na: x\n...\n", "{a:x}", "marks around one document"},
      {"%YAML 1.2\n---\na: x\n", "{a:x}", "with a directive"},
      {"a: !!str 1\nb: !!int 1\nc: !!null ''\nd: !!map {}\ne: !!seq []", "{a:\"1\",b:1,c:~,d:{},e:[]}", "tags of the core schema"},
      {"a: x # comment\nb: x#no\n", "{a:x,b:x#no}", "comments begin after a blank"},
      {"a: rds#/password|urlencode\n", "{a:rds#/password|urlencode}", "a reference needs no quotes"},
      {"1: x\ntrue: y\n", "{1:x,true:y}", "a key is text"},
      {"\t# comment\na: x\n", "{a:x}", "a tab before a comment"},
      {"a: \"x\n  y\"\n", "{a:\"x y\"}", "a quote over two lines"},
      {"? a\n: b\n", "{a:b}", "the long way to write a key"},
      {"a:\nb:", "{a:~,b:~}", "nothing behind a colon, at the end of the text"},
      {"a:\nb: # comment", "{a:~,b:~}", "the same with a comment"},
  }));
  CAPTURE(text, why);
  const auto document = parsed(text);
  if (!document) FAIL_CHECK(document.error().why.view());
  else CHECK(flat(document.value()) == tree);
}

TEST_CASE("what is not one plain document is an error with a position") {
  const auto [text, line, column, why] = GENERATE(table<std::string, unsigned, unsigned, std::string>({
      {"a: x\na: y\n", 2, 1, "the same key twice in one map"},
      {"b: {a: x, c: 1, a: y}\n", 1, 17, "the same key twice in one map"},
      {"a: x\n\"a\": y\n", 2, 1, "the same key twice in one map"},
      {"a: x\n---\nb: y\n", 2, 1, "a second document"},
      {"a: x\n...\n---\n...\n", 3, 1, "a second document"},
      {std::string("a: x\0y", 6), 1, 5, "a NUL has no place in YAML"},
      {"a: \"x\\0y\"", 1, 4, "a NUL has no place here"},
      {"a: \"x\\Ny\"", 1, 4, "an escape that is not supported: \\N or \\_"},
      {"a: x\x04y", 1, 5, "a control character has no place in YAML"},
      {"a: \x1b[31m", 1, 4, "a control character has no place in YAML"},
      {"a: x\rb: y\n", 1, 5, "a control character has no place in YAML"},
      {"a: \xff", 1, 4, "the text is not UTF-8"},
      {"a: \xc0\xaf", 1, 4, "the text is not UTF-8"},
      {"a: \xed\xa0\x80", 1, 4, "the text is not UTF-8"},
      {"a: \xe2\x82", 1, 4, "the text is not UTF-8"},
      {"\xff\xfe" "a\0:\0", 1, 1, "the text is not UTF-8"},
      {"a: !!binary aGk=", 1, 4, "a tag that is not of the YAML core schema"},
      {"a: !foo x", 1, 4, "a tag that is not of the YAML core schema"},
      {"a: !!set {x}", 1, 4, "a tag that is not of the YAML core schema"},
      {"a: !!python/object x", 1, 4, "a tag that is not of the YAML core schema"},
      {"a: &x 1\nb: *x\n", 1, 4, "anchors and aliases are not part of this file"},
      {"a: &x [1]\n", 1, 4, "anchors and aliases are not part of this file"},
      {"a: *x\n", 1, 4, "an alias of an anchor that is not there"},
      {"a: **bold**\n", 1, 4, "an alias of an anchor that is not there"},
      {"a: * x\n", 1, 5, "a * without a name"},
      {"[a]: x\n", 1, 1, "a list or map in a key's place"},
      {": x\n", 1, 1, "a key is missing"},
      {"~: x\n", 1, 1, "a key is missing"},
      {"a:\n\t- x\n", 0, 0, ""},
      {"a: b: c\n", 1, 5, "a colon and a blank where no key can be"},
      {"a: [x\n", 2, 1, "a [ is not closed, or a comma is missing"},
      {"a: {x: y\n", 2, 1, "a { is not closed, or a comma is missing"},
      {"a: 'x\n", 2, 2, "a quote is not closed"},
      {"a: \"x\n\n  \t", 3, 2, "a quote is not closed"},
      {"a: 'x", 1, 6, "a quote is not closed"},
      {"a: x\nb", 2, 1, "a key without a colon"},
      {"a:\n  b: x\n  c", 3, 3, "a key without a colon"},
      {"a: x\nb\n", 2, 1, "a line does not fit in the map around it"},
      {"a: '", 1, 4, "a quote is not closed"},
      {"a: !!str \"", 1, 4, "a quote is not closed"},
      {"a: @x\n", 1, 4, "a character that begins no value"},
      {"a: `x`\n", 1, 4, "a character that begins no value"},
      {"a: \"\\q\"\n", 1, 7, "an unknown escape in double quotes"},
      {"a: x\n  b: y\n", 2, 4, "a colon and a blank where no key can be"},
      {"a: ]\n", 1, 4, "a ] or } that closes nothing"},
      {"- a\nb: c\n", 2, 1, "a line that belongs to nothing above it"},
      {"  a: x\nb: y\n", 2, 1, "a line that belongs to nothing above it"},
      {"a:\n  - x\n  b: y\n", 3, 3, "a line does not fit in the map around it"},
      {"a:\n    b: x\n  c: y\n", 3, 3, "a line does not fit in the map around it"},
  }));
  CAPTURE(text);
  const auto document = parsed(text);
  if (why.empty()) return;  // whichever way: it must come back
  REQUIRE_FALSE(document);
  CHECK(document.error().why.view() == why);
  CHECK(document.error().at.line == line);
  CHECK(document.error().at.column == column);
}

TEST_CASE("an error knows the keys that lead to it") {
  const auto document = parsed("env:\n  A: x\n  B: {secret: y, secret: z}\n");
  REQUIRE_FALSE(document);
  CHECK(document.error().keys == std::vector<std::string>{"env", "B", "secret"});
}

TEST_CASE("positions count from 1") {
  const auto document = parsed("env:\n  DB: db\n  X: {secret: x}\n");
  REQUIRE(document);
  const Node& env = *document.value().find("env");
  CHECK(env.entries[0].at.line == 2);
  CHECK(env.entries[0].at.column == 3);
  CHECK(env.entries[0].value.at.column == 7);
  CHECK(env.entries[1].value.find("secret")->at.column == 15);
  CHECK(document.value().find("nothing") == nullptr);
}

TEST_CASE("aliases and merge keys are resolved where they are allowed") {
  const auto [text, tree, why] = GENERATE(table<std::string, std::string, std::string>({
      {"a: &x 1\nb: *x\n", "{a:1,b:1}", "a scalar"},
      {"a: &x {c: [d]}\nb: *x\n", "{a:{c:[d]},b:{c:[d]}}", "a tree"},
      {"a: &x 1\nb: &x 2\nc: *x\n", "{a:1,b:2,c:2}", "the latest anchor of a name counts"},
      {"&k key: *k\n", "{key:key}", "a key may be anchored"},
      {"a: &x {p: 1, q: 2}\nb: {<<: *x, q: 3}\n", "{a:{p:1,q:2},b:{q:3,p:1}}", "what the map says itself wins"},
      {"a: &x {p: 1}\nb: &y {p: 2, q: 2}\nc: {<<: [*x, *y]}\n", "{a:{p:1},b:{p:2,q:2},c:{p:1,q:2}}", "then the earlier"},
      {"a: {'<<': x}\n", "{a:{<<:\"\"}}", "quoted it is a key like any other"},
  }));
  CAPTURE(text, why);
  const auto document = parsed(text, Aliases::resolved);
  if (!document) FAIL(document.error().why.view());
  if (why.starts_with("quoted")) CHECK(document.value().find("a")->find("<<")->scalar == "x");
  else CHECK(flat(document.value()) == tree);
}

TEST_CASE("aliases that cannot be resolved") {
  const auto [text, why] = GENERATE(table<std::string, std::string>({
      {"a: &x [*x]\n", "an alias inside the value it stands for"},
      {"a: *x\n", "an alias of an anchor that is not there"},
      {"a: {<<: 1}\n", "<< takes a map, or a list of maps"},
      {"a: &x {p: 1}\nb: {<<: *x, <<: *x}\n", "the same key twice in one map"},
  }));
  CAPTURE(text);
  const auto document = parsed(text, Aliases::resolved);
  REQUIRE_FALSE(document);
  CHECK(document.error().why.view() == why);
}

TEST_CASE("a hostile document costs no more than its limits") {
  const auto repeated = [](std::string_view text, std::size_t times) {
    std::string out;
    for (std::size_t i = 0; i < times; ++i) out += text;
    return out;
  };
  SECTION("an alias bomb: nine levels of nine") {
    std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i <= 9; ++i) {
      const std::string name = "a" + std::to_string(i), one = "*a" + std::to_string(i - 1);
      bomb += name + ": &" + name + " [" + one + repeated(", " + one, 8) + "]\n";
    }
    const auto document = parsed(bomb, Aliases::resolved);
    REQUIRE_FALSE(document);
    CHECK(document.error().why.view() == "aliases repeat more than such a file can need");
  }
  SECTION("one long text, repeated") {
    const std::string text = "a: &a " + std::string(100'000, 'x') + "\nb: [" + repeated("*a, ", 500) + "]\n";
    const auto document = parsed(text, Aliases::resolved);
    REQUIRE_FALSE(document);
    CHECK(document.error().why.view() == "aliases repeat more than such a file can need");
  }
  SECTION("aliases that stack up depth") {
    std::string text = "a0: &a0 [x]\n";
    for (int i = 1; i <= 30; ++i) {
      const std::string number = std::to_string(i);
      text += "a" + number + ": &a" + number + " [*a" + std::to_string(i - 1) + "]\n";
    }
    const auto document = parsed(text, Aliases::resolved);
    REQUIRE_FALSE(document);
    CHECK(document.error().why.view() == "nested too deeply");
  }
  SECTION("nesting, in each of the ways there are") {
    const std::string unit = GENERATE("[", "{a: ", "- ", "? ", "[{", "? - ", "- - ", "{? ", "{[", ": ", "[: ", "!!seq [");
    CAPTURE(unit);
    CHECK_FALSE(parsed(repeated(unit, 500'000 / unit.size())));
  }
  SECTION("block nesting by indentation") {
    std::string text;
    for (std::size_t i = 0; i < 1000; ++i) text += std::string(i, ' ') + "a:\n";
    const auto document = parsed(text);
    REQUIRE_FALSE(document);
    CHECK(document.error().why.view() == "nested too deeply");
  }
  SECTION("many values") {
    const auto document = parsed("a: [" + repeated("x,", 20'000) + "]");
    REQUIRE_FALSE(document);
    CHECK(document.error().why.view() == "more values than such a file can need");
  }
  SECTION("many keys, then one twice") {
    std::string text;
    for (int i = 0; i < 4000; ++i) text += "k" + std::to_string(i) + ": x\n";
    CHECK(parsed(text));
    const auto document = parsed(text + "k7: y\n");
    REQUIRE_FALSE(document);
    CHECK(document.error().at.line == 4001);
  }
  SECTION("size") {
    const std::string text = "a: " + std::string(1024 * 1024 - 3, 'x');
    CHECK(parsed(text));
    CHECK_FALSE(parsed(text + "x"));
  }
  SECTION("as deep as allowed, and one deeper") {
    CHECK(parsed(repeated("[", 20) + repeated("]", 20)));
    CHECK_FALSE(parsed(repeated("[", 21) + repeated("]", 21)));
  }
}

}  // namespace
}  // namespace hushrun
