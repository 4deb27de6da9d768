#pragma once
// The few lines between vfork and execve.

#include <cstddef>
#include <cstdint>

#include "init/privileges.h"

namespace hushrun::init {

/// Descriptors from `first` to `last`, both included.
struct Range {
  unsigned first, last;
};

/// What the child does, and what it says when it could not. The parent made everything it points at, and finds the answers in the same
/// memory.
struct ChildPlan {
  int streams[3] = {-1, -1, -1};  // what becomes its stdin, stdout, stderr; -1: ours
  bool own_group = false;
  int terminal = -1;  // its foreground goes to the child's group; -1: left alone
  Privileges privileges;
  char* listen_pid = nullptr;    // where LISTEN_PID's digits go (sd_listen_fds(3)); room for 21 bytes
  char* watchdog_pid = nullptr;  // WATCHDOG_PID's (sd_watchdog_enabled(3))
  const Range* closes = nullptr;
  std::size_t close_count = 0;
  bool ignore_sigchld = false;  // as it was for us
  std::uint64_t signal_mask = 0;
  // The program's candidates in the order of PATH, and for each the kernel's answer: 0 if it was not tried.
  const char* const* candidates = nullptr;
  int* answers = nullptr;
  std::size_t candidate_count = 0;
  char* const* argv = nullptr;
  char* const* environment = nullptr;

  std::uint64_t early = 0;  // signals that were there before the child: a terminal gave them to us alone
  Failure failure;
};

/// True if after this answer of execve(2) the next directory of PATH is tried, as execvp(3) does.
bool search_goes_on(int error);

/// Runs in the child, with the parent asleep. Does not return.
int become_application(void* plan);

}  // namespace hushrun::init
