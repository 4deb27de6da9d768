// Completion for three shells: written from the table of subcommands and from the words that each describes.

#include <algorithm>
#include <string>
#include <string_view>

#include "core/error.h"
#include "tool/commands.h"
#include "tool/place.h"

namespace hushrun::tool {
namespace {

struct Option {
  std::vector<std::string> names;  // with their dashes
  const char* about;
  std::optional<Value> value;
};

// What a subcommand takes.
class Taken final : public Words {
 public:
  explicit Taken(const Command& command) : name{command.name}, about{command.about} {
    command.make()->describe(*this);
    add("-h,--help", "say what the command takes", std::nullopt);
  }
  void flag(const char* names, bool&, const char* text) override { add(names, text, std::nullopt); }
  void option(const char* names, std::optional<std::string>&, Value value, const char* text) override { add(names, text, value); }
  void list(const char* names, std::vector<std::string>&, Value value, const char* text) override { add(names, text, value); }
  void word(std::optional<std::string>&, Value value, const char*) override { words.push_back(value); }
  void required_word(std::string&, Value value, const char*) override { words.push_back(value); }
  void all_words(std::vector<std::string>&, Value value, const char*) override { words.push_back(value); }

  /// All names of all options, with a blank behind each.
  std::string option_names() const {
    std::string all;
    for (const Option& each : options) {
      for (const std::string& each_name : each.names) all += each_name + " ";
    }
    return all;
  }

  const char* name;
  const char* about;
  std::vector<Option> options;
  std::vector<Value> words;

 private:
  void add(const char* names, const char* text, std::optional<Value> value) {
    Option made{{}, text, value};
    for (std::string_view rest{names}; !rest.empty();) {
      const std::size_t end = std::min(rest.find(','), rest.size());
      made.names.emplace_back(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    options.push_back(std::move(made));
  }
};

std::vector<Taken> everything() {
  std::vector<Taken> all;
  for (const Command& command : commands()) all.emplace_back(command);
  return all;
}

// For bash and zsh: what to offer behind each option that has a value. `case` patterns are COMMAND:OPTION.
template <class Offer>
std::string valued_cases(const Taken& command, Offer offer) {
  std::string text;
  for (const Option& option : command.options) {
    if (!option.value) continue;
    for (const std::string& name : option.names) {
      text += "    " + std::string{command.name} + ":" + name + ") " + offer(*option.value) + "; return ;;\n";
    }
  }
  return text;
}

std::string bash() {
  const auto offer = [](const Value& value) {
    return value.choices == nullptr ? std::string{"compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- \"$word\")"}
                                    : "COMPREPLY=($(compgen -W '" + std::string{value.choices} + "' -- \"$word\"))";
  };
  std::string names, valued, options, words;
  for (const Taken& command : everything()) {
    names += std::string{command.name} + " ";
    valued += valued_cases(command, offer);
    options += "    " + std::string{command.name} + ") options='" + command.option_names() + "' ;;\n";
    if (!command.words.empty()) words += "    " + std::string{command.name} + ") " + offer(command.words.front()) + " ;;\n";
  }
  return "# bash completion for hushkit: eval \"$(hushkit completion bash)\"\n"
         "_hushkit() {\n"
         "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]} options=\n"
         "  COMPREPLY=()\n"
         "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
         "    COMPREPLY=($(compgen -W '" + names + "--help --version' -- \"$word\"))\n"
         "    return\n"
         "  fi\n"
         "  case $command:$before in\n" + valued +
         "  esac\n"
         "  case $command in\n" + options +
         "  esac\n"
         "  if [[ $word == -* ]]; then\n"
         "    COMPREPLY=($(compgen -W \"$options\" -- \"$word\"))\n"
         "    return\n"
         "  fi\n"
         "  case $command in\n" + words +
         "  esac\n"
         "}\n"
         "complete -F _hushkit hushkit\n";
}

std::string zsh() {
  const auto offer = [](const Value& value) {
    return value.choices == nullptr ? std::string{"_files"} : *value.choices == '\0' ? std::string{"_message value"} : "compadd -- " + std::string{value.choices};
  };
  std::string described, valued, options, words;
  for (const Taken& command : everything()) {
    described += "    '" + std::string{command.name} + ":" + command.about + "'\n";
    valued += valued_cases(command, offer);
    options += "    " + std::string{command.name} + ") options=(" + command.option_names() + ") ;;\n";
    if (!command.words.empty()) words += "    " + std::string{command.name} + ") " + offer(command.words.front()) + " ;;\n";
  }
  return "#compdef hushkit\n"
         "# zsh completion for hushkit: hushkit completion zsh > DIRECTORY_OF_FPATH/_hushkit\n"
         "_hushkit() {\n"
         "  local -a commands options\n"
         "  commands=(\n" + described +
         "  )\n"
         "  if (( CURRENT == 2 )); then\n"
         "    _describe command commands\n"
         "    return\n"
         "  fi\n"
         "  case $words[2]:$words[CURRENT-1] in\n" + valued +
         "  esac\n"
         "  case $words[2] in\n" + options +
         "  esac\n"
         "  if [[ $PREFIX == -* ]]; then\n"
         "    compadd -- $options\n"
         "    return\n"
         "  fi\n"
         "  case $words[2] in\n" + words +
         "  esac\n"
         "}\n"
         "if [ \"$funcstack[1]\" = _hushkit ]; then _hushkit \"$@\"; else compdef _hushkit hushkit; fi\n";
}

std::string fish() {
  std::string text =
      "# fish completion for hushkit: hushkit completion fish > ~/.config/fish/completions/hushkit.fish\n"
      "complete -c hushkit -n __fish_use_subcommand -f -l help -d 'list the commands'\n"
      "complete -c hushkit -n __fish_use_subcommand -f -l version -d 'print the version'\n";
  for (const Taken& command : everything()) {
    const std::string name = command.name;
    text += "complete -c hushkit -n __fish_use_subcommand -f -a " + name + " -d '" + command.about + "'\n";
    const std::string used = "complete -c hushkit -n '__fish_seen_subcommand_from " + name + "'";
    for (const Option& option : command.options) {
      text += used;
      for (const std::string& each : option.names) text += each.starts_with("--") ? " -l " + each.substr(2) : " -s " + each.substr(1);
      if (option.value) text += option.value->choices == nullptr ? std::string{" -r"} : " -x -a '" + std::string{option.value->choices} + "'";
      text += " -d '" + std::string{option.about} + "'\n";
    }
    if (!command.words.empty() && command.words.front().choices != nullptr) text += used + " -f -a '" + command.words.front().choices + "'\n";
  }
  return text;
}

class Completion final : public Subcommand {
 public:
  void describe(Words& words) override { words.required_word(shell_, {"SHELL", "bash zsh fish"}, "bash, zsh or fish"); }
  Result<ExitCode> run() override {
    const std::string text = shell_ == "bash" ? bash() : shell_ == "zsh" ? zsh() : shell_ == "fish" ? fish() : std::string{};
    if (text.empty()) return Error{Code::usage, "unknown shell", "command line", "there is no completion for it", "say bash, zsh or fish"};
    TRY(print(text.data(), text.size()));
    return ExitCode::success();
  }

 private:
  std::string shell_;
};

}  // namespace

Made completion() { return std::make_unique<Completion>(); }

}  // namespace hushrun::tool
