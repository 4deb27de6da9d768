#include "init/handover.h"

#include <fcntl.h>
#include <sys/auxv.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "init/raw.h"
#include "init/supervisor.h"

namespace hushrun::init {
namespace {

constexpr std::size_t kBeforeChild = 2;  // name and mark
/// A health check, or `true`, ends in less; the execve of a second image takes about as long.
constexpr timespec kMoment{0, 300'000};

const char* own_path() { return reinterpret_cast<const char*>(::getauxval(AT_EXECFN)); }

// Opens on exactly `number`: the lowest free one, as those before it are open.
void put_null(int number) {
  ::close(number);
  int opened = ::open("/dev/null", O_RDWR | O_NOCTTY);
  // An image without /dev/null: something that cannot be read or written is as good.
  if (opened < 0) opened = ::open("/", O_PATH);
  if (opened >= 0 && opened != number) {
    ::dup2(opened, number);
    ::close(opened);
  }
}

bool is_ours(int number) { return (::fcntl(number, F_GETFD) & FD_CLOEXEC) != 0; }

void close_between(int first, int last) {
  if (first > last || ::syscall(SYS_close_range, first, last, 0) == 0) return;
  const long limit = std::min(::sysconf(_SC_OPEN_MAX), 1l << 16);
  for (int number = first; number <= last && number < limit; ++number) ::close(number);
}

}  // namespace

Handover::Handover(Charge charge) : charge_{std::move(charge)} {
  if (::access("/proc/self/exe", X_OK) != 0 && own_path() != nullptr) {
    const int opened = ::open(own_path(), O_PATH | O_CLOEXEC);
    if (opened >= 0) program_ = Fd::adopt(opened);
  }
  const auto say = [&](const char* word, const std::string& value = {}) { texts_.push_back(word + value); };
  say(kName);
  say(kMark);
  // Where the words of the child stand: not known yet.
  if (charge_.own_group) say(word::kOwnGroup);
  if (charge_.group) say(word::kGroup);
  if (charge_.stop_along) say(word::kStopAlong);
  if (charge_.foreground) say(word::kForeground);
  if (charge_.terminal >= 0) say(word::kTerminal, std::to_string(charge_.terminal));
  if (charge_.record >= 0) say(word::kRecord, std::to_string(charge_.record));
  say(word::kStopTimeout, std::to_string(charge_.stop_timeout));
  for (const auto& [from, to] : charge_.rewrite) say(word::kRewrite, std::to_string(from) + ":" + std::to_string(to));
  if (charge_.inform != Inform::no) say(word::kInform, charge_.inform == Inform::json ? "json" : "text");
  for (std::string& trace : charge_.traces) texts_.push_back(std::move(trace));

  for (std::string& text : texts_) words_.push_back(text.data());
  words_.insert(words_.begin() + kBeforeChild, {child_word_.data(), ended_word_.data(), early_word_.data()});
  words_.push_back(nullptr);
}

void Handover::settle_descriptors(std::span<const int> kept) {
  std::vector<int> all{kept.begin(), kept.end()};
  all.insert(all.end(), {charge_.terminal, charge_.record});
  std::sort(all.begin(), all.end());
  const auto is_kept = [&](int number) { return std::binary_search(all.begin(), all.end(), number); };
  for (const int number : {0, 1}) {
    if (!is_kept(number)) put_null(number);
  }
  // Standard error stays, unless it was closed when we started and only its number is kept.
  if (!is_kept(2) && is_ours(2)) put_null(2);

  int first = 3;
  for (const int number : all) {
    if (number < first) continue;
    close_between(first, number - 1);
    first = number + 1;
  }
  close_between(first, ~0u >> 1);
  for (const int number : {charge_.terminal, charge_.record}) {
    if (number >= 0) ::fcntl(number, F_SETFD, 0);
  }
}

// Waits for a moment, and gives the application the processor for it. True if it has ended by then, and there is nobody else: then
// it was reaped. If there is, its code is in the words.
bool Handover::has_ended_at_once(pid_t child) {
  const std::uint64_t ends = std::uint64_t{1} << (SIGCHLD - 1);
  raw::sys(SYS_rt_sigtimedwait, &ends, nullptr, &kMoment, sizeof ends);
  siginfo_t info{};
  if (raw::sys(SYS_waitid, P_PID, child, &info, WEXITED | WNOHANG, nullptr) < 0 || info.si_pid != child) return false;
  raw::put_number(raw::put(ended_word_.data(), word::kEnded), static_cast<std::uint64_t>(code_of(info)));
  return raw::sys(SYS_waitid, P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT, nullptr) == -ECHILD;
}

void Handover::name_child(pid_t child, std::uint64_t early) {
  raw::put_number(raw::put(child_word_.data(), word::kChild), static_cast<std::uint64_t>(child));
  if (early != 0) raw::put_number(raw::put(early_word_.data(), word::kEarly), early);
}

void Handover::become_second_image(pid_t child, std::uint64_t early) {
  name_child(child, early);
  const std::array kept = {program_ ? program_->number() : -1};
  settle_descriptors(kept);
  if (has_ended_at_once(child)) supervise_and_exit(words_.data() + kBeforeChild);
  char* const none[] = {nullptr};
  ::execve("/proc/self/exe", words_.data(), none);
  if (program_) ::syscall(SYS_execveat, program_->number(), "", words_.data(), none, AT_EMPTY_PATH);
  // The working directory is still the one we were started in.
  if (own_path() != nullptr) ::execve(own_path(), words_.data(), none);
}

void Handover::wipe_environment() {
  for (char** entry = environ; *entry != nullptr; ++entry) raw::wipe(*entry, std::strlen(*entry));
}

void Handover::go_on_here() {
  wipe_environment();
  supervise_and_exit(words_.data() + kBeforeChild);
}

int Handover::supervise_here(pid_t child, std::uint64_t early, Watch& watch, std::span<const int> kept) {
  name_child(child, early);
  settle_descriptors(kept);
  wipe_environment();
  State state;
  read_words(state, words_.data() + kBeforeChild);
  state.watch = &watch;
  return supervise(state);
}

void adopt_orphans() {
  if (::getpid() != 1) ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

}  // namespace hushrun::init
