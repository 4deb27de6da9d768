#pragma once
// Starting the application without becoming it.

#include <optional>

#include "core/fd.h"
#include "core/result.h"
#include "core/error.h"
#include "init/child.h"

namespace hushrun::init {

/// Which process group the application gets, and what becomes of the terminal.
///
/// As PID 1, as the session's leader, and without a terminal: a group of its own, and the terminal's foreground if that is ours. Under a
/// shell or a script it stays in our group: taking the terminal there would leave the rest of a pipeline without it. A group that is
/// asked for there gets the foreground only if the three standard streams are that terminal.
struct Layout {
  bool own_group = true;
  bool stop_along = false;   // somebody above us can continue what ^Z stopped
  bool foreground = false;   // to be handed over
  std::optional<Fd> opened;  // the terminal
  int terminal = -1;         // its number: `opened`, or one of the standard streams where no descriptor was to be had
};
Layout lay_out(bool group_wanted);

/// Runs `plan` in a child that shares our memory until its execve (vfork(2)): no copy of what we hold, no signal lost in between, and its
/// failure comes back in `plan`, and so do the signals that were pending before it. Returns its pid, or the errno of clone(2), or of a plan that failed, whose `failure` says more.
///
/// SIGCHLD becomes default if it was ignored: else children vanish without a status (waitpid(2)). The child ignores it again.
Result<pid_t, Errno> spawn(ChildPlan& plan);

}  // namespace hushrun::init
