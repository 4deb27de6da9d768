#include "init/privileges.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include "init/raw.h"

// DANGER: this runs between vfork and execve, in memory shared with our parent.

namespace hushrun::init {
namespace {

Failure answer_of(Step step, raw::Word answer) {
  if (answer >= 0) return {};
  return {step, static_cast<int>(-answer), nullptr};
}

// No core of the application, into a file or into a host's pipe. A soft RLIMIT_CORE of 0 does not stop a pipe handler (core(5)); the
// value 1 does (fs/coredump.c treats it as "no dump at all"), and passes execve.
int forbid_cores() {
  struct rlimit limit, none;
  const raw::Word known = raw::sys(SYS_prlimit64, 0, RLIMIT_CORE, nullptr, &limit);
  if (known < 0) return static_cast<int>(-known);
  none.rlim_cur = 1;
  none.rlim_max = limit.rlim_max > 1 ? limit.rlim_max : 1;
  const raw::Word set = raw::sys(SYS_prlimit64, 0, RLIMIT_CORE, &none, nullptr);
  if (set >= 0) return 0;
  if (set != -EPERM) return static_cast<int>(-set);
  // The hard limit is 0 already: no file, and a host's pipe gets a core without any memory.
  const auto open_filter = [] { return raw::sys(SYS_openat, AT_FDCWD, "/proc/self/coredump_filter", O_WRONLY | O_CLOEXEC); };
  raw::Word filter = open_filter();
  if (filter == -EACCES && raw::sys(SYS_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0) == 0) {
    // Files of an undumpable process in /proc are root's (proc(5)): for this one open we are dumpable, as the application will be.
    filter = open_filter();
    raw::sys(SYS_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0);
  }
  if (filter < 0) return static_cast<int>(-filter);
  const raw::Word wrote = raw::sys(SYS_write, filter, "0", 1);
  raw::close(static_cast<int>(filter));
  return wrote < 0 ? static_cast<int>(-wrote) : 0;
}

// As runc: a stream on a read-only file system, or one we may not change, stays what it is.
Failure give_streams(uid_t uid, gid_t gid) {
  for (int number = 0; number < 3; ++number) {
    const raw::Word given = raw::sys(SYS_fchown, number, uid, gid);
    if (given < 0 && given != -EPERM && given != -EROFS && given != -EBADF && given != -EINVAL) return answer_of(Step::stream, given);
  }
  return {};
}

// A directory gets an empty tmpfs over it. A file gets a device over it, on a mount where devices cannot be opened:
// EACCES for everybody, root included (mount(2), MS_NODEV).
raw::Word cover(const Cover& hidden) {
  constexpr unsigned long kFlags = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC;
  if (hidden.directory) return raw::sys(SYS_mount, "tmpfs", hidden.path, "tmpfs", kFlags, "mode=0555,size=4k");
  const raw::Word bound = raw::sys(SYS_mount, "/dev/null", hidden.path, nullptr, MS_BIND, nullptr);
  if (bound < 0) return bound;
  return raw::sys(SYS_mount, nullptr, hidden.path, nullptr, MS_REMOUNT | MS_BIND | kFlags, nullptr);
}

// A working directory below a cover is still the one it was. Its name leads to the cover by now, or nowhere.
void leave_covered_directory() {
  char path[4096];
  if (raw::sys(SYS_getcwd, path, sizeof path) >= 0 && path[0] == '/' && raw::sys(SYS_chdir, path) < 0) raw::sys(SYS_chdir, "/");
}

Failure cover_all(const Privileges& privileges) {
  if (privileges.cover_count == 0) return {};
  if (const Failure unshared = answer_of(Step::mounts, raw::sys(SYS_unshare, static_cast<unsigned long>(CLONE_NEWNS)))) return unshared;
  // Nothing of ours reaches the others; what they mount later still reaches us.
  const unsigned long slave = MS_REC | MS_SLAVE;
  if (const Failure apart = answer_of(Step::mounts, raw::sys(SYS_mount, "none", "/", nullptr, slave, nullptr))) return apart;
  for (std::size_t i = 0; i < privileges.cover_count; ++i) {
    const raw::Word covered = cover(privileges.covers[i]);
    if (covered < 0) return {Step::cover, static_cast<int>(-covered), privileges.covers[i].path};
  }
  leave_covered_directory();
  return {};
}

Failure set_no_new_privs() { return answer_of(Step::no_new_privs, raw::sys(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)); }

Failure enter(int ruleset) {
  raw::Word entered = raw::sys(SYS_landlock_restrict_self, ruleset, 0);
  if (entered == -EPERM) {
    // Without CAP_SYS_ADMIN it wants no_new_privs (landlock_restrict_self(2)).
    if (const Failure failed = set_no_new_privs()) return failed;
    entered = raw::sys(SYS_landlock_restrict_self, ruleset, 0);
  }
  return answer_of(Step::landlock, entered);
}

Failure drop_bounding(const Privileges& privileges) {
  for (int number = 0; number < 64; ++number) {
    if ((privileges.bounding >> number & 1) == 0) continue;
    raw::Word answer = raw::sys(SYS_prctl, PR_CAPBSET_READ, number, 0, 0, 0);
    if (answer == -EINVAL) break;  // the kernel knows neither this one nor those above
    if (answer > 0) answer = raw::sys(SYS_prctl, PR_CAPBSET_DROP, number, 0, 0, 0);
    if (answer < 0 && !privileges.bounding_may_stay) return answer_of(Step::bounding, answer);
  }
  return {};
}

// A user namespace that denies setgroups(2): there groups cannot be changed by anybody (user_namespaces(7)).
bool groups_are_denied() {
  char policy[4] = {};
  const raw::Word file = raw::sys(SYS_openat, AT_FDCWD, "/proc/self/setgroups", O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  const raw::Word size = raw::sys(SYS_read, file, policy, 4);
  raw::close(static_cast<int>(file));
  return size == 4 && policy[0] == 'd' && policy[1] == 'e' && policy[2] == 'n' && policy[3] == 'y';
}

Failure change_user(const Privileges& privileges) {
  const raw::Word set = raw::sys(SYS_setgroups, privileges.group_count, privileges.groups);
  if (set < 0 && !(set == -EPERM && groups_are_denied())) return answer_of(Step::groups, set);
  const gid_t gid = privileges.gid;
  if (const Failure failed = answer_of(Step::groups, raw::sys(SYS_setresgid, gid, gid, gid))) return failed;
  const uid_t uid = privileges.uid;
  if (const Failure failed = answer_of(Step::user, raw::sys(SYS_setresuid, uid, uid, uid))) return failed;
  uid_t real = 0, effective = 0, saved = 0;
  if (raw::sys(SYS_getresuid, &real, &effective, &saved) < 0) return {Step::way_back, EPERM, nullptr};
  if (real != uid || effective != uid || saved != uid) return {Step::way_back, EPERM, nullptr};
  if (uid != 0 && raw::sys(SYS_setresuid, 0, 0, 0) == 0) return {Step::way_back, EPERM, nullptr};
  return {};
}

// Lowering the permitted and inheritable sets lowers the ambient set with them (capabilities(7)).
Failure lower_capabilities(std::uint64_t lowered) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[2];
  if (const Failure failed = answer_of(Step::capabilities, raw::sys(SYS_capget, &header, sets))) return failed;
  for (unsigned half = 0; half < 2; ++half) {
    const auto gone = static_cast<std::uint32_t>(lowered >> (32 * half));
    sets[half].effective &= ~gone;
    sets[half].permitted &= ~gone;
    sets[half].inheritable &= ~gone;
  }
  return answer_of(Step::capabilities, raw::sys(SYS_capset, &header, sets));
}

// A change of user clears it (prctl(2)), hence last. A parent that died before this would never be noticed.
Failure die_with(int parent) {
  if (const Failure failed = answer_of(Step::parent, raw::sys(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0))) return failed;
  if (raw::sys(SYS_getppid) != parent) return {Step::parent, ESRCH, nullptr};
  return {};
}

}  // namespace

Failure give_up(Privileges& privileges) {
  if (privileges.forbid_cores) privileges.cores_error = forbid_cores();
  if (privileges.give_streams) {
    if (const Failure failed = give_streams(privileges.uid, privileges.gid)) return failed;
  }
  if (const Failure failed = cover_all(privileges)) return failed;
  if (privileges.ruleset >= 0) {
    if (const Failure failed = enter(privileges.ruleset)) return failed;
  }
  if (privileges.bounding != 0) {
    if (const Failure failed = drop_bounding(privileges)) return failed;
  }
  if (privileges.change_user) {
    if (const Failure failed = change_user(privileges)) return failed;
  }
  if (privileges.lowered != 0) {
    if (const Failure failed = lower_capabilities(privileges.lowered)) return failed;
  }
  if (privileges.no_new_privs) {
    if (const Failure failed = set_no_new_privs()) return failed;
  }
  if (privileges.with_parent) return die_with(privileges.parent);
  return {};
}

}  // namespace hushrun::init
