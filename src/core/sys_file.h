#pragma once
// System calls on files, as Result<T, Errno>. Here and in sys_process are the only places where errno is read.

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/fd.h"
#include "core/secret.h"

namespace hushrun::sys {

template <class T>
using Answer = Result<T, Errno>;

enum class FileKind { regular, directory, symlink, other };

struct FileStatus {
  FileKind kind;
  std::uint64_t size;
  uid_t owner;
  gid_t group;
  mode_t mode;  // permission bits only
  std::uint64_t device;
  std::uint64_t inode;
};

/// open(2), read only, close-on-exec, not a controlling terminal, not blocking on a FIFO.
Answer<Fd> open_file(const std::string& path);
/// The same, and a FIFO is waited for until somebody has opened it to write: opened without that it is at its end before its writer comes.
Answer<Fd> open_file_waiting(const std::string& path);
/// open(2), write only, close-on-exec: a device or a pipe that is there already. A FIFO is waited for until somebody reads it.
Answer<Fd> open_for_writing(const std::string& path);
/// A descriptor somebody else gave us, once more: close-on-exec, above the standard three.
Answer<Fd> duplicate(int number);
/// Adopts a descriptor of ours, close-on-exec; moved where it lies on a standard one that was closed when we were started.
Answer<Fd> above_standard(int number);
/// A directory to look below; follows symlinks in `path`.
Answer<Fd> open_directory(const std::string& path);
/// A directory reached from the root (absolute) or from here (relative) without any symlink: ELOOP if there is one.
Answer<Fd> open_directory_no_symlinks(const std::string& path);

/// Opens `relative` below `root`, read only.
///
/// Follows no symlink but those of a Kubernetes volume (`name -> ..data/name`, `..data -> ..2026_01_01`), so that a file
/// planted in a shared volume cannot point us at somebody else's secret. ELOOP for any other symlink, EXDEV for
/// one that leads out. Uses openat2(2) (Linux 5.6); where that is missing or forbidden (older container profiles
/// answer EPERM) each component is opened by itself with O_NOFOLLOW.
Answer<Fd> open_beneath(const Fd& root, const std::string& relative);

Answer<FileStatus> status(const Fd& file);
/// stat(2); follows symlinks.
Answer<FileStatus> status(const std::string& path);
/// True if there is anything at `path`, or may be: only ENOENT and ENOTDIR say that there is not. access(2) needs no descriptor, so
/// this works at RLIMIT_NOFILE 3.
bool exists(const std::string& path);
/// True if the calling process may execute `path`.
bool is_executable(const std::string& path);

/// All of a file into locked memory. EFBIG if there is more than `limit` bytes.
Answer<Secret> read_secret(const Fd& file, std::size_t limit);
/// The same with the status already asked for: one read(2) for a regular file.
Answer<Secret> read_secret(const Fd& file, const FileStatus& known, std::size_t limit);
/// The first bytes of a file, `size` at most.
Answer<std::string> read_beginning(const Fd& file, std::size_t size);
/// All of a file that holds no secret, such as a config.
Answer<std::string> read_text(const Fd& file, std::size_t limit);

/// read(2), up to `size` bytes; 0 only at the end.
Answer<std::size_t> read_some(const Fd& file, char* room, std::size_t size);
/// A millisecond, for a pipe to fill (poll(2) on nothing): who reads every piece as it is written spends more on waking up than on reading.
void let_it_fill();
/// pread(2): the descriptor's own place stays, so that another process can read the same open file.
Answer<std::size_t> read_at(const Fd& file, char* room, std::size_t size, std::uint64_t offset);

struct Entry {
  std::string name;
  bool known_directory;  // the file system says so; symlinks and unknown types are neither
  bool known_regular;
};
/// Entries of a directory but for "." and "..", sorted by name (bytes). EFBIG for more than `limit`.
Answer<std::vector<Entry>> list(const Fd& directory, std::size_t limit);

/// f_type of statfs(2): TMPFS_MAGIC, RAMFS_MAGIC …
Answer<std::uint64_t> file_system(const Fd& file);

/// Absolute path of the working directory.
Answer<std::string> working_directory();

// Files we make.
Answer<Fd> create_exclusively(const Fd& directory, const std::string& name, mode_t mode);
/// A file without a name, which is gone if we end before it gets one (O_TMPFILE). EOPNOTSUPP, EISDIR or ENOENT where the file system has none.
Answer<Fd> create_unnamed(const Fd& directory, mode_t mode);
/// Gives it its name (needs /proc); EEXIST if somebody else has that.
Answer<void> give_name(const Fd& unnamed, const Fd& directory, const std::string& name);
/// Everything written to it is on the disk (fsync(2)), so that a rename never leads to an empty file.
Answer<void> flush(const Fd& file);
Answer<void> make_directory(const Fd& directory, const std::string& name, mode_t mode);
/// A directory directly below `directory`, never through a symlink.
Answer<Fd> open_subdirectory(const Fd& directory, const std::string& name);
Answer<void> write_all(const Fd& file, const char* data, std::size_t size);
/// Everything `from` holds, to the end of `to` (sendfile(2)).
Answer<void> copy_contents(const Fd& from, const Fd& to);
/// flock(2), for us alone, until `file` is closed; EWOULDBLOCK if somebody else has it.
Answer<void> lock(const Fd& file);
Answer<void> set_mode(const Fd& file, mode_t mode);
Answer<void> set_owner(const Fd& file, uid_t owner, gid_t group);
Answer<void> rename_over(const Fd& directory, const std::string& from, const std::string& to);
Answer<void> remove_file(const Fd& directory, const std::string& name);
Answer<void> remove_directory(const Fd& directory, const std::string& name);
Answer<FileStatus> status_beneath(const Fd& directory, const std::string& name);  // lstat(2) semantics
Answer<FileStatus> status_behind(const Fd& directory, const std::string& name);   // stat(2) semantics
Answer<std::string> read_link_beneath(const Fd& directory, const std::string& name);

/// A memfd, close-on-exec, never executable where the kernel can say so (Linux 6.3; older: executable mode bits only).
Answer<Fd> create_memfd();
/// No write, no growth, no change of seals from now on.
Answer<void> seal_memfd(const Fd& memfd);
/// The same file under a number of at least `lowest`, and not close-on-exec: the application inherits it.
Answer<int> duplicate_for_child(const Fd& file, int lowest);

enum class Swap { never, allowed };
/// A fresh tmpfs on `path` (nosuid, nodev, noexec, `size` bytes at most, mode 0700). Swap::never needs Linux 6.4, EINVAL before.
Answer<void> mount_tmpfs(const std::string& path, std::size_t size, Swap swap);

}  // namespace hushrun::sys
