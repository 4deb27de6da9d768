#include <catch2/catch.hpp>

#include "config/reference.h"

namespace hushrun {
namespace {

// A place holder that fails loudly when a parse that should succeed does not.
Reference good(std::string_view text) {
  auto reference = parse_reference(text);
  REQUIRE(reference);
  return std::move(reference).value();
}

TEST_CASE("a reference is NAME[#/json/pointer][|filter]...") {
  const auto [text, valid, why] = GENERATE(table<std::string, bool, std::string>({
      {"db_password", true, "a name"},
      {"tls.crt", true, "with a dot"},
      {"DB-password_2", true, "letters of both cases, digits, - and _"},
      {"9lives", true, "a digit in front"},
      {"_x", true, "an underscore in front"},
      {std::string(255, 'a'), true, "as long as a file's name may be"},
      {"rds#/password", true, "a pointer"},
      {"rds#/", true, "to the member whose name is empty"},
      {"rds#/a b/ü", true, "names of members may hold anything"},
      {"rds#/a~1b~0c#d", true, "escapes, and a # that is no border any more"},
      {"key|trim", true, "a filter"},
      {"rds#/password|urlencode", true, "after a pointer"},
      {"key|base64d|trim|json", true, "several"},
      {"key|trim|trim|trim|trim|trim|trim|trim|trim", true, "eight"},

      {"", false, "a secret's name is missing"},
      {"|trim", false, "a secret's name is missing"},
      {"#/a", false, "a secret's name is missing"},
      {".env", false, "a name begins with a letter, a digit or _"},
      {"-x", false, "a name begins with a letter, a digit or _"},
      {std::string(256, 'a'), false, "a name has 255 bytes at most"},
      {"pass word", false, "no blanks in a reference: write name|filter"},
      {" key", false, "no blanks in a reference: write name|filter"},
      {"key |trim", false, "no blanks in a reference: write name|filter"},
      {"key| trim", false, "no blanks in a reference: write name|filter"},
      {"/run/secrets/key", false, "a name is no path: list the directory under sources and give the file's name here"},
      {"${key}", false, "${ } is for templates; a reference stands bare"},
      {"schlüssel", false, "a name may hold letters, digits, . _ -"},
      {"p@ss", false, "a name may hold letters, digits, . _ -"},
      {std::string("a\0b", 3), false, "a name may hold letters, digits, . _ -"},
      {"key#", false, "after # comes a JSON pointer, which begins with /"},
      {"key#password", false, "after # comes a JSON pointer, which begins with /"},
      {"key#|trim", false, "after # comes a JSON pointer, which begins with /"},
      {"key#/a~", false, "in a JSON pointer ~ is written ~0, and / inside a member's name ~1"},
      {"key#/a~2", false, "in a JSON pointer ~ is written ~0, and / inside a member's name ~1"},
      {"key#/a\nb", false, "a JSON pointer here holds no line break and no control character"},
      {"key|", false, "a filter is missing after |"},
      {"key||trim", false, "a filter is missing after |"},
      {"key|Trim", false, "unknown filter; there are trim base64 base64d hexd urlencode json"},
      {"key|upper", false, "unknown filter; there are trim base64 base64d hexd urlencode json"},
      {"key|trim|trim|trim|trim|trim|trim|trim|trim|trim", false, "more than 8 filters"},
  }));
  CAPTURE(text, why);
  const auto reference = parse_reference(text);
  CHECK(bool(reference) == valid);
  if (!reference && !valid) CHECK(reference.error().why.view() == why);
}

TEST_CASE("the parts of a reference") {
  const Reference reference = good("rds#/users/0/pass~1word|trim|urlencode");
  CHECK(reference.name.text() == "rds");
  CHECK(reference.has_pointer);
  CHECK(reference.pointer == "/users/0/pass~1word");
  CHECK(reference.filters == std::vector{Filter::trim, Filter::urlencode});
  CHECK_FALSE(good("rds").has_pointer);
}

TEST_CASE("an error of a reference says where") {
  const auto [text, offset] = GENERATE(table<std::string, std::size_t>(
      {{"", 0}, {"pass word", 4}, {"key#x", 4}, {"key#/a~2", 6}, {"key|trim|Base64", 9}, {"key#/a|", 7}}));
  CAPTURE(text);
  const auto reference = parse_reference(text);
  REQUIRE_FALSE(reference);
  CHECK(reference.error().offset == offset);
}

TEST_CASE("a template is text with ${REFERENCE} in it") {
  // The parts, references between < and >.
  const auto [text, parts] = GENERATE(table<std::string, std::vector<std::string>>({
      {"${a}", {"<a>"}},
      {"postgres://app:${rds#/password|urlencode}@db/app", {"postgres://app:", "<rds>", "@db/app"}},
      {"${a}${b}", {"<a>", "<b>"}},
      {"$$${a}$$", {"$", "<a>", "$"}},
      {"$${a} is not one, ${a} is", {"${a} is not one, ", "<a>", " is"}},
      {"} { ${a}\n", {"} { ", "<a>", "\n"}},
  }));
  CAPTURE(text);
  const auto whole = parse_template(text);
  REQUIRE(whole);
  std::vector<std::string> found;
  for (const auto& part : whole.value().parts) {
    const auto* reference = std::get_if<Reference>(&part);
    found.push_back(reference != nullptr ? "<" + reference->name.text() + ">" : std::get<std::string>(part));
  }
  CHECK(found == parts);
}

TEST_CASE("a malformed template says why and where") {
  const auto [text, offset, why] = GENERATE(table<std::string, std::size_t, std::string>({
      {"", 0, "a template without a reference such as ${db_password}"},
      {"no secret", 0, "a template without a reference such as ${db_password}"},
      {"$${a}", 0, "a template without a reference such as ${db_password}"},
      {"cost: 5$ ${a}", 7, "a lone $: write $$ for a dollar, ${NAME} for a secret"},
      {"$a", 0, "a lone $: write $$ for a dollar, ${NAME} for a secret"},
      {"${a}$", 4, "a lone $: write $$ for a dollar, ${NAME} for a secret"},
      {"x${a", 1, "${ without its }"},
      {"${}", 2, "a secret's name is missing"},
      {"line\n${a|upper}", 9, "unknown filter; there are trim base64 base64d hexd urlencode json"},
      {"${ a }", 2, "no blanks in a reference: write name|filter"},
      {"${a#/x{y}}", 2, ""},
  }));
  CAPTURE(text);
  const auto whole = parse_template(text);
  if (why.empty()) {  // the first } ends the reference; what follows is text
    CHECK(whole);
    return;
  }
  REQUIRE_FALSE(whole);
  CHECK(whole.error().why.view() == why);
  CHECK(whole.error().offset == offset);
}

TEST_CASE("a template of more than 1 MiB is refused") {
  const std::string text = "${a}" + std::string(1024 * 1024 - 4, 'x');
  CHECK(parse_template(text));
  CHECK_FALSE(parse_template(text + "x"));
}

TEST_CASE("a variable's name is one the shell would take") {
  const auto [text, valid] = GENERATE(table<std::string, bool>({{"PATH", true},
                                                                {"_x", true},
                                                                {"a1", true},
                                                                {"", false},
                                                                {"1A", false},
                                                                {"A-B", false},
                                                                {"A=B", false},
                                                                {"A B", false},
                                                                {"Ä", false}}));
  CAPTURE(text);
  CHECK(VariableName::parse(text).has_value() == valid);
}

TEST_CASE("a reference is shown when it cannot be a key itself") {
  const auto [text, words] = GENERATE(table<std::string, std::string>({
      {"db_password", "db_password"},
      {"hunter2", "a secret"},
      {"sk-ant-abcdefghijklmnop", "a secret"},
      {"rds#/password|urlencode", "rds#/password|urlencode"},
      {"rds#/users/0/name", "rds#/[not shown]/0/name"},
      {"db_password#/hunter2|trim", "db_password#/[not shown]|trim"},
      {"db_password#/", "db_password#/[not shown]"},
  }));
  CHECK(shown(good(text)).view() == words);
}

TEST_CASE("a place is shown with its field in front") {
  CHECK(Place{"hushrun.yaml:12:18", "env.DB_PASSWORD"}.shown().view() == "env.DB_PASSWORD, hushrun.yaml:12:18");
  CHECK(Place{"HUSHRUN_USER", {}}.shown().view() == "HUSHRUN_USER");
}

}  // namespace
}  // namespace hushrun
