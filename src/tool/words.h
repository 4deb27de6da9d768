#pragma once
// A subcommand, and the words it takes on the command line. They stand beside what the command does with them: CLI11, which reads them,
// and the shells that complete them see nothing but this.

#include <optional>
#include <string>
#include <vector>

#include "core/process.h"
#include "core/result.h"

namespace hushrun::tool {

/// What stands behind an option, or as a word of its own.
struct Value {
  const char* name;     // in --help
  const char* choices;  // what a shell offers, separated by blanks; "" for nothing, null for files
};
inline constexpr Value kFile{"FILE", nullptr};
inline constexpr Value kPlace{"WHERE", nullptr};  // FILE, env:VARIABLE, fd:NUMBER
inline constexpr Value kRecipient{"RECIPIENT", ""};
inline constexpr Value kName{"NAME", ""};

/// The words of one subcommand. `names` as in "-o,--output"; `about` needs no capital, no full stop, and may have no quote, for shells get it.
/// Where a word goes must live until the command has run. No place holds a secret: those come through descriptors, files and the terminal.
class Words {
 public:
  virtual ~Words() = default;
  virtual void flag(const char* names, bool& given, const char* about) = 0;
  virtual void option(const char* names, std::optional<std::string>& to, Value value, const char* about) = 0;
  /// May be repeated.
  virtual void list(const char* names, std::vector<std::string>& to, Value value, const char* about) = 0;
  /// A word that is no option, in its turn.
  virtual void word(std::optional<std::string>& to, Value value, const char* about) = 0;
  virtual void required_word(std::string& to, Value value, const char* about) = 0;
  /// All words that are no options, none among them.
  virtual void all_words(std::vector<std::string>& to, Value value, const char* about) = 0;
};

class Subcommand {
 public:
  virtual ~Subcommand() = default;
  virtual void describe(Words& words) = 0;
  /// Once, after its words were filled in. An error ends the program with 1, one of the command line with 2; any other code is the command's own.
  virtual Result<ExitCode> run() = 0;
};

}  // namespace hushrun::tool
