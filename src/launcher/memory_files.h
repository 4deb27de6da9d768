#pragma once
// Files in memory: where a target may lie, how it is written there, how it is taken away again.

#include <optional>
#include <string>
#include <vector>

#include "core/fd.h"
#include "core/secret.h"
#include "launcher/users.h"
#include "plan/plan.h"

namespace hushrun {

/// Who removes a file when the application ends.
enum class Remover {
  nobody,      // exec: the place must die with the application
  supervisor,  // we stay
};

/// Everything we made in file systems, so that it can be taken away again: newest first.
class Traces {
 public:
  Traces() = default;
  Traces(Traces&&) = default;
  Traces& operator=(Traces&&) = default;
  ~Traces() = default;

  void file(const Fd& directory, std::string name);
  void directory(const Fd& parent, std::string name);
  void mount(std::string path);
  /// Removes all of it; what is gone already is no error.
  void remove();
  bool empty() const { return made_.empty(); }

 private:
  struct Made {
    enum class What { file, directory, mount } what;
    std::optional<Fd> parent;
    std::string name;
  };
  std::vector<Made> made_;
};

/// What would keep a file from being written to an absolute target: a disk, a symlink on the way, a directory in its place. Makes nothing.
std::optional<Error> target_problem(const ToFile& target, const Place& place);

/// Puts files where they belong. One for a run; asks the kernel only for what the plan needs.
class FilePlacer {
 public:
  FilePlacer(Remover remover, uid_t owner, gid_t group) : remover_{remover}, owner_{owner}, group_{group} {}

  struct Placed {
    std::string path;          // what the application opens
    std::optional<int> memfd;  // its number, where it is one
  };
  /// Writes `value` to the target, whole or not at all: a temporary name, mode and owner, then a rename. Never through a symlink.
  Result<Placed, Error> place(const ToFile& target, const Secret& value, const Place& place, std::optional<User> owner);

  /// Path of the private directory, once a relative target made one: the application gets it as HUSHRUN_DIR.
  const std::optional<std::string>& private_directory() const { return private_path_; }
  Traces& traces() { return traces_; }

 private:
  Result<Placed, Error> place_memfd(const Secret& value, const ToFile& target, const Place& place, uid_t uid, gid_t gid);
  Result<void, Error> make_private_directory(const Place& place);
  Result<void, Error> write_file(const Fd& directory, const std::string& name, const Secret& value, const ToFile& target, const Place& place,
                                 uid_t uid, gid_t gid);

  Remover remover_;
  uid_t owner_;
  gid_t group_;
  std::optional<std::string> private_path_;
  std::optional<Fd> private_directory_;
  Traces traces_;
};

}  // namespace hushrun
