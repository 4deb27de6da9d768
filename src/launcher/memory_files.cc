#include "launcher/memory_files.h"

#include <linux/magic.h>

#include <algorithm>
#include <cerrno>

#include "core/log.h"
#include "core/sys_process.h"
#include "init/removal.h"
#include "init/state.h"

namespace hushrun {
namespace {

/// A private tmpfs holds no more than this: 64 secrets of the largest size.
constexpr std::size_t kPrivateSize = 64 * kSecretLimit;
/// Memfds of the application begin here: clear of LISTEN_FDS and of the numbers shells use.
constexpr int kLowestMemfd = 10;

bool is_memory(std::uint64_t file_system) { return file_system == TMPFS_MAGIC || file_system == RAMFS_MAGIC; }

Error refused(Code code, Literal what, const std::string& path, const Place& place, Why why, Public fix) {
  return {code, what, Public::path(path) + ", " + place.shown(), why, fix};
}

// The last component, and what stands before it.
struct Split {
  std::string directory, name;
};
Split split(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return {".", path};
  return {slash == 0 ? "/" : path.substr(0, slash), path.substr(slash + 1)};
}

// The nearest directory on the way to a target that is there, known to be memory (or the disk allowed), and the names of
// those below it that are not there yet, innermost first.
struct Ground {
  std::string path;
  Fd nearest;
  std::vector<std::string> missing;
};
Result<Ground> find_ground(const std::string& directory, const ToFile& target, const Place& place) {
  const auto failed = [&](Errno error) {
    if (error.value == ELOOP) {
      return refused(Code::target_refused, "target lies behind a symlink", target.path, place, "a part of its path is a symlink", "name the real directory");
    }
    return refused(Code::target_unwritable, "cannot open the file's directory", target.path, place, error, "mount a tmpfs there, or correct the path");
  };
  std::string there = directory;
  std::vector<std::string> missing;
  sys::Answer<Fd> opened = sys::open_directory_no_symlinks(there);
  while (!opened && opened.error().value == ENOENT && there != "/") {
    const Split at = split(there);
    if (!at.name.empty() && at.name != ".") missing.push_back(at.name);
    there = at.directory;
    opened = sys::open_directory_no_symlinks(there);
  }
  if (!opened) return failed(opened.error());
  const std::uint64_t file_system = TRY(sys::file_system(opened.value()).or_error(failed));
  if (!is_memory(file_system) && !target.disk_allowed) {
    return refused(Code::target_on_disk, "target is on a disk", target.path, place, "its directory is neither tmpfs nor ramfs, so the secret would stay behind",
                   "mount a tmpfs there (Docker: --tmpfs; Compose: tmpfs:), use a relative path, or say disk: allowed");
  }
  return Ground{std::move(there), std::move(opened).value(), std::move(missing)};
}

// What already has the target's name.
std::optional<Error> occupied(const Fd& directory, const std::string& name, const ToFile& target, const Place& place) {
  const sys::Answer<sys::FileStatus> before = sys::status_beneath(directory, name);
  if (!before || before.value().kind == sys::FileKind::regular) return std::nullopt;
  if (before.value().kind == sys::FileKind::symlink) {
    return refused(Code::target_refused, "target is a symlink", target.path, place, "a secret is never written through a symlink",
                   "remove the symlink, or name what it points at");
  }
  return refused(Code::target_refused, "target is not a file", target.path, place, "something else has its name", "choose another path");
}

// The target's directory, made where it is missing.
Result<Fd> make_ground(const std::string& directory, const ToFile& target, const Place& place, Traces& traces) {
  const auto failed = [&](Errno error) {
    return refused(Code::target_unwritable, "cannot make the file's directory", target.path, place, error, "mount a tmpfs there, or correct the path");
  };
  Ground ground = TRY(find_ground(directory, target, place));
  Fd parent = std::move(ground.nearest);
  std::string path = ground.path == "/" ? "" : ground.path;
  for (auto name = ground.missing.rbegin(); name != ground.missing.rend(); ++name) {
    traces.new_directory((path += '/') += *name);
    TRY(sys::make_directory(parent, *name, 0755).or_error(failed));
    traces.directory(path);
    parent = TRY(sys::open_subdirectory(parent, *name).or_error(failed));
    // mkdir(2) is subject to the umask; a directory of secrets' names is not private, its files are.
    TRY(sys::set_mode(parent, 0755).or_error(failed));
  }
  return parent;
}

}  // namespace

std::optional<Error> target_problem(const ToFile& target, const Place& place) {
  const Split at = split(target.path);
  const Result<Ground> ground = find_ground(at.directory, target, place);
  if (!ground) return ground.error();
  if (!ground.value().missing.empty()) return std::nullopt;
  return occupied(ground.value().nearest, at.name, target, place);
}

void Traces::keep_record() {
  record_ = init::Record::make();
  if (!record_) log::info("neither /run nor /dev/shm is a writable tmpfs: if hushrun is killed, nobody will know which files to remove");
}

void Traces::write_down(const std::string& word) {
  if (record_ && !record_->add(word)) log::info("no room for the list of files: if hushrun is killed, some will stay behind");
}
void Traces::add(std::string word) {
  write_down(word);
  made_.push_back(std::move(word));
}
// Whoever made it removes or renames it, unless killed.
void Traces::temporary(const std::string& path) { write_down(init::word::kTemporary + path); }
void Traces::tree(const std::string& path) { add(init::word::kTree + path); }
void Traces::mount(const std::string& path) { add(init::word::kMount + path); }
void Traces::new_directory(const std::string& path) { write_down(init::word::kDirectory + path); }
void Traces::directory(const std::string& path) { made_.push_back(init::word::kDirectory + path); }
sys::Answer<void> Traces::file(const Fd& written, const std::string& path) {
  const sys::FileStatus status = TRY(sys::status(written));
  add(init::word::kFile + std::to_string(init::device_number(status.device)) + ":" + std::to_string(status.inode) + ":" + path);
  files_.push_back(path);
  return {};
}

std::vector<std::string> Traces::words() const {
  std::vector<std::string> newest_first{made_.rbegin(), made_.rend()};
  if (record_) newest_first.push_back(record_->word());
  return newest_first;
}

void Traces::remove() {
  // What cannot be removed any more was removed by somebody else; there is nobody left to tell.
  std::vector<std::string> texts = words();
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  init::take_away(pointers.data());
  made_.clear();
  record_.reset();
}

// A launcher that was killed may have left something where ours is to go; and what we make is written down from here on.
void FilePlacer::first_file() {
  if (begun_) return;
  begun_ = true;
  init::take_leftovers_away();
  if (remover_ == Remover::supervisor) traces_.keep_record();
}

Result<FilePlacer::Placed, Error> FilePlacer::place(const ToFile& target, const Secret& value, const Place& place, std::optional<User> owner) {
  const uid_t uid = owner ? owner->uid : owner_;
  const gid_t gid = owner ? owner->gid : group_;
  if (target.as == FileConfig::As::memfd) return place_memfd(value, target, place, uid, gid);

  if (target.path.starts_with('/')) {
    const Split at = split(target.path);
    if (remover_ == Remover::nobody && sys::own_pid() != 1) {
      return refused(Code::target_unremovable, "nobody would remove the file", target.path, place,
                     "with --exec we are replaced, and as we are not PID 1 the file would outlive the application",
                     "say as: memfd, or run with --supervise");
    }
    first_file();
    const Fd directory = TRY(make_ground(at.directory, target, place, traces_));
    TRY(write_file(directory, target.path, at.name, value, target, place, uid, gid));
    return Placed{target.path, {}};
  }

  first_file();
  if (!private_directory_) TRY(make_private_directory(place));
  // Relative targets may have directories of their own, below the private one.
  std::optional<Fd> below;
  std::string rest = target.path;
  for (std::size_t slash = rest.find('/'); slash != std::string::npos; slash = rest.find('/')) {
    const std::string part = rest.substr(0, slash);
    rest.erase(0, slash + 1);
    if (part.empty() || part == ".") continue;
    const Fd& parent = below ? *below : *private_directory_;
    static_cast<void>(sys::make_directory(parent, part, 0700));  // there already, or the next line says why not
    Fd next = TRY(sys::open_subdirectory(parent, part).or_error([&](Errno error) {
      return refused(Code::target_unwritable, "cannot make the file's directory", target.path, place, error, "choose another name under files:");
    }));
    TRY(sys::set_owner(next, owner_, group_).or_error([&](Errno error) {
      return refused(Code::target_unwritable, "cannot give the file's directory to its owner", target.path, place, error, "run as root, or leave out user");
    }));
    below = std::move(next);
  }
  TRY(write_file(below ? *below : *private_directory_, *private_path_ + "/" + target.path, rest, value, target, place, uid, gid));
  return Placed{*private_path_ + "/" + target.path, {}};
}

Result<FilePlacer::Placed, Error> FilePlacer::place_memfd(const Secret& value, const ToFile& target, const Place& place, uid_t uid, gid_t gid) {
  const auto failed = [&](Errno error) {
    return refused(Code::target_unwritable, "cannot make a file in memory", target.path, place, error, "raise the limit of open files, or name a path on a tmpfs");
  };
  const Fd memfd = TRY(sys::create_memfd().or_error(failed));
  TRY(sys::write_all(memfd, value.expose().data(), value.size()).or_error(failed));
  TRY(sys::set_mode(memfd, target.mode).or_error(failed));
  if (uid != sys::effective_user() || gid != sys::effective_group()) {
    TRY(sys::set_owner(memfd, uid, gid).or_error([&](Errno error) {
      return refused(Code::privilege, "cannot give the file to its owner", target.path, place, error, "run as root, or leave out owner and user");
    }));
  }
  TRY(sys::seal_memfd(memfd).or_error(failed));
  const int number = TRY(sys::duplicate_for_child(memfd, kLowestMemfd).or_error(failed));
  return Placed{"/proc/self/fd/" + std::to_string(number), number};
}

Result<void, Error> FilePlacer::make_private_directory(const Place& place) {
  const std::string name = "hushrun-" + sys::random_name();
  const bool pid1 = sys::own_pid() == 1;
  const auto finish = [&](Fd directory, std::string path) -> Result<void, Error> {
    TRY(sys::set_mode(directory, 0700).or_error([&](Errno error) {
      return refused(Code::target_unwritable, "cannot protect the private directory", path, place, error, "say as: memfd");
    }));
    if (owner_ != sys::effective_user() || group_ != sys::effective_group()) {
      TRY(sys::set_owner(directory, owner_, group_).or_error([&](Errno error) {
        return refused(Code::privilege, "cannot give the private directory to the application's user", path, place, error, "run as root, or leave out user");
      }));
    }
    private_directory_ = std::move(directory);
    private_path_ = std::move(path);
    return {};
  };
  const auto made_in = [&](const char* parent) -> std::optional<Fd> {
    sys::Answer<Fd> opened = sys::open_directory_no_symlinks(parent);
    if (!opened) return std::nullopt;
    const sys::Answer<std::uint64_t> file_system = sys::file_system(opened.value());
    if (!file_system || !is_memory(file_system.value())) return std::nullopt;
    traces_.tree(std::string{parent} + "/" + name);
    if (!sys::make_directory(opened.value(), name, 0700)) return std::nullopt;
    sys::Answer<Fd> directory = sys::open_subdirectory(opened.value(), name);
    if (!directory) return std::nullopt;
    return std::move(directory).value();
  };

  // A fresh tmpfs of our own. In exec mode and not as PID 1 only in a mount namespace of our own, which dies with the application.
  const bool own_namespace = remover_ == Remover::nobody && !pid1;
  if (own_namespace) {
    const bool unshared = static_cast<bool>(sys::unshare_mounts());
    if (!unshared) {
      return refused(Code::target_unremovable, "nobody would remove the file", "files", place,
                     "with --exec we are replaced, we are not PID 1, and a mount namespace of our own is not to be had here",
                     "say as: memfd, or run with --supervise");
    }
  }
  // There every launcher may mount on one and the same empty directory, which stays: removing a directory detaches
  // what is mounted on it in other namespaces (mount_namespaces(7)).
  const std::string mount_point = own_namespace ? "hushrun" : name;
  for (const char* parent : {"/run", "/dev/shm"}) {
    sys::Answer<Fd> opened = sys::open_directory_no_symlinks(parent);
    if (!opened) continue;
    const std::string path = std::string{parent} + "/" + mount_point;
    if (!own_namespace) traces_.tree(path);
    const sys::Answer<void> made = sys::make_directory(opened.value(), mount_point, 0700);
    if (!made && !(own_namespace && made.error().value == EEXIST)) continue;
    if (!sys::open_subdirectory(opened.value(), mount_point)) continue;  // a symlink
    traces_.mount(path);
    sys::Answer<void> mounted = sys::mount_tmpfs(path, kPrivateSize, sys::Swap::never);
    if (!mounted && mounted.error().value == EINVAL) {
      mounted = sys::mount_tmpfs(path, kPrivateSize, sys::Swap::allowed);
      if (mounted) log::info("{}: this kernel has no noswap for tmpfs; the files may be swapped out", Public::path(path));
    }
    if (!mounted) {
      if (made) static_cast<void>(sys::remove_directory(opened.value(), mount_point));
      break;  // EPERM: no CAP_SYS_ADMIN, as in most containers
    }
    sys::Answer<Fd> directory = sys::open_directory_no_symlinks(path);
    if (!directory) break;
    return finish(std::move(directory).value(), path);
  }
  if (own_namespace) {
    return refused(Code::target_unremovable, "nobody would remove the file", "files", place, "no tmpfs may be mounted here",
                   "say as: memfd, or run with --supervise");
  }
  for (const char* parent : {"/run", "/dev/shm"}) {
    if (auto directory = made_in(parent)) return finish(std::move(*directory), std::string{parent} + "/" + name);
  }
  return refused(Code::target_on_disk, "no place in memory for files", "files", place, "neither /run nor /dev/shm is a writable tmpfs here",
                 "mount one (Docker: --tmpfs /run; Compose: tmpfs: /run), or say as: memfd");
}

Result<void, Error> FilePlacer::write_file(const Fd& directory, const std::string& path, const std::string& name, const Secret& value, const ToFile& target,
                                           const Place& place, uid_t uid, gid_t gid) {
  const auto failed = [&](Errno error) {
    return refused(Code::target_unwritable, "cannot write the file", target.path, place, error, "make room on the tmpfs, or choose another path");
  };
  if (auto problem = occupied(directory, name, target, place)) return std::move(*problem);
  // Not the name of a record (init/record.h).
  const std::string temporary = ".hushrun-new-" + sys::random_name();
  traces_.temporary(path.substr(0, path.size() - name.size()) + temporary);
  Fd file = TRY(sys::create_exclusively(directory, temporary, 0600).or_error(failed));
  const auto written = [&]() -> Result<void, Error> {
    TRY(sys::write_all(file, value.expose().data(), value.size()).or_error(failed));
    if (uid != sys::effective_user() || gid != sys::effective_group()) {
      TRY(sys::set_owner(file, uid, gid).or_error([&](Errno error) {
        return refused(Code::privilege, "cannot give the file to its owner", target.path, place, error, "run as root, or leave out owner and user");
      }));
    }
    TRY(sys::set_mode(file, target.mode).or_error(failed));
    TRY(traces_.file(file, path).or_error(failed));
    TRY(sys::rename_over(directory, temporary, name).or_error(failed));
    return {};
  }();
  if (!written) {
    static_cast<void>(sys::remove_file(directory, temporary));
    return written.error();
  }
  return {};
}

}  // namespace hushrun
