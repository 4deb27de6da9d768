#pragma once
// What the application does not get: cores, somebody else's standard streams, sources it may not open again, capabilities, groups,
// user, new privileges. Given up in ourselves before execve (exec), or in the child (supervise): the same steps, and no libc in them.

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

namespace hushrun::init {

enum class Step : unsigned char {
  none,
  stream,        // fchown(2) of a standard stream
  mounts,        // a mount namespace of our own
  cover,         // something put over a source
  landlock,      // landlock_restrict_self(2)
  bounding,      // the capability bounding set
  groups,        // setgroups(2), setresgid(2)
  user,          // setresuid(2)
  way_back,      // the proof that there is none
  capabilities,  // our own sets
  no_new_privs,
  parent,        // our parent is gone: nobody would end the application with it
  descriptors,   // dup3(2), close_range(2)
  execute,       // no candidate could be executed
};

/// A step that failed, and the kernel's answer.
struct Failure {
  Step step = Step::none;
  int error = 0;
  const char* path = nullptr;  // of a cover
  explicit operator bool() const { return step != Step::none; }
};

/// A path to be hidden. It has no symlink in it.
struct Cover {
  const char* path;
  bool directory;
};

/// All memory it points at was made before, and outlives it.
struct Privileges {
  bool forbid_cores = false;
  int cores_error = 0;  // answer: why cores could not be forbidden; never a reason to stop

  bool give_streams = false;  // to uid and gid, below
  const Cover* covers = nullptr;
  std::size_t cover_count = 0;
  int ruleset = -1;  // a Landlock ruleset, entered once the covers are in place

  std::uint64_t bounding = 0;         // capabilities to take out of the bounding set, a bit each
  bool bounding_may_stay = false;     // with no_new_privs nothing can be gained from it any more
  bool change_user = false;
  uid_t uid = 0;
  gid_t gid = 0;
  const gid_t* groups = nullptr;
  std::size_t group_count = 0;
  std::uint64_t lowered = 0;  // capabilities to take out of our own sets
  bool no_new_privs = false;
  bool with_parent = false;  // when our parent ends we are killed
  int parent = 0;            // its pid, as getppid(2) has it
};

/// Gives all of it up, in this order; irrevocable. Allocates nothing, logs nothing: may run between vfork and execve.
Failure give_up(Privileges& privileges);

}  // namespace hushrun::init
