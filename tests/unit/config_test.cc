#include <catch2/catch.hpp>

#include "config/config.h"
#include "config/suggest.h"

namespace hushrun {
namespace {

using namespace std::chrono_literals;

Config good(const std::string& text, const std::optional<std::string>& profile = std::nullopt,
            const std::string& path = "hushrun.yaml") {
  auto config = parse_config(text, path, profile);
  if (!config) {
    for (const Error& error : config.error().list) UNSCOPED_INFO(error.where.view() << ": " << error.why.words().view());
  }
  REQUIRE(config);
  return std::move(config).value();
}

// "WHAT | WHERE | FIX", all problems in order.
std::vector<std::string> problems(const std::string& text, const std::optional<std::string>& profile = std::nullopt) {
  const auto config = parse_config(text, "hushrun.yaml", profile);
  std::vector<std::string> all;
  if (config) return all;
  for (const Error& error : config.error().list) {
    all.push_back(std::string{error.what.view()} + " | " + std::string{error.where.view()} + " | " + std::string{error.fix.view()});
  }
  return all;
}

// Every word of every problem, to look for what must not be in it.
std::string everything_said(const std::string& text, const std::optional<std::string>& profile = std::nullopt) {
  const auto config = parse_config(text, "hushrun.yaml", profile);
  REQUIRE_FALSE(config);
  std::string all;
  for (const Error& error : config.error().list) {
    all.append(error.what.view()).append("\n").append(error.where.view()).append("\n");
    all.append(error.why.words().view()).append("\n").append(error.fix.view()).append("\n");
  }
  return all;
}

std::vector<std::string> names(const Config& config) {
  std::vector<std::string> all;
  for (const VariableConfig& variable : config.variables) all.push_back(variable.name.text());
  return all;
}

TEST_CASE("a config of every field") {
  const Config config = good(R"(
version: 1
sources:
  - dir: /run/secrets
  - {dotenv: .env, optional: true}
  - env: [CI_TOKEN, OTHER]
  - {compose: compose.yaml, service: agent}
  - {command: [bin/show, key, 1], name: api_key, timeout: 1m30s}
  - {command: [pass, show], name: other}
env:
  ANTHROPIC_API_KEY: anthropic_key
  DATABASE_URL: {template: "postgres://${rds#/password|urlencode}@db"}
  HF_TOKEN: {secret: hf, optional: true, allow_empty: true, keep_existing: true, newline: strip_all,
             expect: {prefix: hf_, min_length: 20, max_length: 30}}
  PORT: {secret: port, default: 8080}
files:
  /run/hushrun/tls.key: {secret: tls, mode: 0440, owner: "app:1000", env: TLS_KEY_FILE, disk: allowed, newline: keep}
  x.yaml: {template_file: x.tmpl}
  gcp.json: {secret: gcp, as: memfd, env: GCP}
auto: false
process: {user: app, no_new_privs: true, drop_capabilities: [NET_RAW, cap_checkpoint_restore], core_dumps: true, close_fds: true,
          env: {clear: true, keep: [PATH, HOME]}}
log: {level: debug, format: json}
)", {}, "conf/hushrun.yaml");

  REQUIRE(config.sources.size() == 6);
  CHECK(std::get<DirectorySource>(config.sources[0].kind).path == "/run/secrets");
  CHECK_FALSE(config.sources[0].optional);
  CHECK(std::get<DotenvSource>(config.sources[1].kind).path == "conf/.env");
  CHECK(config.sources[1].optional);
  CHECK(std::get<EnvironmentSource>(config.sources[2].kind).names.size() == 2);
  CHECK(std::get<ComposeSource>(config.sources[3].kind).path == "conf/compose.yaml");
  CHECK(std::get<ComposeSource>(config.sources[3].kind).service == "agent");
  const auto& command = std::get<CommandSource>(config.sources[4].kind);
  CHECK(command.argv == std::vector<std::string>{"conf/bin/show", "key", "1"});
  CHECK(command.name.text() == "api_key");
  CHECK(command.timeout == 90s);
  CHECK(std::get<CommandSource>(config.sources[5].kind).argv[0] == "pass");
  CHECK(std::get<CommandSource>(config.sources[5].kind).timeout == 10s);
  CHECK(config.sources[1].place.shown().view() == "sources[1], conf/hushrun.yaml:5:5");

  REQUIRE(names(config) == std::vector<std::string>{"ANTHROPIC_API_KEY", "DATABASE_URL", "HF_TOKEN", "PORT"});
  CHECK(std::get<Reference>(config.variables[0].wanted.from).name.text() == "anthropic_key");
  CHECK(config.variables[0].place.shown().view() == "env.ANTHROPIC_API_KEY, conf/hushrun.yaml:11:22");
  CHECK(std::get<Template>(config.variables[1].wanted.from).parts.size() == 3);
  const Wanted& token = config.variables[2].wanted;
  CHECK(token.optional);
  CHECK(token.allow_empty);
  CHECK(config.variables[2].keep_existing);
  CHECK(token.newline == Newline::strip_all);
  CHECK(token.expect.prefix == "hf_");
  CHECK(token.expect.min_length == 20);
  CHECK(token.expect.max_length == 30);
  CHECK(config.variables[3].wanted.fallback == "8080");
  CHECK_FALSE(config.variables[0].wanted.newline);

  REQUIRE(config.files.size() == 3);
  const FileConfig& key = config.files[0];
  CHECK(key.path == "/run/hushrun/tls.key");
  CHECK(key.mode == 0440);
  CHECK(key.owner->user == "app");
  CHECK(key.owner->group == "1000");
  CHECK(key.owner->place.field.view() == "files./run/hushrun/tls.key.owner");
  CHECK(key.variable->text() == "TLS_KEY_FILE");
  CHECK(key.disk_allowed);
  CHECK(key.wanted.newline == Newline::keep);
  CHECK(std::get<TemplateFile>(config.files[1].wanted.from).path == "conf/x.tmpl");
  CHECK(config.files[1].mode == 0400);
  CHECK(config.files[2].as == FileConfig::As::memfd);

  CHECK(config.automatic == false);
  CHECK(config.process.user->user == "app");
  CHECK(config.process.no_new_privs);
  CHECK(config.process.drop_capabilities->numbers == std::vector<unsigned>{13, 40});
  CHECK_FALSE(config.process.drop_capabilities->all);
  CHECK(config.process.core_dumps);
  CHECK(config.process.close_fds);
  CHECK(config.process.clear_environment);
  CHECK(config.process.keep.size() == 2);
  CHECK(config.log.level == log::Level::debug);
  CHECK(config.log.format == log::Format::json);
}

TEST_CASE("what is not said stays unset") {
  const Config config = good("version: 1\n");
  CHECK(config.sources.empty());
  CHECK_FALSE(config.automatic);
  CHECK_FALSE(config.process.user);
  CHECK_FALSE(config.process.drop_capabilities);
  CHECK_FALSE(config.process.core_dumps);
  CHECK_FALSE(config.log.level);
}

TEST_CASE("a profile changes what it names and nothing else") {
  const std::string text = R"(
profiles:
  dev:
    sources: [{dotenv: .env}]
    env:
      A: {secret: other}
      B: ~
      D: d
    files: {x: ~, y: {secret: y2, mode: "0440"}}
    auto: true
    process: {user: dev, env: {keep: [HOME]}}
    log: {level: info}
  empty: {}
version: 1
sources: [{dir: /run/secrets}, {env: [X]}]
env: {A: {secret: a, optional: true}, B: b, C: c}
files: {x: x, y: y}
auto: false
process: {user: app, no_new_privs: true, env: {clear: true, keep: [PATH]}}
log: {format: json}
)";
  SECTION("none asked for") {
    const Config config = good(text);
    CHECK(config.sources.size() == 2);
    CHECK(names(config) == std::vector<std::string>{"A", "B", "C"});
    CHECK(config.files.size() == 2);
  }
  SECTION("an empty one") { CHECK(names(good(text, "empty")) == std::vector<std::string>{"A", "B", "C"}); }
  SECTION("one of everything") {
    const Config config = good(text, "dev");
    REQUIRE(config.sources.size() == 1);
    CHECK(std::holds_alternative<DotenvSource>(config.sources[0].kind));
    REQUIRE(names(config) == std::vector<std::string>{"A", "C", "D"});
    CHECK(std::get<Reference>(config.variables[0].wanted.from).name.text() == "other");
    CHECK_FALSE(config.variables[0].wanted.optional);  // replaced whole
    CHECK(config.variables[0].place.field.view() == "profiles.dev.env.A");
    REQUIRE(config.files.size() == 1);
    CHECK(config.files[0].mode == 0440);
    CHECK(config.automatic == true);
    CHECK(config.process.user->user == "dev");
    CHECK(config.process.no_new_privs);
    CHECK(config.process.clear_environment);
    REQUIRE(config.process.keep.size() == 1);
    CHECK(config.process.keep[0].text() == "HOME");
    CHECK(config.log.level == log::Level::info);
    CHECK(config.log.format == log::Format::json);
  }
}

TEST_CASE("redact is a switch, or says which output; what it does not say is as it was, and on at first") {
  const auto redact = [](const std::string& text, const std::optional<std::string>& profile = std::nullopt) {
    const Config config = good("version: 1\n" + text, profile);
    return std::pair{config.process.redact.output, config.process.redact.errors};
  };
  CHECK(redact("") == std::pair{false, false});
  CHECK(redact("redact: true") == std::pair{true, true});
  CHECK(redact("redact: false") == std::pair{false, false});
  CHECK(redact("redact: {}") == std::pair{true, true});
  CHECK(redact("redact: {stderr: false}") == std::pair{true, false});
  CHECK(redact("redact: {stdout: false, stderr: true}") == std::pair{false, true});
  CHECK(redact("redact: {stderr: false}\nprofiles: {p: {redact: {stderr: true}}}", "p") == std::pair{true, true});
  CHECK(redact("redact: true\nprofiles: {p: {redact: {stdout: false}}}", "p") == std::pair{false, true});
  CHECK(redact("redact: true\nprofiles: {p: {redact: false}}", "p") == std::pair{false, false});

  // exec in a profile is the later word, and so is redact.
  CHECK(redact("redact: true\nprofiles: {p: {process: {mode: exec}}}", "p") == std::pair{false, false});
  CHECK(redact("redact: true\nprofiles: {p: {process: {user: app}}}", "p") == std::pair{true, true});
  CHECK_FALSE(good("version: 1\nprocess: {mode: exec}\nprofiles: {p: {redact: true}}", "p").process.exec_is_written);

  const Config config = good("version: 1\nenv: {A: {secret: a, redact: never}, B: b}\nfiles: {c: {secret: c, redact: always}}");
  CHECK(config.variables[0].wanted.masking == Masking::never);
  CHECK(config.variables[1].wanted.masking == Masking::automatic);
  CHECK(config.files[0].wanted.masking == Masking::always);
}

TEST_CASE("a profile that is not there") {
  const auto [text, asked, problem] = GENERATE(table<std::string, std::string, std::string>({
      {"version: 1\nprofiles: {dev: {}, production: {}}", "prodution",
       "unknown profile | hushrun.yaml:1:1 | did you mean production"},
      {"version: 1\nprofiles: {dev: {}, production: {}}", "hunter2hunter2",
       "unknown profile | hushrun.yaml:1:1 | it has dev, production"},
      {"version: 1\n", "dev", "unknown profile | hushrun.yaml:1:1 | choose none, or write one under profiles"},
      {"version: 1\nprofiles: {}\n", "dev", "unknown profile | hushrun.yaml:1:1 | choose none, or write one under profiles"},
  }));
  CHECK(problems(text, asked) == std::vector{problem});
}

TEST_CASE("every profile is checked, chosen or not") {
  const std::string text = "version: 1\nprofiles: {dev: {env: {A: a b}}, prod: {}}\n";
  const std::vector<std::string> expected = {
      "not a reference | profiles.dev.env.A, hushrun.yaml:2:27 | write NAME, NAME#/json/pointer or NAME|filter; a value has no place here"};
  CHECK(problems(text) == expected);
  CHECK(problems(text, "prod") == expected);
  CHECK(problems(text, "dev") == expected);
}

TEST_CASE("a mistake is named by place, field and what was meant") {
  const auto [text, problem] = GENERATE(table<std::string, std::string>({
      {"evn: {}", "unknown field | hushrun.yaml:2:1 | did you mean env"},
      {"proces: {}", "unknown field | hushrun.yaml:2:1 | did you mean process"},
      {"Files: {}", "unknown field | hushrun.yaml:2:1 | did you mean files"},
      {"environment: {}",
       "unknown field | hushrun.yaml:2:1 | the fields here are version, profiles, sources, env, files, auto, process, redact, log"},
      {"env: {DB_PASSWORD: {secret: a, optinal: true}}",
       "unknown field | env.DB_PASSWORD, hushrun.yaml:2:32 | did you mean optional"},
      {"env: {DB_PASSWORD: {secret: a, keep-existing: true}}",
       "unknown field | env.DB_PASSWORD, hushrun.yaml:2:32 | did you mean keep_existing"},
      {"env: {DB_PASSWORD: {secret: a, optional: yes}}",
       "wrong type | env.DB_PASSWORD.optional, hushrun.yaml:2:42 | write true or false, without quotes"},
      {"env: {DB_PASSWORD: {}}",
       "missing field | env.DB_PASSWORD, hushrun.yaml:2:20 | write one of secret, template, template_file"},
      {"env: {A: {secret: a, default: x, optional: true}}",
       "fields that exclude each other | env.A, hushrun.yaml:2:10 | take optional out, or default"},
      {"env: [a]", "wrong type | env, hushrun.yaml:2:6 | write lines of key: value, indented"},
      {"env: {A: }", "empty field | env.A, hushrun.yaml:2:10 | write a value, or take the line out"},
      {"sources: [{dri: /x}]", "unknown field | sources[0], hushrun.yaml:2:12 | did you mean dir"},
      {"sources: [{dir: /x}, {compose: c}]", "missing field | sources[1].service, hushrun.yaml:2:22 | add it"},
      {"sources: [{command: [a], name: b, timeout: 10}]",
       "invalid value | sources[0].timeout, hushrun.yaml:2:44 | write it like 500ms, 10s or 1m30s"},
      {"files: {/run/x/k: {secret: a, mode: \"0777\"}}",
       "unsafe mode | files./run/x/k.mode, hushrun.yaml:2:37 | take the last digit's 2 out"},
      {"log: {level: wran}", "unknown word | log.level, hushrun.yaml:2:14 | did you mean warn"},
      {"env: {A: a, A: b}", "malformed YAML | env.A, hushrun.yaml:2:13 | keep one of them"},
      {"version: 1", "malformed YAML | version, hushrun.yaml:2:1 | keep one of them"},
      {"env: {A: 'a}", "malformed YAML | env.A, hushrun.yaml:2:13 | close it"},
  }));
  CAPTURE(text);
  CHECK(problems("version: 1\n" + text) == std::vector{problem});
}

TEST_CASE("all problems are reported together") {
  CHECK(problems("env: {A: a b, B: {}}\nauto: 1\nx: y\n").size() == 5);
}

TEST_CASE("a hundred problems are enough") {
  std::string text = "version: 1\nenv:\n";
  for (int i = 0; i < 2000; ++i) text += "  V" + std::to_string(i) + ": a b\n";
  const auto all = problems(text);
  REQUIRE(all.size() == 101);
  CHECK(all.back() == "too many problems | hushrun.yaml | mend these first");
}

TEST_CASE("more than 4096 variables are refused") {
  std::string text = "version: 1\nenv:\n";
  for (int i = 0; i < 4096; ++i)
    text += "  V" + std::to_string(i) + ": {secret: a, optional: true, newline: keep, expect: {prefix: a}}\n";
  CHECK(good(text).variables.size() == 4096);
  CHECK(problems(text + "  X: a\n") == std::vector<std::string>{"too many entries | env, hushrun.yaml:3:3 | take some out"});
}

TEST_CASE("a password pasted anywhere is said nowhere") {
  // In each place a text can stand; every one of them is refused.
  const std::string secret = GENERATE("hunter2 is my password", "sk-ant-api03-Zm9vYmFyYmF6cXV4", "Tr0ub4dor&3x!", "tr0ub4dor!");
  const std::string quoted = "'" + secret + "'";
  // `@` stands for it in quotes, where YAML lets it; `@@` for it without.
  const std::string place =
      GENERATE("@: x", "env: {@: x}", "env: {A: {@: x}}", "env: {A: {secret: a, @: x}}", "env: {A: {secret: [@]}}",
               "env: {A: {template: @}}", "env: {A: {secret: a, optional: @}}", "env: {A: {secret: a, newline: @}}",
               "env: {A: {secret: a, expect: {min_length: @}}}", "env: {A: @, A: @}", "env: {@: a, @: a}", "env: @",
               "files: {x: {secret: a, mode: @}}", "files: {'x/@@/..': a}", "files: {@: {secret: a, as: memfd}}",
               "files: {x: {secret: a, env: @}}", "sources: [@]", "sources: [{@: x}]", "sources: [{env: [@]}]",
               "sources: [{command: [a], name: @, x: y}]", "sources: [{command: [a], name: b, timeout: @}]", "auto: @",
               "process: {user: [@]}", "process: {drop_capabilities: @}", "process: {drop_capabilities: [@]}",
               "process: {env: {clear: true, keep: [@]}}", "log: {level: @}", "profiles: {@: {x: y}}", "profiles: {dev: {@: x}}",
               "version: @", "x: !@ y", "x: &@ y", "x: *@", "[@", "\"\\@\"", "x: y: @", "@");
  std::string text = place.starts_with("version") ? "" : "version: 1\n";
  for (std::size_t i = 0; i < place.size(); ++i) {
    const bool twice = place.substr(i).starts_with("@@");
    const bool bare = i > 0 && (place[i - 1] == '!' || place[i - 1] == '&' || place[i - 1] == '*' || place[i - 1] == '\\');
    if (twice) text += secret, ++i;
    else if (place[i] == '@') text += bare ? secret : quoted;
    else text += place[i];
  }
  CAPTURE(text);
  const std::string said = everything_said(text);
  CHECK(said.find(secret) == said.npos);
  CHECK(said.find(secret.substr(0, 7)) == said.npos);
}

TEST_CASE("the name of a profile that was asked for is not said if it could be a key") {
  const std::string said = everything_said("version: 1\nprofiles: {dev: {}}\n", "sk-ant-api03-Zm9vYmFy");
  CHECK(said.find("sk-ant") == said.npos);
}

TEST_CASE("a hostile config is refused") {
  const std::string text =
      GENERATE(std::string(1024 * 1024 + 1, '#'), std::string(1024 * 1024, '['), "version: 1\nx: " + std::string(500'000, '{'),
               std::string("version: 1\n\0", 12), std::string("\xff"), std::string(100'000, '-'),
               std::string("version: 1\n---\nversion: 1\n"), std::string("a: &a [x]\nb: [*a, *a]\n"),
               std::string("version: !!python/object:os.system 1\n"));
  CHECK_FALSE(problems(text).empty());
}

TEST_CASE("relative paths start at the config's directory") {
  const auto [config_path, path, joined] = GENERATE(table<std::string, std::string, std::string>({
      {"hushrun.yaml", "x", "x"},
      {"./hushrun.yaml", "x", "./x"},
      {"/etc/hushrun/hushrun.yaml", "x/y", "/etc/hushrun/x/y"},
      {"/etc/hushrun/hushrun.yaml", "/x", "/x"},
      {"/hushrun.yaml", "../x", "/../x"},
  }));
  const Config config = good("version: 1\nsources: [{dir: " + path + "}]\n", {}, config_path);
  CHECK(std::get<DirectorySource>(config.sources[0].kind).path == joined);
}

TEST_CASE("durations") {
  const auto [text, duration] = GENERATE(table<std::string, std::optional<std::chrono::milliseconds>>({
      {"500ms", 500ms},
      {"10s", 10s},
      {"1m30s", 90s},
      {"1h2m3s4ms", 3'723'004ms},
      {"0s", 0ms},
      {"24h", 24h},
      {"", {}},
      {"10", {}},
      {"s", {}},
      {"10 s", {}},
      {"1.5s", {}},
      {"-1s", {}},
      {"1s1m", {}},
      {"1s1s", {}},
      {"24h1ms", {}},
      {"10us", {}},
      {"10S", {}},
      {"99999999999999999999s", {}},
  }));
  CAPTURE(text);
  CHECK(parse_duration(text) == duration);
}

TEST_CASE("users") {
  const auto [text, user, group] = GENERATE(table<std::string, std::string, std::string>({
      {"app", "app", ""},
      {"app:staff", "app", "staff"},
      {"1000", "1000", ""},
      {"1000:1000", "1000", "1000"},
      {"0", "0", ""},
      {"4294967294", "4294967294", ""},
      {"_apt", "_apt", ""},
      {"machine$", "machine$", ""},
      {"4294967295", "", ""},
      {"99999999999", "", ""},
      {"", "", ""},
      {":", "", ""},
      {"app:", "", ""},
      {":app", "", ""},
      {"a:b:c", "", ""},
      {"-1", "", ""},
      {"a b", "", ""},
      {"a/b", "", ""},
  }));
  CAPTURE(text);
  const auto parsed = parse_user(text);
  CHECK(parsed.has_value() == !user.empty());
  if (!parsed) return;
  CHECK(parsed->user == user);
  CHECK(parsed->group.value_or("") == group);
}

TEST_CASE("file modes") {
  const auto [text, mode] = GENERATE(table<std::string, std::optional<unsigned>>({{"0400", 0400},
                                                                                  {"400", 0400},
                                                                                  {"0777", 0777},
                                                                                  {"000", 0},
                                                                                  {"4400", {}},
                                                                                  {"0o400", {}},
                                                                                  {"40", {}},
                                                                                  {"0800", {}},
                                                                                  {"", {}},
                                                                                  {"r--", {}},
                                                                                  {"04000", {}}}));
  CAPTURE(text);
  CHECK(parse_file_mode(text) == mode);
}

TEST_CASE("capabilities") {
  CHECK(parse_capability("CAP_CHOWN") == 0);
  CHECK(parse_capability("net_raw") == 13);
  CHECK(parse_capability("Cap_Sys_Admin") == 21);
  CHECK(parse_capability("CHECKPOINT_RESTORE") == 40);
  CHECK_FALSE(parse_capability("CAP_"));
  CHECK_FALSE(parse_capability("CAP_CAP_CHOWN"));
  CHECK_FALSE(parse_capability("ALL"));
}

TEST_CASE("did you mean") {
  constexpr std::string_view kWords[] = {"secret", "template", "template_file", "optional", "as", "env", "dir"};
  const auto [given, meant] = GENERATE(table<std::string, std::string>({
      {"secrte", "secret"},
      {"secrets", "secret"},
      {"Template", "template"},
      {"templatefile", "template_file"},
      {"template-file", "template_file"},
      {"optoinla", "optional"},
      {"evn", "env"},
      {"ASS", "as"},
      {"vne", ""},
      {"x", ""},
      {"", ""},
      {"password", ""},
      {"hunter2", ""},
      {std::string(100, 'e'), ""},
  }));
  CAPTURE(given);
  CHECK(suggest(given, kWords).value_or("") == meant);
}

}  // namespace
}  // namespace hushrun
