#include "init/shield.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <set>
#include <string_view>

#include "core/sys_file.h"
#include "init/raw.h"

namespace hushrun::init {
namespace {

Error problem(Literal what, Public where, Why why, Public fix) { return {Code::privilege, what, where, why, fix}; }

constexpr Public kWays = "give CAP_SYS_ADMIN to the launcher, or use a kernel with Landlock (Linux 5.19), or leave out shield";

bool is_below(std::string_view path, std::string_view directory) {
  if (directory == "/") return true;
  return path.starts_with(directory) && (path.size() == directory.size() || path[directory.size()] == '/');
}

std::string joined(const std::string& directory, std::string_view name) {
  std::string path = directory == "/" ? "" : directory;
  return (path += '/') += name;
}

// The path without symlinks; nothing if there is no such file.
std::optional<std::string> real_path(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> real{::realpath(path.c_str(), nullptr), &std::free};
  if (!real) return std::nullopt;
  return std::string{real.get()};
}

// ── other names of the same directory: mounts of the same file system ────────────────────────────────────────────

struct Mount {
  std::string device;  // major:minor
  std::string root;    // what of that file system is mounted
  std::string point;
};

// proc(5): blanks, tabs, newlines and backslashes in a path stand as \ooo.
std::string unescaped(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size()) {
      plain += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

// Without /proc: none, and only the names that were given can be hidden.
std::vector<Mount> mounts() {
  constexpr std::size_t kLimit = 16 * 1024 * 1024;
  std::vector<Mount> all;
  const sys::Answer<Fd> file = sys::open_file("/proc/self/mountinfo");
  if (!file) return all;
  const sys::Answer<std::string> text = sys::read_text(file.value(), kLimit);
  if (!text) return all;
  std::string_view rest = text.value();
  while (!rest.empty()) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    std::string_view fields[5];  // id, parent, device, root, mount point
    for (std::string_view& field : fields) {
      field = line.substr(0, line.find(' '));
      line.remove_prefix(std::min(field.size() + 1, line.size()));
    }
    all.push_back({std::string{fields[2]}, unescaped(fields[3]), unescaped(fields[4])});
  }
  return all;
}

// Where else in our namespace the thing lies that the file system `device` calls `root`, and parts of it that are mounted by themselves.
void add_other_names(const std::vector<Mount>& all, const std::string& device, const std::string& root, std::set<std::string>& names) {
  for (const Mount& mount : all) {
    if (mount.device != device) continue;
    if (is_below(root, mount.root)) {
      const std::string_view rest = mount.root == "/" ? std::string_view{root} : std::string_view{root}.substr(mount.root.size());
      std::string name = mount.point == "/" ? std::string{rest} : mount.point + std::string{rest == "/" ? "" : rest};
      names.insert(name.empty() ? "/" : name);
    } else if (is_below(mount.root, root)) {
      names.insert(mount.point);
    }
  }
}

std::set<std::string> all_names(const std::string& path, const std::vector<Mount>& all) {
  std::set<std::string> names{path};
  const Mount* under = nullptr;  // the mount it lies on: the last of the longest, as later ones lie above
  for (const Mount& mount : all) {
    if (is_below(path, mount.point) && (under == nullptr || mount.point.size() >= under->point.size())) under = &mount;
  }
  if (under != nullptr) {
    const std::string below = under->point == "/" ? path : path.substr(under->point.size());
    add_other_names(all, under->device, under->root == "/" ? (below.empty() ? "/" : below) : under->root + below, names);
  }
  // What is mounted below it: each secret of Compose is a mount of its own.
  for (const Mount& mount : all) {
    if (mount.point != path && is_below(mount.point, path)) add_other_names(all, mount.device, mount.root, names);
  }
  return names;
}

// ── what the application could undo ──────────────────────────────────────────────────────────────────────────────

std::uint64_t own_capabilities() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[2]{};
  if (::syscall(SYS_capget, &header, sets) < 0) return 0;
  return sets[0].permitted | static_cast<std::uint64_t>(sets[1].permitted) << 32;
}

// CAP_SYS_ADMIN unmounts; CAP_SYS_PTRACE looks through the root directory of the process above.
constexpr std::uint64_t kUndoing = std::uint64_t{1} << CAP_SYS_ADMIN | std::uint64_t{1} << CAP_SYS_PTRACE;

enum class Undo { cannot, by_another_program, itself };

Undo could_undo(const Privileges& privileges) {
  const bool stays_root = privileges.change_user ? privileges.uid == 0 : ::geteuid() == 0;
  const bool keeps_user = !privileges.change_user;
  if ((stays_root || keeps_user) && (own_capabilities() & ~privileges.lowered & kUndoing) != 0) return Undo::itself;
  if (privileges.no_new_privs) return Undo::cannot;
  for (const int capability : {CAP_SYS_ADMIN, CAP_SYS_PTRACE}) {
    const bool dropped = (privileges.bounding >> capability & 1) != 0;
    if (!dropped && ::prctl(PR_CAPBSET_READ, capability, 0, 0, 0) == 1) return stays_root ? Undo::itself : Undo::by_another_program;
  }
  return Undo::cannot;
}

// ── Landlock ─────────────────────────────────────────────────────────────────────────────────────────────────────

std::optional<Fd> make_ruleset(std::uint64_t handled) {
  const long version = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  // Version 1 (Linux 5.13) forbids every rename between two directories, which package managers and editors need.
  if (version < 2) return std::nullopt;
  landlock_ruleset_attr attributes{};
  attributes.handled_access_fs = handled;
  const long made = ::syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0);
  if (made < 0) return std::nullopt;
  return Fd::adopt(static_cast<int>(made));
}

std::optional<Fd> open_for_rule(const std::string& path) {
  const int opened = ::open(path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (opened < 0) return std::nullopt;
  return Fd::adopt(opened);
}

bool allow(const Fd& ruleset, const Fd& beneath, std::uint64_t access) {
  landlock_path_beneath_attr rule{};
  rule.allowed_access = access;
  rule.parent_fd = beneath.number();
  return ::syscall(SYS_landlock_add_rule, ruleset.number(), LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
}

// A ruleset which allows renames everywhere, as they were; `handled` are the other rights.
std::optional<Fd> make_domain(std::uint64_t handled) {
  std::optional<Fd> ruleset = make_ruleset(handled | LANDLOCK_ACCESS_FS_REFER);
  if (!ruleset) return std::nullopt;
  const std::optional<Fd> root = open_for_rule("/");
  if (!root || !allow(*ruleset, *root, LANDLOCK_ACCESS_FS_REFER)) return std::nullopt;
  return ruleset;
}

}  // namespace

Result<Shield> Shield::over(const std::vector<std::string>& paths, const std::vector<std::string>& kept) {
  const std::vector<Mount> all = mounts();
  std::set<std::string> names;
  for (const std::string& path : paths) {
    if (const auto real = real_path(path)) names.merge(all_names(*real, all));
  }
  Shield shield;
  for (const std::string& name : names) {
    const sys::Answer<sys::FileStatus> status = sys::status(name);
    // A name below something else that is mounted over it: not there.
    if (!status) continue;
    const bool directory = status.value().kind == sys::FileKind::directory;
    if (name == "/") {
      return problem("cannot shield the root directory", "/", "nothing could be opened any more", "list the directories under shield: that hold secrets");
    }
    shield.hidden_.push_back({name, directory, status.value().device, status.value().inode});
  }
  // What lies below a hidden directory is hidden with it.
  std::erase_if(shield.hidden_, [&](const Hidden& inner) {
    return std::any_of(shield.hidden_.begin(), shield.hidden_.end(),
                       [&](const Hidden& outer) { return outer.path != inner.path && outer.directory && is_below(inner.path, outer.path); });
  });
  for (const std::string& file : kept) {
    const std::string real = real_path(file).value_or(file);
    for (const Hidden& hidden : shield.hidden_) {
      if (!is_below(real, hidden.path)) continue;
      return problem("cannot shield what the application is to open", Public::path(file), "the file is delivered below a shielded path",
                     "deliver it elsewhere, or list what shield: is to hide");
    }
  }
  return shield;
}

Result<bool> Shield::by_covers(Privileges& privileges) {
  if ((own_capabilities() >> CAP_SYS_ADMIN & 1) == 0) return false;
  const Undo undo = could_undo(privileges);
  if (undo != Undo::cannot) {
    // Enough to be in a domain: in any of them mount(2) and umount(2) are EPERM, and /proc/PID/root of a process outside is EACCES.
    ruleset_ = make_domain(0);
    if (!ruleset_ && undo == Undo::itself) {
      return problem("cannot shield the sources", "process", "the application keeps CAP_SYS_ADMIN or CAP_SYS_PTRACE and could undo it; there is no Landlock to forbid that",
                     "say drop_capabilities: [CAP_SYS_ADMIN, CAP_SYS_PTRACE] and no_new_privs: true, or user");
    }
  }
  covers_.clear();
  for (const Hidden& hidden : hidden_) covers_.push_back({hidden.path.c_str(), hidden.directory});
  privileges.covers = covers_.data();
  privileges.cover_count = covers_.size();
  privileges.ruleset = ruleset_ ? ruleset_->number() : -1;
  return true;
}

Result<void> Shield::by_landlock(Privileges& privileges) {
  ruleset_ = make_domain(LANDLOCK_ACCESS_FS_READ_FILE);
  if (!ruleset_) {
    return problem("cannot shield the sources", "process", "nothing may be mounted here, and the kernel has no Landlock (version 2)", kWays);
  }
  // All directories on the way to something hidden are looked through, and whatever else is in them is allowed.
  std::set<std::string> on_the_way;
  for (const Hidden& hidden : hidden_) {
    for (std::string path = hidden.path; path.size() > 1;) {
      const std::size_t slash = path.rfind('/');
      path.resize(slash == 0 ? 1 : slash);
      on_the_way.insert(path);
    }
  }
  const auto is_hidden = [&](const std::string& path, const struct stat& status) {
    return std::any_of(hidden_.begin(), hidden_.end(),
                       [&](const Hidden& hidden) { return hidden.path == path || (hidden.inode == status.st_ino && hidden.device == status.st_dev); });
  };
  for (const std::string& directory : on_the_way) {
    const sys::Answer<Fd> opened = sys::open_directory(directory);
    if (!opened) {
      return problem("cannot shield the sources", Public::path(directory), opened.error(), "make the directory readable for the user that starts hushrun");
    }
    raw::each_entry(opened.value().number(), [&](const char* name) {
      const std::string path = joined(directory, name);
      if (on_the_way.contains(path)) return;
      const std::optional<Fd> beneath = open_for_rule(path);
      struct stat status {};
      if (!beneath || ::fstat(beneath->number(), &status) < 0 || S_ISLNK(status.st_mode) || is_hidden(path, status)) return;
      // What cannot be allowed stays unreadable; sockets and the like need no rule.
      static_cast<void>(allow(*ruleset_, *beneath, LANDLOCK_ACCESS_FS_READ_FILE));
    });
  }
  privileges.covers = nullptr;
  privileges.cover_count = 0;
  privileges.ruleset = ruleset_->number();
  return {};
}

bool mounting_is_refused(const Failure& failure) { return failure.step == Step::mounts || failure.step == Step::cover; }

}  // namespace hushrun::init
