#pragma once
// The nouns of processes: exit codes and signals. A raw int is neither.

#include <compare>

namespace hushrun {

/// What we end with. Named constructors only, so that no other program's convention slips in.
class ExitCode {
 public:
  static constexpr ExitCode success() { return ExitCode{0}; }
  static constexpr ExitCode launcher_failed() { return ExitCode{125}; }  // as env(1), timeout(1), docker run
  static constexpr ExitCode cannot_execute() { return ExitCode{126}; }
  static constexpr ExitCode not_found() { return ExitCode{127}; }
  /// The application's own: 0–255 as it exited, or 128 + signal.
  static constexpr ExitCode exited(int status) { return ExitCode{status & 0xff}; }
  static constexpr ExitCode killed(int signal) { return ExitCode{128 + signal}; }

  constexpr int value() const { return value_; }
  bool operator==(const ExitCode&) const = default;

 private:
  constexpr explicit ExitCode(int value) : value_{value} {}
  int value_;
};

}  // namespace hushrun
