#pragma once
// Files in memory: where a target may lie, how it is written there, how it is taken away again.

#include <optional>
#include <string>
#include <vector>

#include "core/fd.h"
#include "core/secret.h"
#include "init/record.h"
#include "launcher/users.h"
#include "plan/plan.h"

namespace hushrun {

/// Who removes a file when the application ends.
enum class Remover {
  nobody,      // exec: the place must die with the application
  supervisor,  // we stay
};

/// Everything we made in file systems, so that it can be taken away again, by us, by the supervisor, or, if both are killed, by the next
/// launcher: kept as words, which the one hands to the other (init/state.h). Paths are absolute and have no symlink in them.
class Traces {
 public:
  /// From now on the next launcher finds what is made as well (init/record.h).
  void keep_record();

  // Each is said before the thing is made, as we may be killed in between.
  void temporary(const std::string& path);
  void tree(const std::string& path);
  void mount(const std::string& path);
  void new_directory(const std::string& path);
  /// Now it is made: before, it could have been somebody else's.
  void directory(const std::string& path);
  /// A file under a temporary name that is about to get its own: known by its inode.
  sys::Answer<void> file(const Fd& written, const std::string& path);

  /// Removes all of it; what is gone already is no error.
  void remove();

  /// Paths of the files we wrote.
  const std::vector<std::string>& files() const { return files_; }
  /// What is to be taken away, newest first.
  std::vector<std::string> words() const;
  /// Of the record, to be kept open for as long as the files are there; -1 if there is none.
  int record_descriptor() const { return record_ ? record_->descriptor() : -1; }

 private:
  void write_down(const std::string& word);
  void add(std::string word);

  std::vector<std::string> made_;
  std::vector<std::string> files_;
  std::optional<init::Record> record_;
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
  void first_file();
  Result<void, Error> write_file(const Fd& directory, const std::string& path, const std::string& name, const Secret& value, const ToFile& target, const Place& place,
                                 uid_t uid, gid_t gid);

  Remover remover_;
  uid_t owner_;
  gid_t group_;
  std::optional<std::string> private_path_;
  std::optional<Fd> private_directory_;
  bool begun_ = false;
  Traces traces_;
};

}  // namespace hushrun
