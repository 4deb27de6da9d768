#pragma once
// The rules of a lint. tests/lint/rules_test.py holds, for each of them, what it must find and what it must not.

#include <span>
#include <string>
#include <string_view>

#include "audit/report.h"

namespace hushrun::lint {

using audit::Level;

/// For reports. Names are never taken back or given another meaning.
std::span<const audit::Rule> rules();

/// A file that is looked at: its path below the directory that was asked for, and its text.
struct File {
  std::string path;
  std::string text;
};

/// Collects what is found, but for what a comment allows: `# audit: allow RULE reason` on the line above, alone or among other
/// comment lines. Without a reason it allows nothing.
class Findings {
 public:
  explicit Findings(std::string artifact) : artifact_{std::move(artifact)} {}

  void add(const File& file, Level level, Literal rule, unsigned line, Public message, Public fix);
  /// About a file whose text nobody reads for comments: an env file, a key.
  void add(const std::string& path, Level level, Literal rule, Public message, Public fix);
  void gap(const std::string& path, audit::Gap::Kind kind, Public what);
  void count_file() { ++outcome_.totals.files; }

  audit::Outcome take() { return std::move(outcome_); }

 private:
  void add(const std::string& path, unsigned line, Level level, Literal rule, Public message, Public fix);

  std::string artifact_;
  audit::Outcome outcome_;
};

/// True if a comment above this line allows the rule.
bool is_allowed(std::string_view text, unsigned line, std::string_view rule);

}  // namespace hushrun::lint
