#pragma once
// System calls on processes, users and privileges, as Result<T, Errno>.

#include "core/sys_file.h"

namespace hushrun::sys {

pid_t own_pid();
pid_t parent_pid();  // 0 if it is outside our pid namespace
uid_t effective_user();
gid_t effective_group();

/// No core dump, no ptrace, no /proc/PID/mem for our own user, until the next execve (prctl(2), PR_SET_DUMPABLE).
Answer<void> make_undumpable();

// ── signals ──────────────────────────────────────────────────────────────────────────────────────────────────────
// Raw calls with all 64 bits: glibc's wrappers leave out 32 and 33, which belong to its threads (nptl(7)).

using SignalMask = std::uint64_t;  // bit n-1 for signal n
/// Blocks everything that can be blocked; returns what was blocked before.
SignalMask block_all_signals();
void restore_signals(SignalMask mask);
SignalMask pending_signals();
/// Takes pending signals of `which` back, such as the SIGPIPE our own log's closed reader gave us: unblocked, it would
/// kill the application.
void discard_pending(SignalMask which);

// ── users and privileges: how they are given up is in init/privileges.h ──────────────────────────────────────────

struct Ids {
  uid_t uid;
  gid_t gid;
  std::vector<gid_t> groups;
};
/// True if we already are that user, with exactly these groups: then nothing needs a privilege.
bool already_is(const Ids& ids);

/// Capabilities to give up: `numbers`, or with `all` every one the kernel knows.
struct CapabilitySet {
  bool all = false;
  std::vector<unsigned> numbers;
};

// ── descriptors ──────────────────────────────────────────────────────────────────────────────────────────────────

/// Occupies each of 0, 1 and 2 that is closed with something harmless that is closed again on exec, so that no
/// secret's file becomes the application's stdin.
Answer<void> reserve_standard_streams();
/// Closes every descriptor from `first` to `last`, both included.
Answer<void> close_range(unsigned first, unsigned last);

// ── becoming another program ─────────────────────────────────────────────────────────────────────────────────────

/// SIGTERM to ourselves when our parent ends (prctl(2), PR_SET_PDEATHSIG). ESRCH if it has ended meanwhile.
Answer<void> end_with_parent();

/// fork(2): 0 in the child, which leaves by execve or _exit only.
Answer<pid_t> fork_child();
/// waitpid(2), through every interruption: how the child ended, for WIFEXITED and the like.
Answer<int> wait_for(pid_t child);

/// execve(2); returns only on failure.
Errno execute(const char* path, char* const* argv, char* const* environment);

/// A mount namespace of our own, from which nothing propagates back.
Answer<void> unshare_mounts();

/// getrandom(2), as hexadecimal digits: for names nobody can guess.
std::string random_name();

}  // namespace hushrun::sys
