#include "init/spawn.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>

#include "init/raw.h"

namespace hushrun::init {
namespace {

// The child's steps need a few hundred bytes, changing a covered working directory a path.
constexpr std::size_t kStackSize = 16 * 1024;
alignas(16) char child_stack[kStackSize];

bool is_our_terminal(int number) {
  const pid_t session = ::tcgetsid(number);
  return session >= 0 && session == ::getsid(0);
}

}  // namespace

Layout lay_out(bool group_wanted) {
  Layout layout;
  // Not stdin: that may be /dev/null while a terminal is there.
  if (const int opened = ::open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC); opened >= 0) {
    layout.opened = Fd::adopt(opened);
    layout.terminal = opened;
  } else if (errno != ENXIO) {
    // No /dev/tty in the image, or no descriptor left.
    for (int number = 2; number >= 0 && layout.terminal < 0; --number) {
      if (is_our_terminal(number)) layout.terminal = number;
    }
  }
  if (layout.terminal < 0) return layout;

  const pid_t self = ::getpid();
  const pid_t group = ::getpgrp();
  // A group of 0 is that of a process outside our pid namespace: what we cannot name, we could not give back.
  layout.foreground = group != 0 && ::tcgetpgrp(layout.terminal) == group;
  const bool under_shell = ::getsid(0) != self && !(self == 1 && group != 0);
  if (!under_shell) return layout;

  layout.own_group = group_wanted;
  layout.stop_along = true;
  if (!group_wanted || !is_our_terminal(0) || !is_our_terminal(1) || !is_our_terminal(2)) layout.foreground = false;
  return layout;
}

Result<pid_t, Errno> spawn(ChildPlan& plan) {
  raw::Disposition chld{};
  raw::sys(SYS_rt_sigaction, SIGCHLD, nullptr, &chld, sizeof chld.mask);
  if (chld.handler == reinterpret_cast<raw::Word>(SIG_IGN)) {
    plan.ignore_sigchld = true;
    chld.handler = reinterpret_cast<raw::Word>(SIG_DFL);
    raw::sys(SYS_rt_sigaction, SIGCHLD, &chld, nullptr, sizeof chld.mask);
  }
  plan.failure = {};
  raw::sys(SYS_rt_sigpending, &plan.early, sizeof plan.early);
  // The stack grows downwards on both architectures.
  const pid_t child = ::clone(become_application, child_stack + kStackSize, CLONE_VM | CLONE_VFORK | SIGCHLD, &plan);
  if (child < 0) return Errno{errno};
  if (plan.failure) {
    while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
    }
    return Errno{plan.failure.error};
  }
  return child;
}

}  // namespace hushrun::init
