#pragma once
// Stage 6 of 7 · launch · Delivery → the application · by execve we are replaced, and this is the end of the story; or we start it, and stay.

#include <array>
#include <memory>

#include "core/error.h"
#include "core/sys_process.h"
#include "init/child.h"
#include "init/handover.h"
#include "init/spawn.h"
#include "launcher/deliver.h"

namespace hushrun {

/// The command line and all that is around it.
struct Command {
  char* const* argv;
  const Environment& environment;  // ours
  sys::SignalMask inherited;       // what was blocked when we were started
  std::vector<std::string> hidden; // paths that `shield` stands for
  char* const* words;              // all of our own command line
  // Said by redaction.
  std::array<int, 3> streams = {-1, -1, -1};  // what becomes the application's standard streams; -1: ours
  bool stop_along = false;                    // somebody above continues us, though we lead a session
};

/// Becomes the application. Returns on failure only, with what was made taken away again: an Error, which says which of 125,
/// 126 and 127 it is, or 128 + n where a signal told PID 1 to end before the application was there.
Result<ExitCode> exec_now(Delivery&& delivery, const Command& command);

/// A started application and what its supervisor is told.
struct Started {
  pid_t child;
  std::uint64_t early;  // signals that came before it, a bit each
  init::Layout layout;  // with the terminal, and
  Traces traces;        // with the record of them: both are the supervisor's now
  std::unique_ptr<init::Handover> handover;
};
/// Starts the application in a child. On failure what was made is taken away again; the Error says which of 125, 126 and 127 it is.
Result<Started> start(Delivery&& delivery, const Command& command);

/// A process that could not be made, in words.
Error cannot_start(Errno error);

/// Descriptors that `close_fds` closes: all but the standard streams, the application's memfds and, if they are meant for it, the
/// sockets of sd_listen_fds(3).
std::vector<init::Range> ranges_to_close(const Delivery& delivery, const Environment& environment);

}  // namespace hushrun
