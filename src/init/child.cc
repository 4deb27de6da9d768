#include "init/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/resource.h>

#include "init/raw.h"

namespace hushrun::init {
namespace {

Failure close_ranges(const ChildPlan& plan) {
  for (std::size_t i = 0; i < plan.close_count; ++i) {
    const auto [first, last] = plan.closes[i];
    const raw::Word closed = raw::sys(SYS_close_range, first, last, 0);
    if (closed >= 0) continue;
    if (closed != -ENOSYS && closed != -EPERM) return {Step::descriptors, static_cast<int>(-closed), nullptr};
    struct rlimit limit;
    if (raw::sys(SYS_prlimit64, 0, RLIMIT_NOFILE, nullptr, &limit) < 0) limit.rlim_cur = 1u << 16;
    const unsigned highest = limit.rlim_cur < (1u << 20) ? static_cast<unsigned>(limit.rlim_cur) : 1u << 20;
    for (unsigned number = first; number <= last && number < highest; ++number) raw::close(static_cast<int>(number));
  }
  return {};
}

Failure prepare(ChildPlan& plan) {
  const auto self = static_cast<int>(raw::sys(SYS_getpid));
  // The group comes before the terminal, which is given to a group. Neither can fail where the parent asks for it; if
  // it does, an application in the wrong group is better than none.
  if (plan.own_group) raw::sys(SYS_setpgid, 0, 0);
  if (plan.terminal >= 0) raw::sys(SYS_ioctl, plan.terminal, static_cast<unsigned long>(TIOCSPGRP), &self);

  for (int number = 0; number < 3; ++number) {
    if (plan.streams[number] < 0) continue;
    const raw::Word put = raw::sys(SYS_dup3, plan.streams[number], number, 0);
    if (put < 0) return {Step::descriptors, static_cast<int>(-put), nullptr};
  }
  if (const Failure failed = give_up(plan.privileges)) return failed;

  if (plan.listen_pid != nullptr) raw::put_number(plan.listen_pid, static_cast<std::uint64_t>(self));
  if (plan.watchdog_pid != nullptr) raw::put_number(plan.watchdog_pid, static_cast<std::uint64_t>(self));
  return close_ranges(plan);
}

}  // namespace

bool search_goes_on(int error) {
  return error == EACCES || error == ENOENT || error == ENOTDIR || error == ELOOP || error == ESTALE || error == ENODEV || error == ETIMEDOUT;
}

int become_application(void* memory) {
  ChildPlan& plan = *static_cast<ChildPlan*>(memory);
  plan.failure = prepare(plan);
  if (plan.failure) raw::exit(125);

  if (plan.ignore_sigchld) {
    const raw::Disposition ignore{reinterpret_cast<raw::Word>(SIG_IGN), 0, 0, 0};
    raw::sys(SYS_rt_sigaction, SIGCHLD, &ignore, nullptr, sizeof plan.signal_mask);
  }
  // Last: from here on a signal acts on us as it would on the application.
  raw::sys(SYS_rt_sigprocmask, SIG_SETMASK, &plan.signal_mask, nullptr, sizeof plan.signal_mask);
  int code = 127;
  for (std::size_t i = 0; i < plan.candidate_count; ++i) {
    const auto error = static_cast<int>(-raw::sys(SYS_execve, plan.candidates[i], plan.argv, plan.environment));
    plan.answers[i] = error;
    if (error != ENOENT) code = 126;
    if (!search_goes_on(error)) break;
  }
  plan.failure = {Step::execute, 0, nullptr};
  // The code matters only where memory is not shared after all (user-mode emulators): else the parent knows better.
  raw::exit(code);
}

}  // namespace hushrun::init
