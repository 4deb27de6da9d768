#pragma once
// What was asked for on the command line. CLI11 stops at options.cc.

#include <optional>
#include <string>
#include <vector>

#include "core/error.h"

namespace hushrun::tool {

enum class Command { keygen, seal, open, inspect, set, unset, list, edit, rekey, completion, print };

/// age's own letters where age has one. No field holds a value: those come through descriptors, files and the terminal.
struct Options {
  Command command = Command::print;
  std::string text;                                 // print: help, or the version
  std::vector<std::string> recipients;              // -r
  std::vector<std::string> recipient_files;         // -R
  std::vector<std::string> identities;              // -i: FILE, env:VAR, fd:N, -
  std::optional<std::string> passphrase;            // --passphrase: FILE, env:VAR, fd:N
  bool ask_passphrase = false;                      // -p
  bool armored = false;                             // -a
  bool force = false;                               // --force
  bool to_recipient = false;                        // keygen -y
  std::optional<std::string> output;                // -o
  std::optional<std::string> file;                  // none: standard input
  std::string name;                                 // set, unset
  std::string shell;                                // completion
};

/// What was typed is never quoted: it may be a pasted secret.
Result<Options> parse_options(int argc, char** argv);

}  // namespace hushrun::tool
