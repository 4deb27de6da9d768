#include "core/sys_process.h"

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace hushrun::sys {
namespace {

Errno last_error() { return Errno{errno}; }

Answer<void> done(long answer) {
  if (answer < 0) return last_error();
  return {};
}

}  // namespace

pid_t own_pid() { return ::getpid(); }
pid_t parent_pid() { return ::getppid(); }
uid_t effective_user() { return ::geteuid(); }
gid_t effective_group() { return ::getegid(); }

Answer<void> make_undumpable() { return done(::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)); }

SignalMask block_all_signals() {
  const SignalMask all = ~SignalMask{0};
  SignalMask before = 0;
  ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before, sizeof all);
  return before;
}
void restore_signals(SignalMask mask) { ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, nullptr, sizeof mask); }
SignalMask pending_signals() {
  SignalMask pending = 0;
  ::syscall(SYS_rt_sigpending, &pending, sizeof pending);
  return pending;
}

void discard_pending(SignalMask which) {
  const timespec now{0, 0};
  while ((pending_signals() & which) != 0 && ::syscall(SYS_rt_sigtimedwait, &which, nullptr, &now, sizeof which) > 0) {
  }
}

bool already_is(const Ids& ids) {
  uid_t real = 0, effective = 0, saved = 0;
  gid_t real_group = 0, effective_group_id = 0, saved_group = 0;
  ::getresuid(&real, &effective, &saved);
  ::getresgid(&real_group, &effective_group_id, &saved_group);
  if (real != ids.uid || effective != ids.uid || saved != ids.uid) return false;
  if (real_group != ids.gid || effective_group_id != ids.gid || saved_group != ids.gid) return false;
  const int count = ::getgroups(0, nullptr);
  if (count < 0) return false;
  std::vector<gid_t> ours(static_cast<std::size_t>(count)), theirs = ids.groups;
  if (::getgroups(count, ours.data()) != count) return false;
  // The kernel may or may not list the primary group among the supplementary ones.
  std::erase(ours, ids.gid);
  std::erase(theirs, ids.gid);
  std::sort(ours.begin(), ours.end());
  std::sort(theirs.begin(), theirs.end());
  return ours == theirs;
}

Answer<void> reserve_standard_streams() {
  for (int number = 0; number < 3; ++number) {
    if (::fcntl(number, F_GETFD) >= 0) continue;
    // The lowest free number is this one: the ones before it are open by now.
    if (::open("/", O_PATH | O_CLOEXEC) < 0) return last_error();
  }
  return {};
}
Answer<void> close_range(unsigned first, unsigned last) {
  if (first > last || ::syscall(SYS_close_range, first, last, 0) == 0) return {};
  if (errno != ENOSYS && errno != EPERM) return last_error();
  struct rlimit limit {};
  if (::getrlimit(RLIMIT_NOFILE, &limit) < 0) return last_error();
  const auto highest = static_cast<unsigned>(std::min<rlim_t>(limit.rlim_cur, 1u << 20));
  for (unsigned number = first; number <= last && number < highest; ++number) ::close(static_cast<int>(number));
  return {};
}

Answer<void> end_with_parent() {
  const pid_t parent = ::getppid();
  if (::prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0) < 0) return last_error();
  if (::getppid() != parent) return Errno{ESRCH};
  return {};
}

Answer<pid_t> fork_child() {
  const pid_t child = ::fork();
  if (child < 0) return last_error();
  return child;
}
Answer<int> wait_for(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return last_error();
  }
  return status;
}

Errno execute(const char* path, char* const* argv, char* const* environment) {
  ::execve(path, argv, environment);
  return last_error();
}

Answer<void> unshare_mounts() {
  if (::unshare(CLONE_NEWNS) < 0) return last_error();
  return done(::mount("none", "/", nullptr, MS_REC | MS_SLAVE, nullptr));
}

std::string random_name() {
  std::array<unsigned char, 8> bytes{};
  // getrandom(2): 256 bytes and fewer are never cut short once the pool is ready.
  while (::getrandom(bytes.data(), bytes.size(), 0) < 0 && errno == EINTR) {
  }
  static constexpr char kHex[] = "0123456789abcdef";
  std::string name;
  for (unsigned char byte : bytes) (name += kHex[byte >> 4]) += kHex[byte & 15];
  return name;
}

}  // namespace hushrun::sys
