#include "options/options.h"

#include <getopt.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>

#include "config/scalars.h"
#include "config/suggest.h"

namespace hushrun {
namespace {

// Options without a letter of their own.
enum Long : int { kNoConfig = 256, kPassphrase, kExec, kSupervise, kRedact, kStopTimeout, kGroup, kRewrite, kCheck, kCopyTo, kLogLevel, kLogFormat };

constexpr std::array kLongOptions = {
    option{"config", required_argument, nullptr, 'c'},
    option{"no-config", no_argument, nullptr, kNoConfig},
    option{"profile", required_argument, nullptr, 'p'},
    option{"source", required_argument, nullptr, 's'},
    option{"identity", required_argument, nullptr, 'i'},
    option{"passphrase", required_argument, nullptr, kPassphrase},
    option{"env", required_argument, nullptr, 'e'},
    option{"file", required_argument, nullptr, 'f'},
    option{"user", required_argument, nullptr, 'u'},
    option{"exec", no_argument, nullptr, kExec},
    option{"supervise", no_argument, nullptr, kSupervise},
    option{"redact", no_argument, nullptr, kRedact},
    option{"stop-timeout", required_argument, nullptr, kStopTimeout},
    option{"group", no_argument, nullptr, kGroup},
    option{"rewrite", required_argument, nullptr, kRewrite},
    option{"dry-run", no_argument, nullptr, 'n'},
    option{"check", no_argument, nullptr, kCheck},
    option{"copy-to", required_argument, nullptr, kCopyTo},
    option{"log-level", required_argument, nullptr, kLogLevel},
    option{"log-format", required_argument, nullptr, kLogFormat},
    option{"help", no_argument, nullptr, 'h'},
    option{"version", no_argument, nullptr, 'V'},
    option{nullptr, 0, nullptr, 0},
};

struct Setting {
  std::string_view variable;  // HUSHRUN_...
  int option;
  bool is_switch;
};
// Single values and switches; what may be repeated has no variable.
constexpr std::string_view kOwn = "HUSHRUN_";
constexpr std::array kSettings = {
    Setting{"HUSHRUN_CONFIG", 'c', false},       Setting{"HUSHRUN_NO_CONFIG", kNoConfig, true}, Setting{"HUSHRUN_PROFILE", 'p', false},
    Setting{"HUSHRUN_USER", 'u', false},         Setting{"HUSHRUN_DRY_RUN", 'n', true},         Setting{"HUSHRUN_CHECK", kCheck, true},
    Setting{"HUSHRUN_EXEC", kExec, true},        Setting{"HUSHRUN_SUPERVISE", kSupervise, true}, Setting{"HUSHRUN_STOP_TIMEOUT", kStopTimeout, false},
    Setting{"HUSHRUN_REDACT", kRedact, true},
    Setting{"HUSHRUN_GROUP", kGroup, true},      Setting{"HUSHRUN_REWRITE", kRewrite, false},
    Setting{"HUSHRUN_PASSPHRASE", kPassphrase, false},
    Setting{"HUSHRUN_COPY_TO", kCopyTo, false},  Setting{"HUSHRUN_LOG_LEVEL", kLogLevel, false}, Setting{"HUSHRUN_LOG_FORMAT", kLogFormat, false},
};

Error usage(Literal what, Public where, Why why, Public fix) { return {Code::usage, what, where, why, fix}; }

class Parser {
 public:
  explicit Parser(const Environment& environment) : environment_{environment} {}

  Result<Options, Problems> run(int argc, char** argv) {
    from_environment();
    from_arguments(argc, argv);
    if (passphrase_flaw_) problems_.add(std::move(*passphrase_flaw_));
    // How mistakes are told is an option as well.
    log::configure(options_.log_level.value_or(log::Level::warn), options_.log_format.value_or(log::Format::text));
    warn_of_mistyped_variables();
    if (!problems_.empty()) return std::move(problems_);
    return std::move(options_);
  }

 private:
  void from_environment() {
    for (const Setting& setting : kSettings) {
      const std::optional<std::string_view> value = environment_.find(setting.variable);
      if (!value || value->empty()) continue;
      const Place place{"variable " + Public::vouched(setting.variable), {}};
      if (!setting.is_switch) {
        apply(setting.option, *value, place);
      } else if (*value == "true" || *value == "1") {
        apply(setting.option, {}, place);
      } else if (*value != "false" && *value != "0") {
        problems_.add(usage("not a switch", place.text, "it is neither true nor false", "say true or false"));
      }
    }
  }

  // HUSHRUN_REDAKT=true would leave the log as it is, and nobody told. What resembles nothing of ours may be somebody's own.
  void warn_of_mistyped_variables() const {
    std::vector<std::string_view> words;
    for (const Setting& setting : kSettings) words.push_back(setting.variable.substr(kOwn.size()));
    for (char* const* entry = environment_.entries(); *entry != nullptr; ++entry) {
      std::string_view name{*entry};
      name = name.substr(0, name.find('='));
      if (!name.starts_with(kOwn)) continue;
      const std::string_view word = name.substr(kOwn.size());
      if (word == "SOURCE" || word == "IDENTITY" || word == "FILE") {
        log::warn({Code::config_invalid, "variable has no effect", Public::vouched(name), "it stands for an option that can be repeated, and those have no variable",
                   "give the option, or write it in hushrun.yaml"});
        continue;
      }
      if (word == "DIR" || std::find(words.begin(), words.end(), word) != words.end()) continue;
      if (const auto meant = suggest(word, words)) {
        log::warn({Code::config_invalid, "variable has no effect", "a variable that begins with HUSHRUN_", "there is no such setting",
                   "did you mean HUSHRUN_" + Public::vouched(*meant) + "?"});
      }
    }
  }

  void from_arguments(int argc, char** argv) {
    from_arguments_ = true;
    opterr = 0;  // getopt(3) would quote what was typed
    optind = 1;
    for (;;) {
      const int at = optind;
      // '+': options end at the first word that is not one. ':': a missing argument is told apart.
      const int found = ::getopt_long(argc, argv, "+:c:p:s:i:e:f:u:nhV", kLongOptions.data(), nullptr);
      if (found == -1) break;
      const Place place{"argument " + Public::number(static_cast<unsigned>(at)), {}};
      if (found == '?') {
        unknown(argv[at], place);
      } else if (found == ':') {
        problems_.add(usage("option needs an argument", place.text, "nothing follows it", "see hushrun --help"));
      } else {
        apply(found, optarg != nullptr ? std::string_view{optarg} : std::string_view{}, place);
      }
    }
    options_.command = argv + optind;
  }

  void unknown(std::string_view typed, const Place& place) {
    std::vector<std::string_view> names;
    for (const option& known : kLongOptions) {
      if (known.name != nullptr) names.push_back(known.name);
    }
    Public fix = "see hushrun --help";
    if (typed.starts_with("--")) {
      typed.remove_prefix(2);
      if (const std::size_t equals = typed.find('='); equals != std::string_view::npos) {
        if (std::find(names.begin(), names.end(), typed.substr(0, equals)) != names.end()) {
          problems_.add(usage("option takes no value", place.text, "it is a switch, and = follows it", "write it alone, or not at all"));
          return;
        }
      }
      if (const auto meant = suggest(typed.substr(0, typed.find('=')), names)) fix = "did you mean --" + Public::vouched(*meant) + "?";
    }
    problems_.add(usage("unknown option", place.text, "hushrun has no such option", fix));
  }

  void apply(int found, std::string_view text, const Place& place) {
    switch (found) {
      case 'c':
        options_.config = text;
        options_.config_place = place;
        break;
      case kNoConfig: options_.no_config = true; break;
      case 'p': options_.profile = text; break;
      case 's': source(text, place); break;
      case 'i':
        if (auto where = key_place(text, place)) options_.identities.push_back(std::move(*where));
        break;
      case kPassphrase: passphrase(text, place); break;
      case 'e': variable(text, place); break;
      case 'f': file(text, place); break;
      case 'u':
        options_.user = parse_user(text);
        if (options_.user) {
          options_.user->place = place;
        } else {
          problems_.add(usage("not a user", place.text, "USER or USER:GROUP is wanted", "give names or numbers: app, 1000:1000"));
        }
        break;
      case kExec: options_.mode = Mode::exec; break;
      case kSupervise: options_.mode = Mode::supervise; break;
      case kRedact: options_.redact = true; break;
      case kStopTimeout:
        options_.stop_timeout = parse_duration(text);
        if (!options_.stop_timeout) {
          problems_.add(usage("not a time", place.text, "a time is whole numbers with units, 24h at most", "write it like 500ms, 10s or 1m30s"));
        }
        needs_supervise(place);
        break;
      case kGroup:
        options_.group = true;
        needs_supervise(place);
        break;
      case kRewrite: rewrite(text, place); break;
      case 'n': options_.action = Options::Action::dry_run; break;
      case kCheck: options_.action = Options::Action::check; break;
      case kCopyTo:
        options_.action = Options::Action::copy;
        options_.copy_to = text;
        break;
      case kLogLevel: options_.log_level = one_of<log::Level>(text, place, kLevels); break;
      case kLogFormat: options_.log_format = one_of<log::Format>(text, place, kFormats); break;
      case 'h': options_.action = Options::Action::help; break;
      case 'V': options_.action = Options::Action::version; break;
      default: break;
    }
  }

  template <class T>
  struct Choice {
    std::string_view word;
    T value;
  };
  static constexpr std::array<Choice<log::Level>, 4> kLevels = {
      {{"error", log::Level::error}, {"warn", log::Level::warn}, {"info", log::Level::info}, {"debug", log::Level::debug}}};
  static constexpr std::array<Choice<log::Format>, 2> kFormats = {{{"text", log::Format::text}, {"json", log::Format::json}}};

  template <class T, std::size_t N>
  std::optional<T> one_of(std::string_view text, const Place& place, const std::array<Choice<T>, N>& choices) {
    std::vector<std::string_view> words;
    std::string all;
    for (const Choice<T>& choice : choices) {
      if (choice.word == text) return choice.value;
      words.push_back(choice.word);
      (all += all.empty() ? "" : " ") += choice.word;
    }
    const auto meant = suggest(text, words);
    problems_.add(usage("unknown value", place.text, "the values are " + Public::vouched(all),
                        meant ? "did you mean " + Public::vouched(*meant) + "?" : Public{"choose one of them"}));
    return std::nullopt;
  }

  void source(std::string_view text, const Place& place) {
    static constexpr std::array<std::string_view, 6> kKinds = {"dir", "age", "ejson", "dotenv", "env", "compose"};
    const std::size_t colon = text.find(':');
    const std::string_view kind = text.substr(0, colon);
    const std::string_view rest = colon == std::string_view::npos ? std::string_view{} : text.substr(colon + 1);
    const auto add = [&](auto config) { options_.sources.push_back({std::move(config), false, place}); };
    if (std::find(kKinds.begin(), kKinds.end(), kind) == kKinds.end() || colon == std::string_view::npos) {
      const auto meant = suggest(kind, kKinds);
      problems_.add(usage("unknown kind of source", place.text, "KIND:ARG is wanted; kinds are dir age ejson dotenv env compose",
                          meant ? "did you mean " + Public::vouched(*meant) + ":?" : Public{"begin with one of them, as in dir:/run/secrets"}));
    } else if (rest.empty()) {
      problems_.add(usage("source without a place", place.text, "nothing follows its kind", "say where it is, as in dir:/run/secrets"));
    } else if (kind == "dir") {
      add(DirectorySource{std::string{rest}});
    } else if (kind == "age") {
      add(AgeSource{std::string{rest}, {}, std::nullopt});
    } else if (kind == "ejson") {
      add(EjsonSource{std::string{rest}, {}, std::nullopt});
    } else if (kind == "dotenv") {
      add(DotenvSource{std::string{rest}});
    } else if (kind == "env") {
      if (const auto name = VariableName::parse(rest)) return add(EnvironmentSource{{*name}});
      problems_.add(usage("not a variable's name", place.text, "env:VAR is wanted, with letters, digits and _", "name a variable, as in env:CI_TOKEN"));
    } else {
      const std::size_t hash = rest.rfind('#');
      if (hash != std::string_view::npos && hash > 0 && hash + 1 < rest.size()) {
        return add(ComposeSource{std::string{rest.substr(0, hash)}, std::string{rest.substr(hash + 1)}});
      }
      problems_.add(usage("source without a service", place.text, "compose:FILE#SERVICE is wanted", "name the service, as in compose:compose.yaml#app"));
    }
  }

  // Nothing of `text` is shown: people paste the key where its place belongs.
  std::optional<KeyPlace> key_place(std::string_view text, const Place& place) {
    std::optional<KeyPlace> found = parse_key_place(text);
    if (found) found->place = place;
    else problems_.add(usage("not a place of a key", place.text, "FILE, env:VAR, fd:N (from 3 on) or secret:NAME is wanted, not the key itself",
                             "put the key into a file or a secret, and say where that is"));
    return found;
  }

  // The variable holds a place, as all settings hold what their option takes. Whoever puts the passphrase itself there is told so, unless
  // --passphrase env:HUSHRUN_PASSPHRASE says that it is meant; a bare word is taken for one, since a file can be written ./word.
  void passphrase(std::string_view text, const Place& place) {
    if (from_arguments_) {
      passphrase_flaw_.reset();
      if (auto found = key_place(text, place)) options_.passphrase = std::move(found);
      return;
    }
    std::optional<KeyPlace> found = parse_key_place(text);
    if (found && (found->kind != KeyPlace::Kind::file || text.starts_with('/') || text.starts_with('.'))) {
      found->place = place;
      options_.passphrase = std::move(found);
      return;
    }
    passphrase_flaw_ = usage("not a place of a passphrase", place.text, "it holds neither env:VAR, fd:N, secret:NAME nor a path that begins with / or .",
                             "name the place; to have the passphrase itself in this variable say --passphrase env:HUSHRUN_PASSPHRASE");
  }

  // What only an init can do is a mistake beside --exec. Of a variable of the image's it is not: it may be meant for another command.
  void needs_supervise(const Place& place) {
    if (from_arguments_) options_.supervise_only = place;
  }

  // FROM=TO, several with commas in between: so that HUSHRUN_REWRITE can hold them all.
  void rewrite(std::string_view text, const Place& place) {
    needs_supervise(place);
    for (bool more = true; more;) {
      const std::size_t comma = text.find(',');
      const std::string_view one = text.substr(0, comma);
      more = comma != std::string_view::npos;
      if (more) text.remove_prefix(comma + 1);
      const std::size_t equals = one.find('=');
      const auto parsed = equals == std::string_view::npos ? std::nullopt : parse_rewrite(one.substr(0, equals), one.substr(equals + 1));
      if (parsed) {
        options_.rewrite.push_back(*parsed);
      } else {
        problems_.add(usage("not a signal and another", place.text, "a signal that can be caught, =, and the one to send in its place are wanted",
                            "write it like TERM=QUIT, or TERM=none"));
      }
    }
  }

  // The reference behind the `=`; `left` is what stands before it.
  std::optional<Reference> reference(std::string_view text, const Place& place) {
    Result<Reference, Malformed> parsed = parse_reference(text);
    if (parsed) return std::move(parsed).value();
    problems_.add(usage("not a reference", place.text, parsed.error().why, "write NAME[#/json/pointer][|filter]..."));
    return std::nullopt;
  }

  void variable(std::string_view text, const Place& place) {
    const std::size_t equals = text.find('=');
    const auto name = VariableName::parse(text.substr(0, equals));
    if (equals == std::string_view::npos || !name) {
      problems_.add(usage("not a variable and a reference", place.text, "VAR=REF is wanted", "write it as in DB_PASSWORD=db_password"));
      return;
    }
    if (auto found = reference(text.substr(equals + 1), place)) {
      options_.variables.push_back({*name, Wanted{std::move(*found)}, false, {place.text, Public::variable(name->text())}});
    }
  }

  void file(std::string_view text, const Place& place) {
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos || equals == 0) {
      problems_.add(usage("not a path and a reference", place.text, "PATH=REF[:MODE] is wanted", "write it as in tls.key=tls_key:0440"));
      return;
    }
    unsigned mode = 0400;
    std::string_view rest = text.substr(equals + 1);
    // A mode is octal digits behind the last colon; a filter or pointer never ends so.
    if (const std::size_t colon = rest.rfind(':'); colon != std::string_view::npos) {
      const std::optional<unsigned> digits = parse_file_mode(rest.substr(colon + 1));
      if (!digits || is_world_writable(*digits)) {
        problems_.add(usage("not a mode", place.text, "three or four octal digits are wanted, without write for others", "write it as in tls.key=tls_key:0440"));
        return;
      }
      mode = *digits;
      rest = rest.substr(0, colon);
    }
    if (const Literal flaw = flaw_of_target(text.substr(0, equals)); !flaw.empty()) {
      problems_.add(usage("not a file's path", place.text, flaw, "name an absolute path, or one below our private directory"));
      return;
    }
    if (auto found = reference(rest, place)) {
      std::string path{text.substr(0, equals)};
      const Public shown_path = Public::path(path);
      options_.files.push_back(FileConfig{.path = std::move(path), .wanted = Wanted{std::move(*found)}, .mode = mode, .place = {place.text, shown_path}});
    }
  }

  const Environment& environment_;
  bool from_arguments_ = false;
  std::optional<Error> passphrase_flaw_;
  Options options_;
  Problems problems_;
};

}  // namespace

Result<Options, Problems> parse_options(int argc, char** argv, const Environment& environment) {
  Parser parser{environment};
  return parser.run(argc, argv);
}

}  // namespace hushrun
