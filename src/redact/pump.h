#pragma once
// The application's output on its way through us: which streams there are, and the one place where a redacting supervisor waits.

#include <array>
#include <memory>
#include <optional>
#include <vector>

#include "core/error.h"
#include "init/state.h"
#include "redact/stream.h"
#include "redact/terminal.h"

namespace hushrun::redact {

/// Made before the application starts: everything that could fail is tried while its failure can still be told.
///
/// The application gets
///  - a terminal of its own where our standard output is one: it stays a terminal for prompts, colours and full screens, at the price of
///    one stream for both outputs, as on any terminal;
///  - else a pipe for each output, and one for both where ours are the same file, so that their order stays.
/// Standard input, unless it is that terminal, stays ours, and so does an output that is not wanted here or was closed.
class Pump final : public init::Watch {
 public:
  struct Wanted {
    bool output = false;
    bool errors = false;
  };
  static Result<std::unique_ptr<Pump>> lay(const leak::Needles& needles, Wanted wanted);

  /// What becomes the application's standard streams; -1 for those that stay ours.
  const std::array<int, 3>& for_child() const { return for_child_; }
  /// The application's terminal, if it gets one.
  const Fd* slave() const { return slave_ ? &*slave_ : nullptr; }

  /// To be called when the application has been started: its ends are its own now, and so is the terminal.
  void begin();
  /// Descriptors of ours that have to stay open.
  std::vector<int> kept() const;

  int wait(siginfo_t& info, std::uint64_t end) override;
  void stop() override;

  /// The application and all that it left have ended: takes what is still in the pipes. Somebody out of our reach may hold one open and is
  /// not waited for; a reader that takes its time is, until a signal to end comes, or for `stop_timeout` (milliseconds) after a TERM.
  void drain(std::uint64_t stop_timeout);

  /// How often each name was masked.
  std::vector<leak::MarkCount> counts() const;

 private:
  explicit Pump(Fd signals) : signals_{std::move(signals)} {}
  Result<void, Errno> lay_terminal(const leak::Needles& needles);
  Result<void, Errno> lay_pipe(const leak::Needles& needles, int output);

  bool look_around(std::uint64_t end);
  bool take_signal(siginfo_t& info);
  bool is_over() const;
  const Fd* master() const { return terminal_ ? streams_[0]->source() : nullptr; }

  Fd signals_;
  std::array<std::optional<Stream>, 2> streams_;  // with a terminal, the first is its
  std::optional<Terminal> terminal_;
  std::array<int, 3> for_child_ = {-1, -1, -1};
  std::optional<Fd> slave_;
  std::vector<Fd> child_ends_;
  std::optional<Time> told_to_end_;  // by the first TERM
};

}  // namespace hushrun::redact
