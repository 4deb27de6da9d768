#pragma once
// After delivery the application cannot open the sources or the identity any more: a hole in it gives away only what it was given.
//
// Covered where we may mount, else hidden by Landlock (Linux 5.19): Landlock has only allow rules, so everything else along the path is
// allowed, and what is made beside the path later is unreadable too. What neither can do is an error.

#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/fd.h"
#include "init/privileges.h"

namespace hushrun::init {

class Shield {
 public:
  /// Hides `paths`, each a directory with all below it, or a file, under every name that it has in our mount namespace. What is not
  /// there is passed over. `kept` are the application's own files: one of them below a hidden path is an error.
  static Result<Shield> over(const std::vector<std::string>& paths, const std::vector<std::string>& kept);

  bool empty() const { return hidden_.empty(); }

  /// Puts covers into `privileges`, and where the application could take them off again, a Landlock domain in which nothing can be mounted
  /// and no process outside be looked into. An error if it could and there is no Landlock. False if we may not mount.
  Result<bool> by_covers(Privileges& privileges);
  /// Puts a Landlock domain into `privileges`, in which everything can be read but what is hidden.
  Result<void> by_landlock(Privileges& privileges);

 private:
  struct Hidden {
    std::string path;  // without symlinks
    bool directory;
    std::uint64_t device, inode;
  };
  Shield() = default;
  std::vector<Hidden> hidden_;
  std::vector<Cover> covers_;
  std::optional<Fd> ruleset_;
};

/// True if this failure means that mounting is not for us here, so that Landlock is the next thing to try.
bool mounting_is_refused(const Failure& failure);

}  // namespace hushrun::init
