#include "init/everyone.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>

#include "init/raw.h"

namespace hushrun::init {
namespace {

constexpr unsigned kHighestPid = 4 * 1024 * 1024;  // PID_MAX_LIMIT of a 64-bit kernel (proc(5), pid_max)
constexpr unsigned kMost = 256 * 1024;             // in one list; the rest is found when these have gone

void* map(std::size_t size) {
  const raw::Word answer = raw::sys(SYS_mmap, nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return answer < 0 && answer > -4096 ? nullptr : reinterpret_cast<void*>(answer);
}

// True if /proc is of our own pid namespace: elsewhere its numbers are other processes. In an ancestor's our line NSpid has
// a number for each namespace in between (proc(5)).
bool proc_is_ours(pid_t self) {
  char wanted[40], text[4096];
  raw::put(raw::put_number(raw::put(wanted, "NSpid:\t"), static_cast<std::uint64_t>(self)), "\n");
  const auto file = static_cast<int>(raw::sys(SYS_openat, AT_FDCWD, "/proc/self/status", O_RDONLY | O_CLOEXEC));
  if (file < 0) return false;
  const raw::Word size = raw::sys(SYS_read, file, text, sizeof text - 1);
  raw::close(file);
  if (size <= 0) return false;
  text[size] = '\0';
  for (const char* line = text; *line != '\0';) {
    if (raw::after(line, wanted) != nullptr) return true;
    while (*line != '\0' && *line != '\n') ++line;
    if (*line == '\n') ++line;
  }
  return false;
}

}  // namespace

Everyone::Everyone(pid_t self, pid_t group) : self_{self}, group_{group} {
  if (self == 1) return;
  // Tried twice: what fails now is found out only when somebody was left running.
  for (int i = 0; i < 2 && !listed_; ++i) {
    if (!proc_is_ours(self)) continue;
    if (found_ == nullptr) found_ = static_cast<int*>(map(kMost * sizeof *found_));
    if (told_ == nullptr) told_ = static_cast<unsigned char*>(map(kHighestPid / 8));
    listed_ = found_ != nullptr && find();
  }
}

// Fills the list, nearest first. False if the kernel keeps no such list.
bool Everyone::find() {
  count_ = 0;
  bool kept = false;
  // One at a time, so that two descriptors are enough: a process' threads, and the children of one of them.
  for (unsigned next = 0; next <= count_; ++next) {
    const int parent = next == 0 ? self_ : found_[next - 1];
    char path[80];
    raw::put(raw::put_number(raw::put(path, "/proc/"), static_cast<std::uint64_t>(parent)), "/task");
    const auto threads = static_cast<int>(raw::sys(SYS_openat, AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (threads < 0) continue;
    raw::each_entry(threads, [&](const char* thread) {
      raw::put(raw::put(path, thread), "/children");
      const auto children = static_cast<int>(raw::sys(SYS_openat, threads, path, O_RDONLY | O_CLOEXEC));
      if (children < 0) return;
      kept = true;
      char text[1024];
      int pid = 0;
      for (raw::Word length; (length = raw::sys(SYS_read, children, text, sizeof text)) > 0;) {
        for (raw::Word i = 0; i < length; ++i) {
          if (text[i] >= '0' && text[i] <= '9') {
            pid = pid * 10 + (text[i] - '0');
          } else if (pid > 0) {
            if (count_ < kMost) found_[count_++] = pid;
            pid = 0;
          }
        }
      }
      raw::close(children);
    });
    raw::close(threads);
  }
  return kept;
}

// To all at once, where there is no list to go through.
void Everyone::send(int signal) {
  // DANGER: kill(-1) is the whole namespace for PID 1, and the whole machine for anybody else.
  if (self_ == 1) {
    raw::sys(SYS_kill, -1, signal);
  } else if (group_ > 1) {
    raw::sys(SYS_kill, -group_, signal);
  }
}

void Everyone::ask_to_end() {
  if (!listed_) {
    if (!asked_) send(SIGTERM), send(SIGCONT);
    asked_ = true;
    return;
  }
  find();
  for (unsigned i = 0; i < count_; ++i) {
    const auto pid = static_cast<unsigned>(found_[i]);
    if (told_ != nullptr && pid < kHighestPid) {
      const auto bit = static_cast<unsigned char>(1u << (pid % 8));
      if ((told_[pid / 8] & bit) != 0) continue;
      told_[pid / 8] = static_cast<unsigned char>(told_[pid / 8] | bit);
    }
    raw::sys(SYS_kill, pid, SIGTERM);
    raw::sys(SYS_kill, pid, SIGCONT);
  }
}

void Everyone::kill() {
  if (!listed_) return send(SIGKILL);
  find();
  for (unsigned i = 0; i < count_; ++i) raw::sys(SYS_kill, found_[i], SIGKILL);
}

}  // namespace hushrun::init
