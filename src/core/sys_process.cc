#include "core/sys_process.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/syscall.h>
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

Answer<void> forbid_core_dumps() {
  struct rlimit limit {};
  if (::getrlimit(RLIMIT_CORE, &limit) < 0) return last_error();
  struct rlimit none = limit;
  none.rlim_cur = 1;
  none.rlim_max = std::max<rlim_t>(limit.rlim_max, 1);
  if (::setrlimit(RLIMIT_CORE, &none) == 0) return {};
  if (errno != EPERM) return last_error();
  int filter = ::open("/proc/self/coredump_filter", O_WRONLY | O_CLOEXEC);
  if (filter < 0 && errno == EACCES && ::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0) {
    // Files of an undumpable process in /proc are root's (proc(5)): for this one open we are dumpable, as the application will be.
    filter = ::open("/proc/self/coredump_filter", O_WRONLY | O_CLOEXEC);
    const int open_error = errno;
    ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    errno = open_error;
  }
  if (filter < 0) return last_error();
  const ssize_t wrote = ::write(filter, "0", 1);
  const Errno error = last_error();
  ::close(filter);
  if (wrote < 0) return error;
  return {};
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

Answer<void> become(const Ids& ids) {
  if (::setgroups(ids.groups.size(), ids.groups.data()) < 0) {
    const Errno error = last_error();
    std::array<char, 8> policy{};
    const int file = ::open("/proc/self/setgroups", O_RDONLY | O_CLOEXEC);
    const bool denied = file >= 0 && ::read(file, policy.data(), 4) == 4 && std::string_view{policy.data(), 4} == "deny";
    if (file >= 0) ::close(file);
    if (!denied) return error;
  }
  if (::setresgid(ids.gid, ids.gid, ids.gid) < 0) return last_error();
  if (::setresuid(ids.uid, ids.uid, ids.uid) < 0) return last_error();
  uid_t real = 0, effective = 0, saved = 0;
  if (::getresuid(&real, &effective, &saved) < 0) return last_error();
  if (real != ids.uid || effective != ids.uid || saved != ids.uid) return Errno{EPERM};
  if (ids.uid != 0 && ::setresuid(0, 0, 0) == 0) return Errno{EPERM};  // there is a way back: do not go on
  return {};
}

Answer<void> drop_bounding_capabilities(const CapabilitySet& dropped) {
  // True if it was dropped or not in the set, false if the kernel does not know it (EINVAL).
  const auto drop = [](unsigned number) -> Answer<bool> {
    const int there = ::prctl(PR_CAPBSET_READ, number, 0, 0, 0);
    if (there < 0 && errno == EINVAL) return false;
    if (there < 0 || (there > 0 && ::prctl(PR_CAPBSET_DROP, number, 0, 0, 0) < 0)) return last_error();
    return true;
  };
  if (dropped.all) {
    for (unsigned number = 0; TRY(drop(number)); ++number) {
    }
  }
  for (const unsigned number : dropped.numbers) TRY(drop(number));
  return {};
}

Answer<void> lower_capabilities(const CapabilitySet& dropped) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> sets{};
  if (!dropped.all) {
    if (::syscall(SYS_capget, &header, sets.data()) < 0) return last_error();
    for (const unsigned number : dropped.numbers) {
      const std::uint32_t bit = 1u << (number % 32);
      sets[number / 32].effective &= ~bit;
      sets[number / 32].permitted &= ~bit;
      sets[number / 32].inheritable &= ~bit;
    }
  }
  // Lowering the permitted and inheritable sets lowers the ambient set with them (capabilities(7)).
  return done(::syscall(SYS_capset, &header, sets.data()));
}

Answer<void> set_no_new_privs() { return done(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)); }

Answer<void> reserve_standard_streams() {
  for (int number = 0; number < 3; ++number) {
    if (::fcntl(number, F_GETFD) >= 0) continue;
    // The lowest free number is this one: the ones before it are open by now.
    if (::open("/", O_PATH | O_CLOEXEC) < 0) return last_error();
  }
  return {};
}
Answer<void> give_stream(int number, uid_t owner, gid_t group) { return done(::fchown(number, owner, group)); }
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
