#pragma once
// Stage 6 of 7 · launch · Delivery → the application · by execve we are replaced, and this is the end of the story.

#include "core/error.h"
#include "core/sys_process.h"
#include "launcher/deliver.h"

namespace hushrun {

/// Becomes the application. Returns on failure only, with what was made taken away again: an Error, which says which of 125,
/// 126 and 127 it is, or 128 + n where a signal told PID 1 to end before the application was there.
Result<ExitCode> exec_now(Delivery&& delivery, char* const* command, const Environment& environment, sys::SignalMask inherited);

/// Gives up what the plan says the application does not get: cores, standard streams of another user, capabilities, groups
/// and user, new privileges. In this order; irrevocable.
Result<void> drop_privileges(const ProcessConfig& process, const std::optional<User>& user);

}  // namespace hushrun
