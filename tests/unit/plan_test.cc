// Config → Plan: default sources, when the automatism is on, and what clashes.

#include "plan/plan.h"

#include <catch2/catch.hpp>
#include <string>

#include "source_scratch.h"

namespace hushrun {
namespace {

Wanted wanted(const char* name) { return Wanted{Reference{*Name::parse(name), {}, false, {}}}; }
VariableConfig variable(const char* name, const char* at) { return {*VariableName::parse(name), wanted("x"), false, {"hushrun.yaml:" + Public::vouched(at), {}}}; }
FileConfig file(const char* path, const char* at, const char* variable_name = nullptr) {
  FileConfig config{.path = path, .wanted = wanted("x"), .place = {"hushrun.yaml:" + Public::vouched(at), {}}};
  if (variable_name != nullptr) config.variable = VariableName::parse(variable_name);
  return config;
}
Result<Plan, Problems> planned(Config config, std::vector<std::string> environment = {}) {
  const Block block{std::move(environment)};
  return Plan::from(std::move(config), block.environment());
}

TEST_CASE("without sources /run/secrets is one, and $CREDENTIALS_DIRECTORY where it is an absolute path; both are optional") {
  const auto paths = [](const Plan& plan) {
    std::vector<std::string> all;
    for (const SourceConfig& source : plan.sources()) {
      CHECK(source.optional);
      all.push_back(std::get<DirectorySource>(source.kind).path);
    }
    return all;
  };
  CHECK(paths(planned({}).value()) == std::vector<std::string>{"/run/secrets"});
  CHECK(paths(planned({}, {"CREDENTIALS_DIRECTORY=/run/credentials/app"}).value()) == std::vector<std::string>{"/run/secrets", "/run/credentials/app"});
  CHECK(paths(planned({}, {"CREDENTIALS_DIRECTORY="}).value()) == std::vector<std::string>{"/run/secrets"});
  CHECK(paths(planned({}, {"CREDENTIALS_DIRECTORY=relative"}).value()) == std::vector<std::string>{"/run/secrets"});
}

TEST_CASE("configured sources stand alone, in their order") {
  Config config;
  config.sources.push_back({DotenvSource{".env"}, false, {}});
  config.sources.push_back({DirectorySource{"other"}, true, {}});
  const auto plan = planned(std::move(config), {"CREDENTIALS_DIRECTORY=/run/credentials/app"});
  REQUIRE(plan.value().sources().size() == 2);
  CHECK(std::holds_alternative<DotenvSource>(plan.value().sources()[0].kind));
}

TEST_CASE("the automatism is on when nothing is mapped, or as auto says") {
  CHECK(planned({}).value().automatic());
  Config mapped;
  mapped.variables.push_back(variable("A", "1"));
  CHECK(!planned(mapped).value().automatic());
  mapped.automatic = true;
  CHECK(planned(mapped).value().automatic());
  Config with_file;
  with_file.files.push_back(file("a", "1"));
  CHECK(!planned(with_file).value().automatic());
  Config off;
  off.automatic = false;
  CHECK(!planned(off).value().automatic());
}

TEST_CASE("a variable or a path given twice is an error that names both places") {
  Config config;
  config.variables = {variable("A", "1"), variable("B", "2"), variable("A", "3")};
  config.files = {file("a", "4", "B"), file("b", "5"), file("a", "6")};
  const auto plan = planned(std::move(config));
  REQUIRE(!plan);
  std::vector<std::string> told;
  for (const Error& error : plan.error().list) told.push_back(std::string{error.where.view()} + " " + std::string{error.why.words().view()});
  CHECK(told == std::vector<std::string>{"hushrun.yaml:3 already given at hushrun.yaml:1", "hushrun.yaml:4 already given at hushrun.yaml:2",
                                         "hushrun.yaml:6 already given at hushrun.yaml:4"});
}

TEST_CASE("one file is one file, however its path is written") {
  const auto [one, other, is_one] = GENERATE(table<const char*, const char*, bool>({
      {"a", "./a", true},
      {"a/b", "a//b", true},
      {"a/b", "././a/./b", true},
      {"/run/a", "//run/./a", true},
      {"/run/a", "run/a", false},
      {"a", ".a", false},
      {"a/b", "ab", false},
  }));
  CAPTURE(one, other);
  Config config;
  config.files = {file(one, "1"), file(other, "2")};
  CHECK(static_cast<bool>(planned(std::move(config))) == !is_one);
}

TEST_CASE("4096 bindings are a plan, one more is none") {
  Config config;
  for (int i = 0; i < 4096; ++i) config.variables.push_back(variable(("V" + std::to_string(i)).c_str(), "1"));
  CHECK(planned(config));
  config.variables.push_back(variable("ONE_MORE", "2"));
  CHECK(!planned(config));
}

TEST_CASE("bindings keep everything the config said of them") {
  Config config;
  FileConfig asked = file("sub/key", "1", "KEY_FILE");
  asked.as = FileConfig::As::memfd;
  asked.mode = 0440;
  asked.owner = UserConfig{"app", "video", {}};
  asked.disk_allowed = true;
  config.files.push_back(asked);
  config.variables.push_back(variable("A", "2"));
  config.variables.back().keep_existing = true;
  const auto plan = planned(std::move(config));
  REQUIRE(plan.value().bindings().size() == 2);
  const Binding& kept = plan.value().bindings()[0];
  CHECK(std::get<ToVariable>(kept.target).keep_existing);
  CHECK(kept.target_shown() == Public{"A"});
  const auto& target = std::get<ToFile>(plan.value().bindings()[1].target);
  CHECK(target.as == FileConfig::As::memfd);
  CHECK(target.mode == 0440);
  CHECK(target.owner->group == "video");
  CHECK(target.variable->text() == "KEY_FILE");
  CHECK(target.disk_allowed);
  CHECK(plan.value().bindings()[1].target_shown() == Public{"sub/key"});
}

}  // namespace
}  // namespace hushrun
