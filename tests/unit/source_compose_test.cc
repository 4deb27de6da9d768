#include <catch2/catch.hpp>

#include "source/compose.h"
#include "source/interpolation.h"
#include "source_scratch.h"

namespace hushrun {
namespace {

using Catch::Contains;
using Catch::Equals;

const Block kEmpty{{}};  // outlives the sources that look into it

Opening<OpenComposeSource> open(const Scratch& scratch, const Block& block, const std::string& service = "app",
                                Presence presence = Presence::required) {
  return OpenComposeSource::open({scratch.path("compose.yaml"), service}, block.environment(), presence);
}
OpenComposeSource opened(const Scratch& scratch, const Block& block, const std::string& service = "app") {
  auto source = open(scratch, block, service);
  CAPTURE(source ? std::string{} : all_of(source.error()));
  REQUIRE(source);
  REQUIRE(source.value());
  return std::move(*source.value());
}
std::string why_not(const Scratch& scratch, const Block& block = kEmpty, const std::string& service = "app") {
  const auto source = open(scratch, block, service);
  return source ? "(no trouble)" : all_of(source.error());
}

TEST_CASE("interpolation") {
  const VariableLookup variables = [](std::string_view name) -> std::optional<std::string> {
    if (name == "SET") return "value";
    if (name == "lower_1") return "low";
    if (name == "EMPTY") return "";
    if (name == "DOLLAR") return "$SET";
    return std::nullopt;
  };
  const auto [source, expected] = GENERATE(table<std::string, std::string>({
      {"", ""},
      {"no dollar", "no dollar"},
      {"$SET", "value"},
      {"${SET}", "value"},
      {"a${SET}b$SET.c", "avaluebvalue.c"},
      {"$lower_1-x", "low-x"},
      {"$UNSET|${UNSET}", "|"},
      {"$$SET $$$SET $${SET}", "$SET $value ${SET}"},
      {"$DOLLAR", "$SET"},  // once, not again
      {"${SET:-d}${SET-d}", "valuevalue"},
      {"${UNSET:-d}${UNSET-d}", "dd"},
      {"${EMPTY:-d}|${EMPTY-d}", "d|"},
      {"${UNSET:-}", ""},
      {"${UNSET:-${EMPTY:-${SET}}}", "value"},
      {"${UNSET:-a:-b}", "a:-b"},
      {"${UNSET:-$${}}", "${}"},
      {"${SET:+yes}${EMPTY:+yes}${UNSET:+yes}", "yes"},
      {"${SET+yes}${EMPTY+yes}${UNSET+yes}", "yesyes"},
      {"${SET:+$SET}", "value"},
      {"${SET:?no}${EMPTY?no}", "value"},
      {"${EMPTY:?no}", "(a variable that is required (?) is not set)"},
      {"${UNSET?}", "(a variable that is required (?) is not set)"},
      {"$", "(a $ is followed by no variable: a dollar is written $$)"},
      {"a$ b", "(a $ is followed by no variable: a dollar is written $$)"},
      {"$1", "(a $ is followed by no variable: a dollar is written $$)"},
      {"${}", "(a ${ is not followed by a variable's name)"},
      {"${1}", "(a ${ is not followed by a variable's name)"},
      {"${SET", "(a ${ is never closed)"},
      {"${UNSET:-${SET}", "(a ${ is never closed)"},
      {"${SET:}", "(in ${...} a variable's name is followed by none of :- - :? ? :+ +)"},
      {"${SET/x}", "(in ${...} a variable's name is followed by none of :- - :? ? :+ +)"},
      {"${SET:-${UNSET?}}", "value"},  // a default that is not needed
  }));
  CAPTURE(source);
  const auto result = interpolate(source, variables);
  CHECK((result ? result.value() : "(" + std::string{result.error().why.view()} + ")") == expected);
}

TEST_CASE("defaults are nested 16 deep at most") {
  const auto nested = [](int depth) {
    std::string text = "x";
    for (int i = 0; i < depth; ++i) text = "${U:-" + text + "}";
    return interpolate(text, [](std::string_view) { return std::nullopt; });
  };
  CHECK(nested(16).value() == "x");
  CHECK(!nested(17));
}

TEST_CASE("secrets of a service, by the names they would have in /run/secrets") {
  const Scratch scratch;
  scratch.write("compose.yaml", R"(
services:
  app:
    image: app
    secrets:
      - short
      - source: long
      - {source: renamed, target: db_password, uid: "1000", mode: 0440}
      - {source: absolute, target: /run/secrets/abs}
      - {source: elsewhere, target: /etc/app/tls.key}
      - {source: nested, target: sub/deep}
      - from_variable
  other:
    secrets: [not_for_app]
secrets:
  short: {file: ./secrets/short.txt}
  long: {file: secrets/long.txt}
  renamed: {file: "secrets/renamed.txt"}
  absolute: {file: secrets/abs.txt}
  elsewhere: {file: secrets/tls.key}
  nested: {file: secrets/deep.txt}
  from_variable: {environment: CI_TOKEN}
  not_for_app: {file: secrets/other.txt}
)");
  for (const char* file : {"short.txt", "long.txt", "renamed.txt", "abs.txt", "tls.key", "deep.txt"}) {
    scratch.write(std::string{"secrets/"} + file, std::string{"content of "} + file);
  }
  const Block block{{"CI_TOKEN=token"}};
  OpenComposeSource source = opened(scratch, block);
  CHECK_THAT(texts(source.offered().value().names),
             Equals(std::vector<std::string>{"abs", "db_password", "deep", "from_variable", "long", "short", "tls.key"}));
  CHECK(text(source.find(name("short"))) == "content of short.txt");
  CHECK(text(source.find(name("long"))) == "content of long.txt");
  CHECK(text(source.find(name("db_password"))) == "content of renamed.txt");
  CHECK(text(source.find(name("abs"))) == "content of abs.txt");
  CHECK(text(source.find(name("tls.key"))) == "content of tls.key");
  CHECK(text(source.find(name("deep"))) == "content of deep.txt");
  CHECK(text(source.find(name("from_variable"))) == "token");
  CHECK(text(source.find(name("renamed"))) == "(nothing)");
  CHECK(text(source.find(name("not_for_app"))) == "(nothing)");
  CHECK_THAT(source.variables(), Equals(std::vector<std::string>{"CI_TOKEN"}));

  const Lookup found = source.find(name("short"));
  CHECK_THAT(std::string{found.value()->where.view()}, Contains("/secrets/short.txt"));
  CHECK(found.value()->status);
  CHECK(std::string{source.whereabouts(name("short")).value().view()} == scratch.path("compose.yaml") + ":16:3");
}

TEST_CASE("a service without secrets has none") {
  const Scratch scratch;
  scratch.write("compose.yaml", "services:\n  app: {image: x}\n  null_one:\n  null_list: {secrets: }\n");
  for (const char* service : {"app", "null_one", "null_list"}) {
    CAPTURE(service);
    CHECK(opened(scratch, kEmpty, service).offered().value().names.empty());
  }
}

TEST_CASE("anchors and merge keys are resolved") {
  const Scratch scratch;
  scratch.write("compose.yaml", R"(
x-common: &common
  secrets: &list [key]
services:
  app:
    <<: *common
  second:
    secrets: *list
secrets:
  key: {file: key.txt}
)");
  scratch.write("key.txt", "k");
  CHECK(text(opened(scratch, kEmpty).find(name("key"))) == "k");
  CHECK(text(opened(scratch, kEmpty, "second").find(name("key"))) == "k");
}

TEST_CASE("variables come from our environment, then from .env, then from the default") {
  const Scratch scratch;
  scratch.write("compose.yaml", R"(
services:
  app: {secrets: ["${NAME_OF_SECRET:-key}", quoted, in_env, in_dotenv]}
secrets:
  key: {file: "${DIRECTORY}/key-${STAGE:-dev}.txt"}
  quoted: {file: "a$$b"}
  in_env: {environment: BOTH}
  in_dotenv: {environment: ONLY_DOTENV}
)");
  scratch.write(".env", "DIRECTORY=wrong\nSTAGE=prod\nBOTH=dotenv\nONLY_DOTENV=\"one\\ntwo\"\n");
  scratch.write("right/key-prod.txt", "k");
  scratch.write("a$b", "dollar");
  const Block block{{"DIRECTORY=right", "BOTH=environment"}};
  OpenComposeSource source = opened(scratch, block);
  CHECK(text(source.find(name("key"))) == "k");
  CHECK(text(source.find(name("quoted"))) == "dollar");
  CHECK(text(source.find(name("in_env"))) == "environment");
  CHECK(text(source.find(name("in_dotenv"))) == "one\ntwo");
  CHECK_THAT(std::string{source.find(name("in_dotenv")).value()->where.view()}, Contains("/.env:4"));
}

TEST_CASE("a broken .env is trouble when a variable is looked for in it, and only then") {
  const Scratch scratch;
  scratch.write(".env", "swordfish\n");
  scratch.write("compose.yaml", "services: {app: {secrets: [key]}}\nsecrets: {key: {file: \"key.txt\"}}\n");
  scratch.write("key.txt", "k");
  CHECK(text(opened(scratch, kEmpty).find(name("key"))) == "k");
  scratch.write("compose.yaml", "services: {app: {secrets: [key]}}\nsecrets: {key: {file: \"${X}key.txt\"}}\n");
  CHECK_THAT(why_not(scratch), Contains("/.env:1: ") && !Contains("swordfish"));
  scratch.write("compose.yaml", "services: {app: {secrets: [key]}}\nsecrets: {key: {environment: X}}\n");
  CHECK_THAT(trouble(opened(scratch, kEmpty).find(name("key"))), Contains("/.env:1: "));
}

TEST_CASE("~ is HOME") {
  const Scratch scratch;
  scratch.write("compose.yaml", "services: {app: {secrets: [key]}}\nsecrets: {key: {file: ~/keys/key.txt}}\n");
  scratch.write("home/keys/key.txt", "k");
  const Block block{{"HOME=" + scratch.path("home")}};
  CHECK(text(opened(scratch, block).find(name("key"))) == "k");
  CHECK_THAT(trouble(opened(scratch, kEmpty).find(name("key"))), Contains("HOME is not set"));
}

TEST_CASE("extends, in the file and from another") {
  const Scratch scratch;
  scratch.write("compose.yaml", R"(
services:
  base: {secrets: [one, {source: two, target: same}]}
  app:
    extends: base
    secrets: [{source: three, target: same}]
  far:
    extends: {file: common/base.yaml, service: shared}
    secrets: [one]
secrets:
  one: {file: one.txt}
  two: {file: two.txt}
  three: {file: three.txt}
  four: {file: four.txt}
)");
  // What is defined there is not imported: Compose wants the definition in the file that extends.
  scratch.write("common/base.yaml", R"(
services:
  shared: {extends: {service: deeper}}
  deeper: {secrets: [four]}
secrets:
  four: {file: wrong.txt}
)");
  for (const char* file : {"one", "two", "three", "four"}) scratch.write(std::string{file} + ".txt", file);
  OpenComposeSource app = opened(scratch, kEmpty);
  CHECK_THAT(texts(app.offered().value().names), Equals(std::vector<std::string>{"one", "same"}));
  CHECK(text(app.find(name("same"))) == "three");
  OpenComposeSource far = opened(scratch, kEmpty, "far");
  CHECK_THAT(texts(far.offered().value().names), Equals(std::vector<std::string>{"four", "one"}));
  CHECK(text(far.find(name("four"))) == "four");
}

TEST_CASE("a secret that cannot be given is trouble when it is wanted, and only then") {
  const Scratch scratch;
  scratch.write("compose.yaml", R"(
services:
  app:
    secrets: [good, external, missing, directory, large, fifo, unset, undefined, formless, "null", nothing]
secrets:
  good: {file: good.txt}
  external: {external: true, name: in_swarm}
  missing: {file: missing.txt}
  directory: {file: directory}
  large: {file: large.txt}
  fifo: {file: fifo}
  unset: {environment: NOT_SET}
  formless: {driver: vault}
  "null":
  nothing: {file: "${NOT_SET}"}
)");
  scratch.write("good.txt", "g");
  scratch.directory("directory");
  scratch.write("large.txt", std::string(1024 * 1024 + 1, 'x'));
  ::mkfifo(scratch.path("fifo").c_str(), 0644);
  OpenComposeSource source = opened(scratch, kEmpty);
  CHECK(text(source.find(name("good"))) == "g");
  const auto [secret, said] = GENERATE(table<std::string, std::string>({
      {"external", "only Swarm has its value"},
      {"missing", "Compose itself would only warn, or make a directory of it"},
      {"directory", "Docker makes a directory of a file that is not there"},
      {"large", "more than 1 MiB"},
      {"fifo", "a pipe, a socket or a device"},
      {"unset", "NOT_SET"},
      {"undefined", "not defined at the top level"},
      {"formless", "neither file: nor environment:"},
      {"null", "neither file: nor environment:"},
      {"nothing", "file: is empty"},
  }));
  CAPTURE(secret);
  CHECK_THAT(trouble(source.find(name(secret))), Contains(said));
  CHECK_THAT(trouble(source.find(name(secret))), Contains(scratch.path("compose.yaml") + ":"));
}

TEST_CASE("a file that is not as it should be says where") {
  const Scratch scratch;
  const auto [content, said] = GENERATE(table<std::string, std::string>({
      {"services: {web: {}, worker: {}}", "there is no service of that name in the file | name one of its services: web, worker"},
      {"services: {web: {}}\ninclude: [other.yaml]", "include: is not followed"},
      {"x: 1", "there is no service in the file"},
      {"- list", "it is no mapping"},
      {"services: {app: {secrets: {a: b}}}", ":1:27: secrets: of a service is a list"},
      {"services: {app: {secrets: [[a]]}}", "is a name, or a mapping with source:"},
      {"services: {app: {secrets: [{target: a}]}}", "has no source:"},
      {"services: {app: {secrets: [{source: [a]}]}}", "source: is the name of a secret"},
      {"services: {app: {secrets: [\"${X:?swordfish}\"]}}", ": X: a variable that is required (?) is not set"},
      {"services: {app: {secrets: [\"$ swordfish\"]}}", "a dollar is written $$"},
      {"services: {app: {secrets: [a]}}\nsecrets: {a: {file: [x]}}", "file: is a path"},
      {"services: {app: {secrets: [{source: a, target: k}, {source: b, target: /x/k}]}}", "has the same file name"},
      {"services: {app: {extends: app}}", "extends leads in a circle"},
      {"services: {app: {extends: gone}, web: {}}", "there is no service of that name"},
      {"services: {app: {extends: {file: gone.yaml, service: x}}}", "gone.yaml: No such file or directory (ENOENT)"},
      {"services: {app: {extends: {file: compose.yaml}}}", "extends names no service"},
      {"services: {app: {}, app: {}}", "compose.yaml:1:"},
      {"services: [", "compose.yaml:"},
  }));
  CAPTURE(content);
  scratch.write("compose.yaml", content);
  CHECK_THAT(why_not(scratch), Contains(said) && !Contains("swordfish"));
}

TEST_CASE("a definition that an include: may hold says so") {
  const Scratch scratch;
  scratch.write("compose.yaml", "include: [secrets.yaml]\nservices: {app: {secrets: [key]}}\n");
  CHECK_THAT(trouble(opened(scratch, kEmpty).find(name("key"))), Contains("include: is not followed"));
}

TEST_CASE("names that no secret can have are skipped, and said") {
  const Scratch scratch;
  scratch.write("compose.yaml", "services: {app: {secrets: [{source: a, target: 'two words'}, {source: a, target: dir/}]}}\nsecrets: {a: {file: a}}\n");
  const Result<Offer, Trouble> offer = opened(scratch, kEmpty).offered();
  CHECK(offer.value().names.empty());
  CHECK(offer.value().skipped.size() == 2);
}

TEST_CASE("a compose file that is not there, or is none") {
  const Scratch scratch;
  const Block& block = kEmpty;
  CHECK(!open(scratch, block, "app", Presence::optional).value());
  CHECK(open(scratch, block).error().code == Code::source_missing);
  scratch.directory("compose.yaml");
  CHECK(open(scratch, block, "app", Presence::optional).error().code == Code::source_invalid);
}

TEST_CASE("an optional compose file that extends a missing one is trouble") {
  const Scratch scratch;
  scratch.write("compose.yaml", "services: {app: {extends: {file: gone.yaml, service: x}}}");
  CHECK(!open(scratch, kEmpty, "app", Presence::optional));
}

TEST_CASE("files are bounded: 4 MiB, nodes, depth") {
  const Scratch scratch;
  scratch.write("compose.yaml", "services: {app: {}}\n# " + std::string(4 * 1024 * 1024, 'x'));
  CHECK_THAT(why_not(scratch), Contains("more than 4 MiB"));
  std::string bomb = "x0: &x0 [a, a, a, a, a, a, a, a, a, a]\n";
  for (int i = 1; i < 9; ++i) {
    bomb += "x" + std::to_string(i) + ": &x" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) bomb += (j > 0 ? ", *x" : "*x") + std::to_string(i - 1);
    bomb += "]\n";
  }
  scratch.write("compose.yaml", bomb + "services: {app: {}}\n");
  CHECK_THAT(why_not(scratch), Contains("compose.yaml:"));
  scratch.write("compose.yaml", "services: {app: {}}\ndeep: " + std::string(1000, '[') + std::string(1000, ']') + "\n");
  CHECK_THAT(why_not(scratch), Contains("compose.yaml:"));
}

}  // namespace
}  // namespace hushrun
