#include "init/record.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <vector>

#include "core/sys_process.h"
#include "init/raw.h"
#include "init/removal.h"
#include "init/state.h"

namespace hushrun::init {
namespace {

constexpr std::string_view kPrefix = ".hushrun-";
constexpr std::size_t kDigits = 16;
/// 4096 files with paths of 4096 bytes would be more, and more than execve(2) takes.
constexpr off_t kLargest = 1024 * 1024;

bool is_record_name(std::string_view name) {
  if (name.size() != kPrefix.size() + kDigits || !name.starts_with(kPrefix)) return false;
  return name.find_first_not_of("0123456789abcdef", kPrefix.size()) == std::string_view::npos;
}

std::optional<Fd> open_place(const char* place) {
  const int opened = ::open(place, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (opened < 0) return std::nullopt;
  return Fd::adopt(opened);
}

bool is_memory(const Fd& directory) {
  struct statfs status {};
  return ::fstatfs(directory.number(), &status) == 0 && (status.f_type == TMPFS_MAGIC || status.f_type == RAMFS_MAGIC);
}

bool lock(const Fd& file, int how) {
  while (::flock(file.number(), how) < 0) {
    if (errno != EINTR) return false;
  }
  return true;
}

// A dead launcher's record: ours by its owner, with one name only, and held by nobody.
std::optional<Fd> open_abandoned(const Fd& directory, const char* name) {
  const int opened = ::openat(directory.number(), name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (opened < 0) return std::nullopt;
  Fd file = Fd::adopt(opened);
  struct stat status {};
  if (::fstat(file.number(), &status) < 0 || !S_ISREG(status.st_mode) || status.st_uid != ::geteuid() || status.st_nlink != 1 ||
      (status.st_mode & 0777) != 0600 || status.st_size > kLargest) {
    return std::nullopt;
  }
  if (!lock(file, LOCK_EX | LOCK_NB)) return std::nullopt;
  return file;
}

std::string namespace_word() {
  struct stat status {};
  // Without /proc we do not know, and neither did those before us.
  if (::stat("/proc/self/ns/mnt", &status) < 0) status.st_ino = 0;
  return word::kNamespace + std::to_string(status.st_ino);
}

// Its words, newest first; the last may have been cut short by the death of its writer.
std::vector<std::string> words_of(const Fd& file) {
  std::string text;
  char piece[4096];
  for (ssize_t size; (size = ::read(file.number(), piece, sizeof piece)) > 0;) text.append(piece, static_cast<std::size_t>(size));
  std::vector<std::string> words;
  for (std::size_t at = 0, end; (end = text.find('\0', at)) != std::string::npos; at = end + 1) words.push_back(text.substr(at, end - at));
  std::reverse(words.begin(), words.end());
  return words;
}

}  // namespace

std::optional<Record> Record::make(Places places) {
  for (const char* const place : places) {
    const std::optional<Fd> directory = open_place(place);
    if (!directory || !is_memory(*directory)) continue;
    const std::string name = std::string{kPrefix} + sys::random_name();
    const int made = ::openat(directory->number(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (made < 0) continue;
    Fd file = Fd::adopt(made);
    // Somebody who looks for leftovers may have come between the two calls, found it unlocked, and removed it.
    struct stat status {};
    if (::fchmod(made, 0600) < 0 || !lock(file, LOCK_EX) || ::fstat(made, &status) < 0 || status.st_nlink == 0) continue;
    Record record{std::move(file), std::string{place} + "/" + name};
    if (record.add(namespace_word())) return record;
    ::unlinkat(directory->number(), name.c_str(), 0);
  }
  return std::nullopt;
}

bool Record::add(const std::string& word) {
  const std::size_t size = word.size() + 1;
  return ::write(lock_.number(), word.c_str(), size) == static_cast<ssize_t>(size);
}

std::string Record::word() const { return word::kTemporary + path_; }

void take_leftovers_away(Places places) {
  for (const char* const place : places) {
    const std::optional<Fd> directory = open_place(place);
    if (!directory) continue;
    raw::each_entry(directory->number(), [&](const char* name) {
      if (!is_record_name(name)) return;
      const std::optional<Fd> file = open_abandoned(*directory, name);
      if (!file) return;
      std::vector<std::string> texts = words_of(*file);
      // Nothing was made before the first line was written.
      if (!texts.empty() && texts.back() != namespace_word()) return;
      std::vector<char*> words;
      for (std::string& text : texts) words.push_back(text.data());
      words.push_back(nullptr);
      take_away(words.data());
      ::unlinkat(directory->number(), name, 0);
    });
  }
}

}  // namespace hushrun::init
