// Names that sources offer become variables, `X_FILE` variables become `X`.

#include "plan/automatic.h"

#include <catch2/catch.hpp>
#include <string>

#include "source_scratch.h"

namespace hushrun {
namespace {

Plan plan_of(Config config) {
  const Block nothing{{}};
  config.automatic = true;
  return Plan::from(std::move(config), nothing.environment()).value();
}
Offer offer(std::vector<const char*> names) {
  Offer made;
  for (const char* text : names) made.names.push_back(*Name::parse(text));
  return made;
}
PointedAt pointed(const char* entry, const char* variable, const char* relative) { return {entry, variable, {0, relative}}; }

// "VARIABLE<secret" and "VARIABLE<<file", in order.
std::vector<std::string> delivered(const Automatic& found) {
  std::vector<std::string> all;
  for (const Binding& binding : found.bindings) {
    std::string text = std::get<ToVariable>(binding.target).name.text();
    if (const auto* claim = std::get_if<Pointed>(&binding.value)) text += "<<" + claim->file.relative;
    else text += "<" + std::get<Reference>(std::get<Wanted>(binding.value).from).name.text();
    all.push_back(text);
  }
  return all;
}
std::vector<std::string> wheres(const std::vector<Error>& errors) {
  std::vector<std::string> all;
  for (const Error& error : errors) all.emplace_back(error.where.view());
  return all;
}
using Texts = std::vector<std::string>;

struct Asked {
  Config config{};
  Texts environment{};
  std::vector<Offer> offers{};
  std::vector<PointedAt> pointed{};
};
Result<Automatic, Problems> automatic(Asked asked) {
  const Block block{std::move(asked.environment)};
  return automatic_bindings(plan_of(std::move(asked.config)), block.environment(), asked.offers, asked.pointed);
}

TEST_CASE("a secret's name as a variable's") {
  const auto [name, variable] = GENERATE(table<std::string, std::string>({
      {"anthropic_key", "ANTHROPIC_KEY"},
      {"db-password", "DB_PASSWORD"},
      {"tls.crt", "TLS_CRT"},
      {"ALREADY", "ALREADY"},
      {"_x", "_X"},
      {"a1", "A1"},
      {"1a", ""},
      {"9", ""},
      {"", ""},
  }));
  CAPTURE(name);
  const auto made = variable_for(name);
  CHECK((made ? made->text() : "") == variable);
}

TEST_CASE("the two forms of a variable that points at a file") {
  const auto [entry, variable] = GENERATE(table<std::string, std::string>({
      {"DB_PASSWORD_FILE", "DB_PASSWORD"},
      {"FILE__DB_PASSWORD", "DB_PASSWORD"},
      {"X_FILE_FILE", "X_FILE"},
      {"db_file_FILE", "db_file"},
      {"_FILE", ""},
      {"FILE__", ""},
      {"DB_PASSWORD", ""},
      {"FILE_DB", ""},
      {"DB_FILES", ""},
      {"DBFILE", ""},
      {"1_FILE", ""},
      {"A B_FILE", ""},
  }));
  CAPTURE(entry);
  CHECK(std::string{pointed_variable(entry).value_or("")} == variable);
}

TEST_CASE("variables that steer a loader, a shell or an interpreter") {
  for (const char* name : {"PATH", "LD_PRELOAD", "LD_ANYTHING", "GLIBC_TUNABLES", "BASH_ENV", "ENV", "IFS", "NODE_OPTIONS", "PYTHONPATH",
                           "BASH_FUNC_x", "HUSHRUN_DIR", "HUSHRUN_CONFIG", "GIT_CONFIG_COUNT", "PERL5OPT", "RUBYOPT", "JAVA_TOOL_OPTIONS", "HOME"}) {
    CAPTURE(name);
    CHECK(steers_a_program(name));
  }
  for (const char* name : {"PATHS", "MY_PATH", "LDAP_PASSWORD", "ENVIRONMENT", "HUSHRUNNER", "NODE_ENV", "TOKEN"}) {
    CAPTURE(name);
    CHECK(!steers_a_program(name));
  }
}

TEST_CASE("offered names become variables; the first source that has a name counts") {
  const auto found = automatic({.offers = {offer({"b", "a"}), offer({"a", "c"})}});
  REQUIRE(found);
  CHECK(delivered(found.value()) == Texts{"B<b", "A<a", "C<c"});
  CHECK(found.value().warnings.empty());
  CHECK(found.value().bindings[0].origin == Origin::automatic);
}

TEST_CASE("names no variable can have, steering ones and what was no secret are skipped with a warning") {
  Offer some = offer({"1st", "path", "good"});
  some.skipped.push_back({"/run/secrets/pipe", "it is a pipe"});
  const auto found = automatic({.offers = {std::move(some)}});
  REQUIRE(found);
  CHECK(delivered(found.value()) == Texts{"GOOD<good"});
  CHECK(wheres(found.value().warnings) == Texts{"/run/secrets/pipe", "1st", "path"});
}

TEST_CASE("two names on one variable are an error, in one source and across sources") {
  for (const auto& offers : {std::vector{offer({"a-b", "a.b"})}, std::vector{offer({"a-b"}), offer({"a.b"})}}) {
    const auto found = automatic({.offers = offers});
    REQUIRE(!found);
    CHECK(wheres(found.error().list) == Texts{"A_B"});
    CHECK(found.error().list[0].why.words() == Public{"a-b and a.b"});
  }
}

TEST_CASE("a claimed secret is not exported under its own name, and its entry is taken out") {
  const auto found = automatic({.environment = {"ANTHROPIC_API_KEY_FILE=/run/secrets/anthropic_key"},
                                .offers = {offer({"anthropic_key", "other"})},
                                .pointed = {pointed("ANTHROPIC_API_KEY_FILE", "ANTHROPIC_API_KEY", "anthropic_key")}});
  REQUIRE(found);
  CHECK(delivered(found.value()) == Texts{"ANTHROPIC_API_KEY<<anthropic_key", "OTHER<other"});
  CHECK(found.value().taken_out == Texts{"ANTHROPIC_API_KEY_FILE"});
  CHECK(found.value().bindings[0].origin == Origin::claimed);
}

TEST_CASE("a claim beats another secret of the variable's name") {
  const auto found = automatic({.offers = {offer({"db", "old"})}, .pointed = {pointed("DB_FILE", "DB", "old")}});
  REQUIRE(found);
  CHECK(delivered(found.value()) == Texts{"DB<<old"});
}

TEST_CASE("X and X_FILE exclude each other, unless X is empty") {
  const std::vector<PointedAt> claim{pointed("DB_FILE", "DB", "db")};
  const auto both = automatic({.environment = {"DB=x", "DB_FILE=/run/secrets/db"}, .pointed = claim});
  REQUIRE(!both);
  CHECK(wheres(both.error().list) == Texts{"DB"});
  CHECK(automatic({.environment = {"DB=", "DB_FILE=/run/secrets/db"}, .pointed = claim}));
}

TEST_CASE("X_FILE and FILE__X exclude each other") {
  const auto both = automatic({.pointed = {pointed("DB_FILE", "DB", "a"), pointed("FILE__DB", "DB", "b")}});
  REQUIRE(!both);
  CHECK(wheres(both.error().list) == Texts{"DB"});
}

TEST_CASE("a claim never writes what steers a program: the entry stays as it is") {
  const auto found = automatic({.offers = {offer({"x"})}, .pointed = {pointed("LD_PRELOAD_FILE", "LD_PRELOAD", "x")}});
  REQUIRE(found);
  CHECK(delivered(found.value()) == Texts{"X<x"});
  CHECK(found.value().taken_out.empty());
  CHECK(wheres(found.value().warnings) == Texts{"LD_PRELOAD"});
}

TEST_CASE("what the config maps is neither exported again nor claimed") {
  Config config;
  config.variables.push_back({*VariableName::parse("KEY"), Wanted{Reference{*Name::parse("api_key"), {}, false, {}}}, false, {}});
  Template text;
  text.parts.emplace_back(Reference{*Name::parse("in_template"), {}, false, {}});
  config.files.push_back(FileConfig{.path = "f", .wanted = Wanted{std::move(text)}, .variable = VariableName::parse("FILE_PATH")});
  const auto found = automatic({.config = std::move(config),
                                .environment = {"KEY=set"},
                                .offers = {offer({"api_key", "in_template", "file_path", "key", "rest"})},
                                .pointed = {pointed("KEY_FILE", "KEY", "key")}});
  REQUIRE(found);
  CHECK(delivered(found.value()) == Texts{"REST<rest"});
  CHECK(found.value().taken_out == Texts{"KEY_FILE"});
}

}  // namespace
}  // namespace hushrun
