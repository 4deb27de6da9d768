#include "init/removal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/stat.h>
#include <sys/mount.h>
#include <unistd.h>

#include "init/raw.h"
#include "init/state.h"

namespace hushrun::init {
namespace {

constexpr int kDirectoryFlags = O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
/// No deeper: an application may build a tower, and every level holds a descriptor.
constexpr int kDeepest = 64;
constexpr std::size_t kLongestName = 255;  // NAME_MAX

struct At {
  int directory = -1;
  char name[kLongestName + 1];
};

// Opens the directory of `path` a part at a time, so that no symlink is followed, and leaves the last part in `at`.
bool reach(const char* path, At& at) {
  if (*path != '/') return false;
  at.directory = static_cast<int>(raw::sys(SYS_openat, AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  while (at.directory >= 0) {
    while (*path == '/') ++path;
    std::size_t size = 0;
    for (; path[size] != '\0' && path[size] != '/'; ++size) {
      if (size == kLongestName) break;
      at.name[size] = path[size];
    }
    if (size == 0 || (path[size] != '\0' && path[size] != '/')) break;
    at.name[size] = '\0';
    path += size;
    const char* rest = path;
    while (*rest == '/') ++rest;
    if (*rest == '\0') return true;
    const raw::Word next = raw::sys(SYS_openat, at.directory, at.name, O_PATH | kDirectoryFlags);
    raw::close(at.directory);
    at.directory = static_cast<int>(next);
  }
  if (at.directory >= 0) raw::close(at.directory);
  return false;
}

bool is_still(const At& at, std::uint64_t device, std::uint64_t inode) {
  struct statx found;
  if (raw::sys(SYS_statx, at.directory, at.name, AT_SYMLINK_NOFOLLOW, STATX_INO, &found) < 0) return false;
  return found.stx_ino == inode && (static_cast<std::uint64_t>(found.stx_dev_major) << 32 | found.stx_dev_minor) == device;
}

// Everything in the directory; mount points stay, as openat2 refuses them and unlinkat answers EBUSY.
void empty(int directory, int depth) {
  for (bool removed = true; removed;) {
    // From the beginning after every removal: on some file systems entries move when others go.
    removed = false;
    raw::sys(SYS_lseek, directory, 0, SEEK_SET);
    raw::each_entry(directory, [&](const char* name) {
      if (raw::sys(SYS_unlinkat, directory, name, 0) >= 0) {
        removed = true;
        return;
      }
      open_how how;
      how.flags = O_RDONLY | kDirectoryFlags;
      how.mode = 0;
      how.resolve = RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH;
      const auto below = static_cast<int>(depth < kDeepest ? raw::sys(SYS_openat2, directory, name, &how, sizeof how) : -ELOOP);
      if (below >= 0) {
        empty(below, depth + 1);
        raw::close(below);
      }
      if (raw::sys(SYS_unlinkat, directory, name, AT_REMOVEDIR) >= 0) removed = true;
    });
  }
}

void take_tree(const At& at) {
  const auto tree = static_cast<int>(raw::sys(SYS_openat, at.directory, at.name, O_RDONLY | kDirectoryFlags));
  if (tree >= 0) {
    empty(tree, 0);
    raw::close(tree);
  }
  raw::sys(SYS_unlinkat, at.directory, at.name, AT_REMOVEDIR);
}

}  // namespace

void take_away(char* const* words) {
  for (; *words != nullptr; ++words) {
    const char* path = nullptr;
    if ((path = raw::after(*words, word::kMount)) != nullptr) {
      raw::sys(SYS_umount2, path, MNT_DETACH | UMOUNT_NOFOLLOW);
      continue;
    }
    At at;
    if ((path = raw::after(*words, word::kFile)) != nullptr) {
      const std::uint64_t device = raw::take_number(path);
      if (*path == ':') ++path;
      const std::uint64_t inode = raw::take_number(path);
      if (*path == ':') ++path;
      if (!reach(path, at)) continue;
      if (is_still(at, device, inode)) raw::sys(SYS_unlinkat, at.directory, at.name, 0);
    } else if ((path = raw::after(*words, word::kTemporary)) != nullptr) {
      if (!reach(path, at)) continue;
      raw::sys(SYS_unlinkat, at.directory, at.name, 0);
    } else if ((path = raw::after(*words, word::kDirectory)) != nullptr) {
      if (!reach(path, at)) continue;
      raw::sys(SYS_unlinkat, at.directory, at.name, AT_REMOVEDIR);
    } else if ((path = raw::after(*words, word::kTree)) != nullptr) {
      if (!reach(path, at)) continue;
      take_tree(at);
    } else {
      continue;
    }
    raw::close(at.directory);
  }
}

}  // namespace hushrun::init
