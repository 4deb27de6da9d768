#include "core/sys_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <linux/openat2.h>
#include <sys/mman.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U  // Linux 6.3
#endif

namespace hushrun::sys {
namespace {

Errno last_error() { return Errno{errno}; }

Answer<Fd> opened(int number) {
  if (number < 0) return last_error();
  return Fd::adopt(number);
}
Answer<void> done(int answer) {
  if (answer < 0) return last_error();
  return {};
}

FileStatus status_from(const struct stat& raw) {
  FileKind kind = FileKind::other;
  if (S_ISREG(raw.st_mode)) kind = FileKind::regular;
  if (S_ISDIR(raw.st_mode)) kind = FileKind::directory;
  if (S_ISLNK(raw.st_mode)) kind = FileKind::symlink;
  return {kind,       static_cast<std::uint64_t>(raw.st_size), raw.st_uid, raw.st_gid, raw.st_mode & 07777, raw.st_dev, raw.st_ino};
}

constexpr int kReadFlags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;

int open_resolving(int root, const std::string& path, int flags, std::uint64_t resolve) {
  struct open_how how {};
  how.flags = static_cast<std::uint64_t>(flags);
  how.resolve = resolve;
  return static_cast<int>(::syscall(SYS_openat2, root, path.c_str(), &how, sizeof how));
}
bool openat2_is_missing() { return errno == ENOSYS || errno == EPERM; }

// Opens each component by itself, refusing symlinks.
Answer<Fd> open_step_by_step(int root, const std::string& path, int flags) {
  std::optional<Fd> at;
  std::size_t start = 0;
  if (!path.empty() && path[0] == '/') at = TRY(opened(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)));
  while (start < path.size()) {
    const std::size_t slash = std::min(path.find('/', start), path.size());
    const std::string part = path.substr(start, slash - start);
    start = slash + 1;
    if (part.empty() || part == ".") continue;
    if (part == "..") return Errno{EXDEV};
    const bool last = start >= path.size();
    const int number = ::openat(at ? at->number() : root, part.c_str(), (last ? flags : O_PATH | O_DIRECTORY | O_CLOEXEC) | O_NOFOLLOW);
    // open(2): O_NOFOLLOW with O_DIRECTORY on a symlink says ENOTDIR.
    if (number < 0 && errno == ENOTDIR) {
      struct stat raw {};
      if (::fstatat(at ? at->number() : root, part.c_str(), &raw, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(raw.st_mode)) return Errno{ELOOP};
      return Errno{ENOTDIR};
    }
    at = TRY(opened(number));
  }
  if (!at) return opened(::openat(root, ".", flags));
  return std::move(*at);
}

Answer<std::string> link_text(int directory, const std::string& name) {
  std::array<char, 4096> text;
  const ssize_t length = ::readlinkat(directory, name.c_str(), text.data(), text.size());
  if (length < 0) return last_error();
  return std::string{text.data(), static_cast<std::size_t>(length)};
}

// The kubelet's atomic writer: `name -> ..data/name` and `..data -> ..2026_01_01_00_00_00.123`, all in one directory.
// `name` may be a directory; what lies below it is real.
Answer<Fd> open_in_projected_volume(const Fd& root, const std::string& path) {
  const std::size_t slash = std::min(path.find('/'), path.size());
  Answer<std::string> first = link_text(root.number(), path.substr(0, slash));
  if (!first && first.error().value == EINVAL) return Errno{ELOOP};  // readlink(2): no symlink; one further down it was
  const std::string link = TRY(std::move(first)) + path.substr(slash);
  if (!link.starts_with("..data/")) return Errno{ELOOP};
  const std::string generation = TRY(link_text(root.number(), "..data"));
  if (!generation.starts_with("..") || generation == ".." || generation.find('/') != std::string::npos) return Errno{ELOOP};
  return open_step_by_step(root.number(), generation + link.substr(6), kReadFlags);
}

}  // namespace

Answer<Fd> open_file(const std::string& path) { return opened(::open(path.c_str(), kReadFlags)); }
Answer<Fd> open_file_waiting(const std::string& path) { return opened(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY)); }
Answer<Fd> open_for_writing(const std::string& path) { return opened(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY)); }
Answer<Fd> duplicate(int number) { return opened(::fcntl(number, F_DUPFD_CLOEXEC, 3)); }
Answer<Fd> above_standard(int number) {
  Fd low = Fd::adopt(number);
  if (number > 2) return low;
  const int high = ::fcntl(number, F_DUPFD_CLOEXEC, 3);
  if (high < 0) return Errno{errno};
  return Fd::adopt(high);
}
Answer<Fd> open_directory(const std::string& path) { return opened(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)); }

Answer<Fd> open_directory_no_symlinks(const std::string& path) {
  const int number = open_resolving(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, RESOLVE_NO_SYMLINKS);
  if (number < 0 && openat2_is_missing()) return open_step_by_step(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  return opened(number);
}

Answer<Fd> open_beneath(const Fd& root, const std::string& relative) {
  // One component that is no `..` cannot lead out, and O_NOFOLLOW says the rest: openat2(2) would add nothing but its time.
  const bool one_component = relative.find('/') == std::string::npos && relative != "..";
  int number = one_component ? ::openat(root.number(), relative.c_str(), kReadFlags | O_NOFOLLOW)
                             : open_resolving(root.number(), relative, kReadFlags, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
  if (number < 0 && !one_component && openat2_is_missing()) {
    Answer<Fd> walked = open_step_by_step(root.number(), relative, kReadFlags);
    if (walked || walked.error().value != ELOOP) return walked;
    errno = ELOOP;
  }
  if (number < 0 && errno == ELOOP) return open_in_projected_volume(root, relative);
  return opened(number);
}


Answer<FileStatus> status(const Fd& file) {
  struct stat raw {};
  if (::fstat(file.number(), &raw) < 0) return last_error();
  return status_from(raw);
}
Answer<FileStatus> status(const std::string& path) {
  struct stat raw {};
  if (::stat(path.c_str(), &raw) < 0) return last_error();
  return status_from(raw);
}
Answer<FileStatus> status_beneath(const Fd& directory, const std::string& name) {
  struct stat raw {};
  if (::fstatat(directory.number(), name.c_str(), &raw, AT_SYMLINK_NOFOLLOW) < 0) return last_error();
  return status_from(raw);
}
Answer<FileStatus> status_behind(const Fd& directory, const std::string& name) {
  struct stat raw {};
  if (::fstatat(directory.number(), name.c_str(), &raw, 0) < 0) return last_error();
  return status_from(raw);
}
Answer<std::string> read_link_beneath(const Fd& directory, const std::string& name) { return link_text(directory.number(), name); }
bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR); }
bool is_executable(const std::string& path) { return ::faccessat(AT_FDCWD, path.c_str(), X_OK, AT_EACCESS) == 0; }

Answer<Secret> read_secret(const Fd& file, std::size_t limit) { return read_secret(file, TRY(status(file)), limit); }

Answer<Secret> read_secret(const Fd& file, const FileStatus& known, std::size_t limit) {
  if (known.size > limit) return Errno{EFBIG};
  // One byte more than the size tells the end; files of unknown size (procfs, FUSE, pipes) say 0 and grow.
  std::size_t room = known.size > 0 ? static_cast<std::size_t>(known.size) + 1 : 4096;
  std::optional<Secret> before;
  for (;;) {
    bool full = false;
    Secret secret = TRY(Secret::try_filled_by<Errno>(room, [&](char* out, std::size_t size) -> Answer<std::size_t> {
      std::size_t used = 0;
      if (before) {
        const Exposed bytes = before->expose();
        std::memcpy(out, bytes.data(), bytes.size());
        used = bytes.size();
      }
      while (used < size) {
        const ssize_t got = ::read(file.number(), out + used, size - used);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return last_error();
        if (got == 0) return used;
        used += static_cast<std::size_t>(got);
        // A regular file ends where its size says, and there was room for one byte more: no need to ask again.
        if (known.kind == FileKind::regular && used == known.size) return used;
      }
      full = true;
      return used;
    }));
    if (secret.size() > limit) return Errno{EFBIG};
    if (!full) return secret;
    room = std::min(room * 2, limit + 1);
    before = std::move(secret);
  }
}

Answer<std::string> read_beginning(const Fd& file, std::size_t size) {
  std::string text(size, '\0');
  const ssize_t got = ::pread(file.number(), text.data(), size, 0);
  if (got < 0) return last_error();
  text.resize(static_cast<std::size_t>(got));
  return text;
}

Answer<std::string> read_text(const Fd& file, std::size_t limit) {
  const FileStatus known = TRY(status(file));
  if (known.size > limit) return Errno{EFBIG};
  std::string text;
  std::size_t used = 0;
  text.resize(std::max<std::size_t>(static_cast<std::size_t>(known.size) + 1, 512));
  for (;;) {
    const ssize_t got = ::read(file.number(), text.data() + used, text.size() - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return last_error();
    if (got == 0) break;
    used += static_cast<std::size_t>(got);
    if (used > limit) return Errno{EFBIG};
    if (used == text.size()) text.resize(text.size() * 2);
  }
  text.resize(used);
  return text;
}

Answer<std::size_t> read_some(const Fd& file, char* room, std::size_t size) {
  for (;;) {
    const ssize_t got = ::read(file.number(), room, size);
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR) return last_error();
  }
}

void let_it_fill() { static_cast<void>(::poll(nullptr, 0, 1)); }

Answer<std::size_t> read_at(const Fd& file, char* room, std::size_t size, std::uint64_t offset) {
  for (;;) {
    const ssize_t got = ::pread(file.number(), room, size, static_cast<off_t>(offset));
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR) return last_error();
  }
}

Answer<std::vector<Entry>> list(const Fd& directory, std::size_t limit) {
  // From the beginning, whoever has listed it before.
  if (::lseek(directory.number(), 0, SEEK_SET) < 0) return last_error();
  // getdents64(2) into our own small buffer: opendir(3) would allocate 32 KiB.
  alignas(dirent64) std::array<char, 4096> buffer;
  std::vector<Entry> entries;
  for (;;) {
    const long got = ::syscall(SYS_getdents64, directory.number(), buffer.data(), buffer.size());
    if (got < 0) return last_error();
    if (got == 0) break;
    for (long at = 0; at < got;) {
      dirent64* entry = reinterpret_cast<dirent64*>(buffer.data() + at);
      at += entry->d_reclen;
      const std::string_view name{entry->d_name};
      if (name == "." || name == "..") continue;
      if (entries.size() == limit) return Errno{EFBIG};
      entries.push_back({std::string{name}, entry->d_type == DT_DIR, entry->d_type == DT_REG});
    }
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& left, const Entry& right) { return left.name < right.name; });
  return entries;
}

Answer<std::uint64_t> file_system(const Fd& file) {
  struct statfs raw {};
  if (::fstatfs(file.number(), &raw) < 0) return last_error();
  return static_cast<std::uint64_t>(raw.f_type);
}

Answer<std::string> working_directory() {
  std::array<char, 4096> path;
  if (::getcwd(path.data(), path.size()) == nullptr) return last_error();
  return std::string{path.data()};
}

Answer<Fd> create_exclusively(const Fd& directory, const std::string& name, mode_t mode) {
  return opened(::openat(directory.number(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
}
Answer<Fd> create_unnamed(const Fd& directory, mode_t mode) {
  return opened(::openat(directory.number(), ".", O_RDWR | O_TMPFILE | O_CLOEXEC, mode));
}
Answer<void> give_name(const Fd& unnamed, const Fd& directory, const std::string& name) {
  // open(2): without CAP_DAC_READ_SEARCH, AT_EMPTY_PATH is refused and this is the way.
  const std::string self = "/proc/self/fd/" + std::to_string(unnamed.number());
  return done(::linkat(AT_FDCWD, self.c_str(), directory.number(), name.c_str(), AT_SYMLINK_FOLLOW));
}
Answer<void> flush(const Fd& file) { return done(::fsync(file.number())); }
Answer<void> make_directory(const Fd& directory, const std::string& name, mode_t mode) {
  return done(::mkdirat(directory.number(), name.c_str(), mode));
}
Answer<Fd> open_subdirectory(const Fd& directory, const std::string& name) {
  return opened(::openat(directory.number(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}
Answer<void> write_all(const Fd& file, const char* data, std::size_t size) {
  for (std::size_t sent = 0; sent < size;) {
    const ssize_t wrote = ::write(file.number(), data + sent, size - sent);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return last_error();
    sent += static_cast<std::size_t>(wrote);
  }
  return {};
}
Answer<void> copy_contents(const Fd& from, const Fd& to) {
  for (;;) {
    const ssize_t sent = ::sendfile(to.number(), from.number(), nullptr, 1 << 20);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return last_error();
    if (sent == 0) return {};
  }
}
Answer<void> lock(const Fd& file) { return done(::flock(file.number(), LOCK_EX | LOCK_NB)); }
Answer<void> set_mode(const Fd& file, mode_t mode) { return done(::fchmod(file.number(), mode)); }
Answer<void> set_owner(const Fd& file, uid_t owner, gid_t group) { return done(::fchown(file.number(), owner, group)); }
Answer<void> rename_over(const Fd& directory, const std::string& from, const std::string& to) {
  return done(::renameat(directory.number(), from.c_str(), directory.number(), to.c_str()));
}
Answer<void> remove_file(const Fd& directory, const std::string& name) { return done(::unlinkat(directory.number(), name.c_str(), 0)); }
Answer<void> remove_directory(const Fd& directory, const std::string& name) {
  return done(::unlinkat(directory.number(), name.c_str(), AT_REMOVEDIR));
}

Answer<Fd> create_memfd() {
  int number = ::memfd_create("hushrun", MFD_CLOEXEC | MFD_NOEXEC_SEAL);
  if (number < 0 && errno == EINVAL) number = ::memfd_create("hushrun", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  return opened(number);
}
Answer<void> seal_memfd(const Fd& memfd) {
  return done(::fcntl(memfd.number(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL));
}
Answer<int> duplicate_for_child(const Fd& file, int lowest) {
  const int number = ::fcntl(file.number(), F_DUPFD, lowest);
  if (number < 0) return last_error();
  return number;
}

Answer<void> mount_tmpfs(const std::string& path, std::size_t size, Swap swap) {
  std::array<char, 64> data;
  std::snprintf(data.data(), data.size(), "mode=0700,size=%zu%s", size, swap == Swap::never ? ",noswap" : "");
  return done(::mount("tmpfs", path.c_str(), "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, data.data()));
}

}  // namespace hushrun::sys
