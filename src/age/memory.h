#pragma once
// How much memory may still be taken before the kernel kills or refuses us.

#include <cstdint>
#include <string>

#include "core/error.h"

namespace hushrun::age {

/// The tightest bound on this process's memory.
struct MemoryRoom {
  std::uint64_t left;   // bytes that may still be taken
  std::uint64_t limit;  // of which
  Literal whose;        // "the memory limit of the container (cgroup)" …
};

/// Looks at the memory cgroup (v2 and v1) and each of its parents that is visible from here, at RLIMIT_AS, and at what the
/// machine has left. What cannot be read bounds nothing. `root` ends in a slash; tests have a tree of their own.
///
/// Page cache counts as free, for the kernel drops it before it kills; swap counts for the machine only.
MemoryRoom memory_room(const std::string& root = "/");

}  // namespace hushrun::age
