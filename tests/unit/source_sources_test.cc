#include <catch2/catch.hpp>

#include "source/sources.h"
#include "source_scratch.h"

namespace hushrun {
namespace {

using Catch::Contains;
using Catch::Equals;

const Block kEmpty{{}};  // outlives the sources that look into it

SourceConfig config(decltype(SourceConfig::kind) kind, bool optional = false) {
  return {std::move(kind), optional, Place{"hushrun.yaml:3:5", "sources"}};
}
VariableName variable(std::string_view text) { return *VariableName::parse(text); }

Sources opened(const std::vector<SourceConfig>& configs, const Block& block, Reading reading = Reading::values) {
  Result<Sources, Problems> sources = Sources::open(configs, block.environment(), reading);
  REQUIRE(sources);
  return std::move(sources).value();
}
std::vector<std::string> names(const Offer& offer) { return texts(offer.names); }

TEST_CASE("our environment: the first entry of a name, byte for byte") {
  const Block block{{"EMPTY=", "A=1", "AB=2", "A=3", "NOVALUE", "X=a=b"}};
  const Environment environment = block.environment();
  CHECK(environment.find("A").value() == "1");
  CHECK(environment.find("EMPTY").value().empty());
  CHECK(environment.find("X").value() == "a=b");
  CHECK(!environment.find("NOVALUE"));
  CHECK(!environment.find("B"));
}

TEST_CASE("an environment source gives the variables it names, and offers none") {
  const Block block{{"CI_TOKEN=t", "OTHER=o", "EMPTY="}};
  const auto opening = OpenEnvironmentSource::open({{variable("CI_TOKEN"), variable("EMPTY"), variable("UNSET")}}, block.environment(), Presence::required);
  const OpenEnvironmentSource& source = *opening.value();
  CHECK(text(source.find(name("CI_TOKEN"))) == "t");
  CHECK(text(source.find(name("EMPTY"))).empty());
  CHECK(text(source.find(name("UNSET"))) == "(nothing)");
  CHECK(text(source.find(name("OTHER"))) == "(nothing)");
  CHECK(source.offered().value().names.empty());
  CHECK(std::string{source.find(name("CI_TOKEN")).value()->where.view()} == "variable CI_TOKEN of our environment");
  CHECK_THAT(source.variables(), Equals(std::vector<std::string>{"CI_TOKEN", "EMPTY", "UNSET"}));
}

TEST_CASE("the first source that has a name gives its value") {
  const Scratch scratch;
  scratch.write("one/key", "from one");
  scratch.write("two/key", "from two");
  scratch.write("two/only_two", "two");
  scratch.write(".env", "key=from dotenv\nonly_dotenv=d\n");
  scratch.write("compose.yaml", "services: {app: {secrets: [key, only_compose]}}\nsecrets: {key: {file: c}, only_compose: {file: c}}\n");
  scratch.write("c", "from compose");
  const Block block{{"CI_TOKEN=t", "PATH=/usr/bin:/bin"}};
  Sources sources = opened({config(DirectorySource{scratch.path("one")}), config(DirectorySource{scratch.path("two")}),
                            config(DotenvSource{scratch.path(".env")}), config(EnvironmentSource{{variable("CI_TOKEN")}}),
                            config(ComposeSource{scratch.path("compose.yaml"), "app"}),
                            config(CommandSource{{"sh", "-c", "echo warned >&2; echo said"}, name("from_command")})},
                           block);
  CHECK(text(sources.find(name("key"))) == "from one");
  CHECK(text(sources.find(name("only_two"))) == "two");
  CHECK(text(sources.find(name("only_dotenv"))) == "d");
  CHECK(text(sources.find(name("CI_TOKEN"))) == "t");
  CHECK(text(sources.find(name("only_compose"))) == "from compose");
  CHECK(text(sources.find(name("nowhere"))) == "(nothing)");

  CHECK(sources.take_chatter().empty());
  CHECK(text(sources.find(name("from_command"))) == "said\n");
  const auto chatter = sources.take_chatter();
  REQUIRE(chatter.size() == 1);
  CHECK_THAT(std::string{chatter[0].command.view()}, Contains("/sh"));
  CHECK(text(chatter[0].text) == "warned\n");
  CHECK(!chatter[0].unused);

  const auto offers = sources.offered();
  REQUIRE(offers);
  REQUIRE(offers.value().size() == 6);
  CHECK_THAT(names(offers.value()[0]), Equals(std::vector<std::string>{"key"}));
  CHECK_THAT(names(offers.value()[1]), Equals(std::vector<std::string>{"key", "only_two"}));
  CHECK_THAT(names(offers.value()[2]), Equals(std::vector<std::string>{"key", "only_dotenv"}));
  CHECK(offers.value()[3].names.empty());
  CHECK_THAT(names(offers.value()[4]), Equals(std::vector<std::string>{"key", "only_compose"}));
  CHECK(offers.value()[5].names.empty());
}

TEST_CASE("a value that cannot be had is no reason to look further") {
  const Scratch scratch;
  scratch.directory("one/key");
  scratch.write("two/key", "stale");
  Sources sources = opened({config(DirectorySource{scratch.path("one")}), config(DirectorySource{scratch.path("two")})}, kEmpty);
  CHECK_THAT(trouble(sources.find(name("key"))), Contains("a directory where a file should be"));
}

TEST_CASE("all that cannot be opened is reported together, with the place that asked for it") {
  const Scratch scratch;
  scratch.write("broken.env", "nonsense");
  const std::vector<SourceConfig> configs{config(DirectorySource{scratch.path("none")}), config(DirectorySource{scratch.path("none")}, true),
                                          config(DotenvSource{scratch.path("broken.env")}, true), config(DotenvSource{scratch.path("none.env")}),
                                          config(CommandSource{{}, name("x")})};
  const Block& block = kEmpty;
  const Result<Sources, Problems> sources = Sources::open(configs, block.environment(), Reading::values);
  REQUIRE(!sources);
  std::vector<Code> codes;
  for (const Error& error : sources.error().list) {
    codes.push_back(error.code);
    CHECK_THAT(std::string{error.where.view()}, Contains("hushrun.yaml:3:5"));
  }
  CHECK((codes == std::vector<Code>{Code::source_missing, Code::source_invalid, Code::source_missing, Code::source_invalid}));
}

TEST_CASE("a file of a _FILE variable is located by the index of its source") {
  const Scratch scratch;
  scratch.write("two/sub/key", "k");
  const Sources sources = opened({config(DirectorySource{scratch.path("absent")}, true), config(DotenvSource{scratch.path("absent.env")}, true),
                                  config(DirectorySource{scratch.path("two")})},
                                 kEmpty);
  const std::optional<Located> located = sources.locate(scratch.path("two/sub/key"));
  REQUIRE(located);
  CHECK(located->source == 2);
  CHECK(located->relative == "sub/key");
  CHECK(text(sources.find_path(located->source, located->relative)) == "k");
  CHECK(!sources.locate("/etc/ssl/cert.pem"));
  CHECK(!sources.locate(scratch.path("absent/key")));
}

TEST_CASE("Reading::names opens directories only, reads nothing and starts nothing") {
  const Scratch scratch;
  scratch.write("dir/key", "k");
  ::mkfifo(scratch.path(".env").c_str(), 0644);  // who opened and read it would find that it is no file
  scratch.write("compose.yaml", "not even a mapping");
  const Block block{{"TOKEN=t", "PATH=/usr/bin:/bin"}};
  const std::vector<SourceConfig> configs{config(DotenvSource{scratch.path(".env")}), config(DirectorySource{scratch.path("dir")}),
                                          config(ComposeSource{scratch.path("compose.yaml"), "app"}), config(EnvironmentSource{{variable("TOKEN")}}),
                                          config(CommandSource{{"sh", "-c", "echo x > '" + scratch.path("ran") + "'"}, name("command")})};
  const Sources sources = opened(configs, block, Reading::names);
  const auto shown = [&](std::string_view secret) {
    const Whereabouts at = sources.whereabouts(name(secret));
    std::string out = at.where ? std::string{at.where->view()} : "nowhere";
    for (const Public& unread : at.unread) out.append(" unless ").append(unread.view());
    return out;
  };
  CHECK(shown("key") == scratch.path("dir/key") + " unless " + scratch.path(".env"));
  CHECK(shown("TOKEN") == "variable TOKEN of our environment unless " + scratch.path(".env") + " unless " + scratch.path("compose.yaml"));
  CHECK_THAT(shown("command"), Contains("/sh unless "));
  CHECK_THAT(shown("other"), Contains("nowhere unless "));
  CHECK(!std::filesystem::exists(scratch.path("ran")));
  REQUIRE(sources.offered());
  CHECK_THAT(names(sources.offered().value().front()), Equals(std::vector<std::string>{"key"}));
  CHECK(sources.slots().size() == configs.size());

  const std::vector<SourceConfig> missing{config(DotenvSource{scratch.path("none.env")})};
  CHECK(!Sources::open(missing, block.environment(), Reading::names));
}

TEST_CASE("variables that are sources are not for the application") {
  const Scratch scratch;
  scratch.write("compose.yaml", "services: {app: {secrets: [a]}}\nsecrets: {a: {environment: COMPOSE_VAR}}\n");
  const Sources sources = opened({config(EnvironmentSource{{variable("ONE"), variable("TWO")}}), config(ComposeSource{scratch.path("compose.yaml"), "app"})}, kEmpty);
  CHECK_THAT(sources.variables(), Equals(std::vector<std::string>{"ONE", "TWO", "COMPOSE_VAR"}));
}

TEST_CASE("sources and what they find cannot be copied or printed") {
  STATIC_REQUIRE(!std::is_copy_constructible_v<Found>);
  STATIC_REQUIRE(!std::is_copy_constructible_v<OpenDirectorySource>);
  STATIC_REQUIRE(!std::is_copy_constructible_v<OpenCommandSource>);
  STATIC_REQUIRE(std::is_nothrow_move_constructible_v<DotenvEntry>);
}

}  // namespace
}  // namespace hushrun
