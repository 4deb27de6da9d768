#include "tool/options.h"

#include <CLI/CLI.hpp>

#include <array>

#include "config/suggest.h"

namespace hushrun::tool {
namespace {

constexpr std::string_view kCommands[] = {"keygen", "seal",  "open", "inspect", "set",        "unset",
                                          "list",   "edit", "rekey", "completion"};

constexpr const char* kAbout = "Makes keys, seals files to them, opens and edits what was sealed (age v1 files).";
constexpr const char* kExamples =
    "Examples:\n"
    "  hushkit keygen -o ~/.config/hushrun/identity\n"
    "  hushkit set secrets.env.age db_password        the value is asked for, or read from standard input\n"
    "  hushkit edit secrets.env.age\n"
    "  hushkit seal -R .age-recipients -o secrets.env.age secrets.env\n"
    "  hushkit open secrets.env.age\n"
    "An identity or passphrase comes from a FILE, env:VARIABLE or fd:NUMBER. Manual: hushkit(1)\n";

Error mistake(Literal what, Why why, Public fix) { return {Code::usage, what, "command line", why, fix}; }

// The words of one command.
class Words {
 public:
  Words(CLI::App& app, Options& options, Command command, const char* name, const char* about)
      : options_{options}, app_{app.add_subcommand(name, about)} {
    app_->callback([&options, command] { options.command = command; });
    app_->option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::Throw);
  }
  Words& to() {
    app_->add_option("-r,--recipient", options_.recipients, "seal to this recipient: age1… or ssh-ed25519 …")->type_name("RECIPIENT")->allow_extra_args(false)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    app_->add_option("-R,--recipients-file", options_.recipient_files, "seal to the recipients in this file, one a line")->type_name("FILE")->allow_extra_args(false)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    app_->add_flag("-p", options_.ask_passphrase, "seal by a passphrase, asked for on the terminal");
    app_->add_flag("-a,--armor", options_.armored, "write text (ASCII armor)");
    return *this;
  }
  Words& with() {
    app_->add_option("-i,--identity", options_.identities, "open with the keys in this place")->type_name("WHERE")->allow_extra_args(false)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    app_->add_option("--passphrase", options_.passphrase, "the passphrase is in this place: FILE, env:VARIABLE, fd:NUMBER")->type_name("WHERE");
    return *this;
  }
  Words& less() {
    app_->add_flag("--force", options_.force, "seal to fewer recipients than before");
    return *this;
  }
  Words& output(const char* about) {
    app_->add_option("-o,--output", options_.output, about)->type_name("FILE");
    return *this;
  }
  Words& file(bool required) {
    app_->add_option("file", options_.file, required ? "the sealed file" : "standard input without one")->type_name("FILE")->required(required);
    return *this;
  }
  Words& name() {
    app_->add_option("name", options_.name, "the secret's name")->type_name("NAME")->required();
    return *this;
  }
  CLI::App& app() { return *app_; }

 private:
  Options& options_;
  CLI::App* app_;
};

void describe(CLI::App& app, Options& options) {
  app.require_subcommand(1);
  app.set_help_all_flag();
  app.set_version_flag("--version", "hushkit " HUSHRUN_VERSION);
  app.footer(kExamples);

  Words keygen{app, options, Command::keygen, "keygen", "make an identity, or print an identity's recipient (-y)"};
  keygen.output("write the identity here, which must not exist yet").file(false);
  keygen.app().add_flag("-y", options.to_recipient, "read an identity, print its recipient");

  Words{app, options, Command::seal, "seal", "seal a file, or standard input"}.to().with().less().output("write the sealed file here").file(false);
  Words{app, options, Command::open, "open", "open a sealed file; output appears only when all of it is good"}.with().output("write the content here").file(false);
  Words{app, options, Command::inspect, "inspect", "say who can open a sealed file; needs no key"}.file(false);
  Words{app, options, Command::set, "set", "set one secret of a sealed file; the value is read from standard input"}.to().with().less().file(true).name();
  Words{app, options, Command::unset, "unset", "remove one secret of a sealed file"}.to().with().less().file(true).name();
  Words{app, options, Command::list, "list", "list the names in a sealed file, and no value"}.with().file(true);
  Words{app, options, Command::edit, "edit", "edit a sealed file in memory, with $VISUAL or $EDITOR"}.to().with().less().file(true);
  Words{app, options, Command::rekey, "rekey", "seal a file to other recipients without showing its content"}.to().with().less().output("write here instead of replacing the file").file(true);
  Words completion{app, options, Command::completion, "completion", "print the completion for a shell"};
  completion.app().add_option("shell", options.shell, "bash, zsh or fish")->type_name("SHELL")->required();
}

// The first word that is no option, where it is no command; what it was is never said, what it may have meant is.
Error unknown_command(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word{argv[i]};
    if (word.starts_with("-")) continue;
    if (const auto meant = suggest(word, kCommands)) {
      // One of our own commands, see suggest().
      return mistake("unknown command", "there is no such command", "did you mean " + Public::vouched(*meant) + "? hushkit --help lists them");
    }
    break;
  }
  return mistake("no command", "the first word says what to do", "hushkit --help lists the commands");
}

Error explained(const CLI::ParseError& error, const CLI::App& app, int argc, char** argv) {
  const auto used = app.get_subcommands();
  if (used.empty()) return unknown_command(argc, argv);
  const std::string command = used.front()->get_name();
  // A command's name is our own word.
  const Public help = "hushkit " + Public::vouched(command) + " --help lists the options";
  const auto kind = static_cast<CLI::ExitCodes>(error.get_exit_code());
  if (kind == CLI::ExitCodes::RequiredError) return mistake("an argument is missing", "the command needs more words", help);
  if (kind == CLI::ExitCodes::ExtrasError && command == "set") {
    return mistake("an argument too many", "a value is not given on the command line, where everybody sees it (ps) and the shell keeps it",
                   "give it on standard input, or type it when asked");
  }
  if (kind == CLI::ExitCodes::ExtrasError) return mistake("an argument too many, or an unknown option", "the command does not take it", help);
  if (kind == CLI::ExitCodes::ArgumentMismatch) return mistake("an option is given twice, or without its value", "it takes one", help);
  return mistake("the command line cannot be understood", "an option or its value is not of the right form", help);
}

}  // namespace

Result<Options> parse_options(int argc, char** argv) {
  Options options;
  CLI::App app{kAbout, "hushkit"};
  describe(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    options.command = Command::print;
    options.text = app.help();
  } catch (const CLI::CallForVersion&) {
    options.command = Command::print;
    options.text = "hushkit " HUSHRUN_VERSION "\n";
  } catch (const CLI::ParseError& error) {
    return explained(error, app, argc, argv);
  }
  return options;
}

}  // namespace hushrun::tool
