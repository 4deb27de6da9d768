#include "tool/options.h"

#include <CLI/CLI.hpp>

#include "config/suggest.h"
#include "core/error.h"
#include "tool/place.h"

namespace hushrun::tool {
namespace {

constexpr const char* kAbout = "Makes keys, seals files to them, opens and edits what was sealed (age v1 files).";
constexpr const char* kVersion = "hushkit " HUSHRUN_VERSION;
constexpr const char* kExamples =
    "Examples:\n"
    "  hushkit keygen -o ~/.config/hushrun/identity\n"
    "  hushkit set secrets.env.age db_password        the value is asked for, or read from standard input\n"
    "  hushkit edit secrets.env.age\n"
    "  hushkit seal -R .age-recipients -o secrets.env.age secrets.env\n"
    "  hushkit open secrets.env.age\n"
    "  docker save app | hushkit audit -              with the hushrun.yaml that app is started with\n"
    "  hushkit lint\n"
    "An identity or passphrase comes from a FILE, env:VARIABLE or fd:NUMBER. Manual: hushkit(1)\n";

// Into CLI11.
class Described final : public Words {
 public:
  explicit Described(CLI::App& app) : app_{app} { app_.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::Throw); }

  void flag(const char* names, bool& given, const char* about) override { app_.add_flag(names, given, about); }
  void option(const char* names, std::optional<std::string>& to, Value value, const char* about) override {
    app_.add_option(names, to, about)->type_name(value.name);
  }
  void list(const char* names, std::vector<std::string>& to, Value value, const char* about) override {
    app_.add_option(names, to, about)->type_name(value.name)->allow_extra_args(false)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  }
  void word(std::optional<std::string>& to, Value value, const char* about) override {
    app_.add_option(CLI::detail::to_lower(value.name), to, about)->type_name(value.name);
  }
  void required_word(std::string& to, Value value, const char* about) override {
    app_.add_option(CLI::detail::to_lower(value.name), to, about)->type_name(value.name)->required();
  }
  void all_words(std::vector<std::string>& to, Value value, const char* about) override {
    app_.add_option(CLI::detail::to_lower(value.name), to, about)->type_name(value.name)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  }

 private:
  CLI::App& app_;
};

// Text of our own, for whoever asks for it.
class Shown final : public Subcommand {
 public:
  explicit Shown(std::string text) : text_{std::move(text)} {}
  void describe(Words&) override {}
  Result<ExitCode> run() override {
    TRY(print(text_.data(), text_.size()));
    return ExitCode::success();
  }

 private:
  std::string text_;
};

Error mistake(Literal what, Why why, Public fix) { return {Code::usage, what, "command line", why, fix}; }

// The first word that is no option, where it is no command; what it was is never said, what it may have meant is.
Error unknown_command(int argc, char** argv) {
  std::vector<std::string_view> names;
  for (const Command& command : commands()) names.emplace_back(command.name);
  const std::string_view word = argc > 1 ? argv[1] : "";
  if (word.empty()) return mistake("no command", "the first word says what to do", "hushkit --help lists the commands");
  if (word.starts_with("-")) return mistake("no command", "options come after the command", "hushkit --help lists the commands");
  Public fix = "hushkit --help lists them";
  // One of our own commands, see suggest().
  if (const auto meant = suggest(word, names)) fix = "did you mean " + Public::vouched(*meant) + "? " + fix;
  return mistake("unknown command", "there is no such command", fix);
}

// The first word with dashes that the command does not know; its value, behind `=`, may be a secret and is not looked at.
std::optional<std::string> unknown_option(const CLI::App& command, int argc, char** argv) {
  for (int i = 2; i < argc && std::string_view{argv[i]} != "--"; ++i) {
    std::string word{argv[i]};
    word.resize(std::min(word.find('='), word.size()));
    if (word.size() > 2 && word.starts_with("--") && command.get_option_no_throw(word) == nullptr) return word;
    if (word.size() > 1 && word[0] == '-' && word[1] != '-' && command.get_option_no_throw(word.substr(0, 2)) == nullptr) return word;
  }
  return std::nullopt;
}

Error not_taken(const CLI::App& command, int argc, char** argv, Public help) {
  if (const auto word = unknown_option(command, argc, argv)) {
    std::vector<std::string> names;
    for (const CLI::Option* option : command.get_options()) {
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    }
    const std::vector<std::string_view> known{names.begin(), names.end()};
    // One of our own options, see suggest().
    if (const auto meant = suggest(*word, known)) help = "did you mean " + Public::vouched(*meant) + "? " + help;
    return mistake("unknown option", "the command has no such option", help);
  }
  if (command.get_name() == "set") {
    return mistake("an argument too many", "a value is not given on the command line, where everybody sees it (ps) and the shell keeps it",
                   "give it on standard input, or type it when asked");
  }
  return mistake("an argument too many", "the command does not take it", help);
}

Error explained(const CLI::ParseError& error, const CLI::App& app, int argc, char** argv) {
  const auto used = app.get_subcommands();
  if (used.empty()) return unknown_command(argc, argv);
  const CLI::App& command = *used.front();
  // A command's name is our own word.
  const Public help = "hushkit " + Public::vouched(command.get_name()) + " --help lists the options";
  const auto kind = static_cast<CLI::ExitCodes>(error.get_exit_code());
  if (kind == CLI::ExitCodes::ExtrasError || unknown_option(command, argc, argv)) return not_taken(command, argc, argv, help);
  if (kind == CLI::ExitCodes::RequiredError) return mistake("an argument is missing", "the command needs more words", help);
  if (kind == CLI::ExitCodes::ArgumentMismatch) return mistake("an option is given twice, or without its value", "it takes one", help);
  return mistake("the command line cannot be understood", "an option or its value is not of the right form", help);
}

}  // namespace

Result<Made> parse_command_line(int argc, char** argv) {
  CLI::App app{kAbout, "hushkit"};
  app.require_subcommand(1);
  app.set_version_flag("-V,--version", kVersion);
  app.footer(kExamples);
  Made chosen;
  for (const Command& command : commands()) {
    CLI::App& words = *app.add_subcommand(command.name, command.about);
    // The others' words would only cost time.
    if (argc < 2 || std::string_view{argv[1]} != command.name) continue;
    chosen = command.make();
    Described described{words};
    chosen->describe(described);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return Made{std::make_unique<Shown>(app.help())};
  } catch (const CLI::CallForVersion&) {
    return Made{std::make_unique<Shown>(std::string{kVersion} + "\n")};
  } catch (const CLI::ParseError& error) {
    return explained(error, app, argc, argv);
  }
  return chosen;
}

}  // namespace hushrun::tool
