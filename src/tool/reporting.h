#pragma once
// What audit and lint have in common on the command line: the form of the report, where it goes, and what a baseline accepts.

#include "audit/report.h"
#include "tool/words.h"

namespace hushrun::tool {

class Reporting {
 public:
  void describe(Words& words);
  /// Before a long search: mistakes of the command line, and of the baseline.
  Result<void> prepare();
  /// Writes the report; its verdict is the exit code.
  Result<ExitCode> report(audit::Outcome outcome, std::span<const audit::Rule> rules, Literal program, const audit::Guard& guard);

 private:
  audit::Format form() const;

  std::optional<std::string> format_;
  std::optional<std::string> output_;
  std::optional<std::string> baseline_;
  std::optional<std::string> write_baseline_;
  std::optional<std::string> baseline_text_;
};

/// An error of a command whose exit code 1 means "found": it is said, and the code is 3. One of the command line stays one.
Result<ExitCode> not_looked_at(const Error& error);

}  // namespace hushrun::tool
