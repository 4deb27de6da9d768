#pragma once
// Stage 6 and 7 with --redact: the application's output goes through us, so that we stay what we are, with needles in locked memory
// and everything else wiped.

#include <memory>
#include <optional>

#include "launcher/launch.h"
#include "leak/needle.h"
#include "plan/resolve.h"
#include "redact/pump.h"

namespace hushrun {

class Redaction {
 public:
  /// Prepares for what was delivered, and warns of what cannot be masked. Null if nothing can be.
  static Result<std::unique_ptr<Redaction>> of(const Resolved& resolved);

  /// Where the application gets a terminal, it needs somebody above it in that terminal's session, or nothing could stop it (an orphaned
  /// process group ignores ^Z: setpgid(2)). So we become two: the child, in which this returns nothing and `redaction` is gone, starts and
  /// supervises the application as ever, and on a terminal; the parent stays between the two terminals and supervises the child. On failure
  /// what was made is taken away again.
  static Result<std::optional<Started>> split(std::unique_ptr<Redaction>& redaction, Delivery& delivery, Command& command);

  /// Supervises, and hands the output on until it ends. Wipes our environment and our command line, which may hold more than is known.
  ExitCode supervise(const Started& started, const Command& command);

 private:
  Redaction(std::uint64_t stop_timeout, leak::Needles needles) : stop_timeout_{stop_timeout}, needles_{std::move(needles)} {}
  static Result<std::optional<Started>> split_where_needed(std::unique_ptr<Redaction>& redaction, Delivery& delivery, Command& command);
  void tell_marks() const;

  std::uint64_t stop_timeout_;  // milliseconds
  leak::Needles needles_;
  std::unique_ptr<redact::Pump> pump_;
};

}  // namespace hushrun
