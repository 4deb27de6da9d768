#pragma once
// Stage 6 of 7 · launch · Delivery → the application · by execve we are replaced, and this is the end of the story; or we start it, and stay.

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
};

/// Becomes the application. Returns on failure only, with what was made taken away again: an Error, which says which of 125,
/// 126 and 127 it is, or 128 + n where a signal told PID 1 to end before the application was there.
Result<ExitCode> exec_now(Delivery&& delivery, const Command& command);

/// A started application and what its supervisor is told.
struct Started {
  pid_t child;
  init::Layout layout;  // with the terminal, and
  Traces traces;        // with the record of them: both are the supervisor's now
  std::unique_ptr<init::Handover> handover;
};
/// Starts the application in a child. On failure what was made is taken away again; the Error says which of 125, 126 and 127 it is.
Result<Started> start(Delivery&& delivery, const Command& command);

/// Descriptors that `close_fds` closes: all but the standard streams, the application's memfds and, if they are meant for it, the
/// sockets of sd_listen_fds(3).
std::vector<init::Range> ranges_to_close(const Delivery& delivery, const Environment& environment);

}  // namespace hushrun
