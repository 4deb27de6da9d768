// Completion for three shells: one table, a writer per shell.

#include <algorithm>
#include <string>
#include <string_view>

#include "tool/commands.h"
#include "tool/place.h"

namespace hushrun::tool {
namespace {

struct Described {
  const char* name;
  const char* about;
  const char* options;  // separated by blanks
};

#define SEALING "-r --recipient -R --recipients-file -p -a --armor --force -i --identity --passphrase"
constexpr Described kCommands[] = {
    {"keygen", "make an identity", "-o --output -y"},
    {"seal", "seal a file", SEALING " -o --output"},
    {"open", "open a sealed file", "-i --identity --passphrase -o --output"},
    {"inspect", "say who can open a sealed file", ""},
    {"set", "set one secret of a sealed file", SEALING},
    {"unset", "remove one secret of a sealed file", SEALING},
    {"list", "list the names in a sealed file", "-i --identity --passphrase"},
    {"edit", "edit a sealed file in memory", SEALING},
    {"rekey", "seal to other recipients", SEALING " -o --output"},
    {"completion", "print the completion for a shell", ""},
};
#undef SEALING
constexpr const char* kValued = "-i|--identity|-R|--recipients-file|-o|--output|--passphrase";

std::string bash() {
  std::string text =
      "# bash completion for hushkit: eval \"$(hushkit completion bash)\"\n"
      "_hushkit() {\n"
      "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} options=\n"
      "  COMPREPLY=()\n"
      "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
      "    COMPREPLY=($(compgen -W '";
  for (const Described& command : kCommands) text.append(command.name).append(" ");
  text += "--help --version' -- \"$word\"))\n    return\n  fi\n  case $before in\n    ";
  text.append(kValued).append(") COMPREPLY=($(compgen -f -- \"$word\")); return ;;\n    -r|--recipient) return ;;\n  esac\n  case ${COMP_WORDS[1]} in\n");
  for (const Described& command : kCommands) text.append("    ").append(command.name).append(") options='").append(command.options).append("' ;;\n");
  text +=
      "  esac\n"
      "  case $word in\n"
      "    -*) COMPREPLY=($(compgen -W \"$options --help\" -- \"$word\")) ;;\n"
      "    *) if [ \"${COMP_WORDS[1]}\" = completion ]; then COMPREPLY=($(compgen -W 'bash zsh fish' -- \"$word\")); else COMPREPLY=($(compgen -f -- \"$word\")); fi ;;\n"
      "  esac\n"
      "}\n"
      "complete -o filenames -F _hushkit hushkit\n";
  return text;
}

std::string zsh() {
  std::string text =
      "#compdef hushkit\n"
      "# zsh completion for hushkit: hushkit completion zsh > DIRECTORY_OF_FPATH/_hushkit\n"
      "_hushkit() {\n"
      "  local -a commands options\n"
      "  commands=(\n";
  for (const Described& command : kCommands) text.append("    '").append(command.name).append(":").append(command.about).append("'\n");
  text += "  )\n  if (( CURRENT == 2 )); then\n    _describe command commands\n    return\n  fi\n  case $words[CURRENT-1] in\n    (";
  text.append(kValued).append(") _files; return ;;\n    (-r|--recipient) return ;;\n  esac\n  case $words[2] in\n");
  for (const Described& command : kCommands) text.append("    (").append(command.name).append(") options=(").append(command.options).append(") ;;\n");
  text +=
      "  esac\n"
      "  if [[ $PREFIX == -* ]]; then\n"
      "    compadd -- $options --help\n"
      "  elif [[ $words[2] == completion ]]; then\n"
      "    compadd -- bash zsh fish\n"
      "  else\n"
      "    _files\n"
      "  fi\n"
      "}\n"
      "if [ \"$funcstack[1]\" = _hushkit ]; then _hushkit \"$@\"; else compdef _hushkit hushkit; fi\n";
  return text;
}

std::string fish() {
  std::string text = "# fish completion for hushkit: hushkit completion fish > ~/.config/fish/completions/hushkit.fish\n";
  for (const Described& command : kCommands) {
    text.append("complete -c hushkit -n __fish_use_subcommand -f -a ").append(command.name).append(" -d '").append(command.about).append("'\n");
    const std::string_view options{command.options};
    for (std::size_t start = 0; start < options.size();) {
      const std::size_t end = std::min(options.find(' ', start), options.size());
      const std::string_view option = options.substr(start, end - start);
      const bool valued = option == "-r" || option == "--recipient" || std::string_view{kValued}.find(option) != std::string_view::npos;
      text.append("complete -c hushkit -n '__fish_seen_subcommand_from ").append(command.name).append(option.starts_with("--") ? "' -l " : "' -s ");
      text.append(option.substr(option.starts_with("--") ? 2 : 1)).append(valued ? " -r\n" : "\n");
      start = end + 1;
    }
  }
  return text.append("complete -c hushkit -n '__fish_seen_subcommand_from completion' -f -a 'bash zsh fish'\n");
}

}  // namespace

Result<void> complete(const Options& options) {
  const std::string text = options.shell == "bash" ? bash() : options.shell == "zsh" ? zsh() : options.shell == "fish" ? fish() : std::string{};
  if (text.empty()) return Error{Code::usage, "unknown shell", "command line", "there is no completion for it", "say bash, zsh or fish"};
  return print(text.data(), text.size());
}

}  // namespace hushrun::tool
