// Plan → Resolved: every value read once, cut, filtered, rendered and checked, all problems in one report.

#include "plan/resolve.h"

#include <catch2/catch.hpp>
#include <string>

#include "source_scratch.h"

namespace hushrun {
namespace {

using Texts = std::vector<std::string>;

// A run over a directory of secrets, with a config as people write it.
class Run {
 public:
  explicit Run(const std::string& config, Texts environment = {}) : block_{with_paths(std::move(environment))}, config_{config} {}

  const Scratch& files() const { return scratch_; }

  void go() {
    const std::string yaml = "version: 1\nsources: [{dir: secrets}]\n" + config_;
    scratch_.directory("secrets");
    Result<Config, Problems> config = parse_config(yaml, scratch_.path("hushrun.yaml"), std::nullopt);
    REQUIRE(config);
    Plan plan = Plan::from(std::move(config).value(), block_.environment()).value();
    Result<Sources, Problems> sources = Sources::open(plan.sources(), block_.environment(), Reading::values);
    REQUIRE(sources);
    REQUIRE(add_automatic(plan, sources.value(), block_.environment()));
    answer_.emplace(resolve(std::move(plan), sources.value(), block_.environment()));
  }

  bool worked() const { return static_cast<bool>(*answer_); }
  const Resolved& resolved() const { return *answer_ ? answer_->value() : answer_->error().rest; }

  // "TARGET=value", in order.
  Texts values() const {
    Texts all;
    for (const ResolvedBinding& binding : resolved().bindings) {
      const auto* variable = std::get_if<ToVariable>(&binding.target);
      all.push_back((variable != nullptr ? variable->name.text() : std::get<ToFile>(binding.target).path) + "=" + text(binding.value));
    }
    return all;
  }
  Texts problems() const {
    Texts all;
    if (worked()) return all;
    for (const Error& error : answer_->error().problems.list) all.push_back(said(error));
    return all;
  }
  Texts warnings() const {
    Texts all;
    for (const Error& warning : resolved().warnings) all.push_back(said(warning));
    return all;
  }
  Texts raw() const {
    Texts all;
    for (const Resolved::Raw& value : resolved().raw) all.push_back(std::string{value.name.view()} + "=" + text(value.value));
    return all;
  }

 private:
  // $SCRATCH in the environment is our directory.
  Texts with_paths(Texts environment) const {
    for (std::string& entry : environment) {
      if (const std::size_t at = entry.find("$SCRATCH"); at != std::string::npos) entry.replace(at, 8, scratch_.root());
    }
    return environment;
  }
  // "code: the first of where".
  static std::string said(const Error& error) {
    return std::string{word(error.code).view()} + ": " + std::string{error.where.view().substr(0, error.where.view().find(", /"))};
  }
  Scratch scratch_;
  Block block_;
  std::string config_;
  std::optional<Result<Resolved, Unresolved>> answer_;
};

TEST_CASE("variables, templates and files each get their value; a newline is cut for the first two") {
  Run run{"env:\n  A: one\n  B: {template: \"<${one}|${two|base64}|$$>\"}\n  C: two#/k|trim\nfiles:\n  f: one\n  g: {template: \"${one}\\n\"}\n"};
  run.files().write("secrets/one", "first\n");
  run.files().write("secrets/two", "{\"k\": \" v \"}");
  run.go();
  CHECK(run.problems().empty());
  CHECK(run.values() == Texts{"A=first", "B=<first|eyJrIjogIiB2ICJ9|$>", "C=v", "f=first\n", "g=first\n"});
  CHECK(run.raw() == Texts{"one=first\n", "two={\"k\": \" v \"}"});
  CHECK(run.warnings().empty());
}

TEST_CASE("what is said of masking holds for the whole secret only where all who want it say the same of all of it") {
  Run run{"env:\n  A: {secret: a, redact: never}\n  B: {secret: b, redact: never}\n  C: b\n  D: {secret: doc#/k, redact: never}\n"
          "  E: {template: \"${part}\", redact: never}\n"};
  for (const char* name : {"a", "b", "part"}) run.files().write(std::string{"secrets/"} + name, "value");
  run.files().write("secrets/doc", "{\"k\": \"v\"}");
  run.go();
  REQUIRE(run.worked());
  std::vector<Masking> bindings, raw;
  for (const ResolvedBinding& one : run.resolved().bindings) bindings.push_back(one.masking);
  for (const Resolved::Raw& one : run.resolved().raw) raw.push_back(one.masking);
  CHECK(bindings == std::vector{Masking::never, Masking::never, Masking::automatic, Masking::never, Masking::never});
  CHECK(raw == std::vector{Masking::never, Masking::automatic, Masking::automatic, Masking::automatic});  // a, b, doc, part
}

TEST_CASE("every problem is in one report, and what is in order is there as well") {
  Run run{"env:\n  GOOD: good\n  A: absent_key\n  B: empty\n  C: good#/x\n  D: good|hexd\n  E: {secret: good, expect: {prefix: sk-}}\n  F: folder\n"
          "  G: {template: \"${absent_key} ${empty}\"}\n"};
  run.files().write("secrets/good", "value");
  run.files().write("secrets/empty", "\n");
  run.files().directory("secrets/folder");
  run.go();
  CHECK(run.problems() == Texts{"secret-missing: absent_key, env.A", "secret-empty: empty, env.B", "secret-invalid: good#/[not shown], env.C",
                                "secret-invalid: good|hexd, env.D", "secret-unexpected: good, env.E", "secret-unreadable: folder, env.F",
                                "secret-missing: absent_key, env.G"});
  CHECK(run.values() == Texts{"GOOD=value"});
}

TEST_CASE("a name is shown once a source has it; before, only if it is plainly one") {
  Run run{"env:\n  A: hunter2\n  B: swordfish|hexd\n"};
  run.files().write("secrets/swordfish", "xyz");
  run.go();
  CHECK(run.problems() == Texts{"secret-missing: a secret, env.A", "secret-invalid: swordfish|hexd, env.B"});
}

TEST_CASE("optional leaves out, default gives its text, allow_empty takes nothing for a value") {
  Run run{"env:\n  A: {secret: absent_key, optional: true}\n  B: {secret: absent_key, default: text}\n  C: {secret: absent_key, default: \"\"}\n"
          "  D: {secret: empty, allow_empty: true}\n  E: {template: \"${good} ${absent_key}\", optional: true}\n"
          "  F: {template: \"${good} ${absent_key}\", default: whole}\n  G: {secret: good, default: unused}\n"};
  run.files().write("secrets/good", "value");
  run.files().write("secrets/empty", "");
  run.go();
  CHECK(run.problems().empty());
  CHECK(run.values() == Texts{"B=text", "C=", "D=", "F=whole", "G=value"});
}

TEST_CASE("keep_existing keeps what is set and not empty, and asks for no secret then") {
  Run run{"env:\n  A: {secret: absent_key, keep_existing: true}\n  B: {secret: good, keep_existing: true}\n  C: {secret: good, keep_existing: true}\n",
          {"A=set", "B="}};
  run.files().write("secrets/good", "value");
  run.go();
  CHECK(run.problems().empty());
  CHECK(run.values() == Texts{"B=value", "C=value"});
  CHECK(run.warnings().empty());
}

TEST_CASE("a variable that is set already is overridden, with a warning; one that was a source is not warned about") {
  Run run{"env:\n  A: good\n  TOKEN: TOKEN\n", {"A=old", "TOKEN=from-env"}};
  run.files().write("secrets/good", "value");
  run.files().write("secrets/TOKEN", "t");
  run.go();
  CHECK(run.warnings() == Texts{"variable-overridden: A", "variable-overridden: TOKEN"});
}

TEST_CASE("newline policies") {
  Run run{"env:\n  A: many\n  B: {secret: many, newline: strip_all}\n  C: {secret: many, newline: keep}\nfiles:\n  f: {secret: many, newline: strip}\n"};
  run.files().write("secrets/many", "v\r\n\n");
  run.go();
  CHECK(run.values() == Texts{"A=v\r\n", "B=v", "C=v\r\n\n", "f=v\r\n"});
  CHECK(run.warnings() == Texts{"secret-suspicious: many, env.A", "secret-suspicious: many, files.[not shown]"});
}

TEST_CASE("what looks wrong is judged before filters, and trim mends it") {
  Run run{"env:\n  A: blank\n  B: blank|trim\n  C: plain|json\n  D: {template: \" ${plain} \"}\n  E: {template: \"${blank}\"}\nfiles: {f: blank}\n"};
  run.files().write("secrets/blank", " v\n");
  run.files().write("secrets/plain", "v\n");
  run.go();
  CHECK(run.warnings() == Texts{"secret-suspicious: blank, env.A", "secret-suspicious: blank, env.E"});
}

TEST_CASE("a variable holds no NUL and 131071 bytes with its name; a file holds both") {
  Run run{"env:\n  A: fits\n  B: large\n  C: nul\nfiles: {f: large, g: nul}\n"};
  run.files().write("secrets/fits", std::string(131072 - 3, 'x'));
  run.files().write("secrets/large", std::string(131072 - 2, 'x'));
  run.files().write("secrets/nul", std::string("a\0b", 3));
  run.go();
  CHECK(run.problems() == Texts{"variable-too-large: large, env.B", "secret-invalid: nul, env.C"});
  CHECK(run.resolved().bindings.size() == 3);
}

TEST_CASE("a template file is read, rendered, and its mistakes have lines") {
  Run run{"files:\n  a: {template_file: good.tmpl}\n  b: {template_file: bad.tmpl}\n  c: {template_file: none.tmpl}\n  d: {template_file: secrets}\n"};
  run.files().write("secrets/good", "value\n");
  run.files().write("good.tmpl", "one $$ ${good}\n");
  run.files().write("bad.tmpl", "one\ntwo ${good\n");
  run.go();
  CHECK(run.values() == Texts{"a=one $ value\n"});
  REQUIRE(run.problems().size() == 3);
  CHECK(run.problems()[0].starts_with("config-invalid: "));
  CHECK(run.problems()[1].starts_with("config-unreadable: "));
  CHECK(run.problems()[2].starts_with("config-unreadable: "));
}

TEST_CASE("_FILE entries that point into a source are claimed and taken out; offered names follow") {
  Run run{"auto: true\n", {"DB_PASSWORD_FILE=$SCRATCH/secrets/db", "FILE__DEEP=$SCRATCH/secrets/sub/deep", "CERT_FILE=$SCRATCH/cert.pem",
                           "GONE_FILE=relative/db", "HUSHRUN_X_FILE=$SCRATCH/secrets/other"}};
  run.files().write("secrets/db", "value\n");
  run.files().write("secrets/other", "o");
  run.files().write("secrets/sub/deep", "d\n");
  run.files().write("cert.pem", "x");
  run.go();
  CHECK(run.problems().empty());
  CHECK(run.values() == Texts{"DB_PASSWORD=value", "DEEP=d", "OTHER=o"});
  CHECK(run.resolved().taken_out == Texts{"DB_PASSWORD_FILE", "FILE__DEEP"});
}

TEST_CASE("a _FILE entry whose file is not there is a missing secret") {
  Run run{"auto: true\n", {"DB_PASSWORD_FILE=$SCRATCH/secrets/db"}};
  run.go();
  CHECK(run.problems() == Texts{"secret-missing: DB_PASSWORD, variable DB_PASSWORD_FILE"});
}

}  // namespace
}  // namespace hushrun
