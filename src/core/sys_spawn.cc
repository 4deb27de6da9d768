#include "core/sys_spawn.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "core/sys_process.h"
#include "core/sys_stream.h"

namespace hushrun::sys {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// Most values are shorter; and a larger piece would be more than RLIMIT_MEMLOCK lets us lock in many containers.
constexpr std::size_t kPieceSize = 4096;
// Where the kernel has no pidfd (Linux before 5.3, some sandboxes), the end of the program is looked for this often.
constexpr milliseconds kLookInterval{10};

// Bytes that come in pieces of any size. Pieces are joined like the digits of a binary counter, so that a writer of
// single bytes costs n·log n and not n².
class Pieces {
 public:
  void take(Secret piece) {
    if (piece.size() == 0) return;
    size_ += piece.size();
    while (!pieces_.empty() && pieces_.back().size() <= piece.size()) {
      piece = joined(pieces_.back(), piece);
      pieces_.pop_back();
    }
    pieces_.push_back(std::move(piece));
  }
  std::size_t size() const { return size_; }
  Secret all() && {
    Secret whole = Secret::of_public("");
    for (auto piece = pieces_.rbegin(); piece != pieces_.rend(); ++piece) {
      whole = whole.size() == 0 ? std::move(*piece) : joined(*piece, whole);
    }
    return whole;
  }

 private:
  static Secret joined(const Secret& first, const Secret& second) {
    return Secret::filled_by(first.size() + second.size(), [&](char* room, std::size_t size) {
      std::memcpy(room, first.expose().data(), first.size());
      std::memcpy(room + first.size(), second.expose().data(), second.size());
      return size;
    });
  }

  std::vector<Secret> pieces_;
  std::size_t size_ = 0;
};

// wait(2): where SIGCHLD is ignored, which we may have inherited, children vanish and their status with them. Where it is blocked
// our child's stays pending, and would be the application's.
class ChildrenAreWaitable {
 public:
  ChildrenAreWaitable() {
    struct sigaction plain {};
    plain.sa_handler = SIG_DFL;
    ::sigaction(SIGCHLD, nullptr, &before_);
    changed_ = (before_.sa_flags & SA_SIGINFO) == 0 && before_.sa_handler == SIG_IGN;
    if (changed_) ::sigaction(SIGCHLD, &plain, nullptr);
    was_pending_ = (pending_signals() & kBit) != 0;
  }
  ~ChildrenAreWaitable() {
    if (!was_pending_) discard_pending(kBit);
    if (changed_) ::sigaction(SIGCHLD, &before_, nullptr);
  }
  ChildrenAreWaitable(const ChildrenAreWaitable&) = delete;
  ChildrenAreWaitable& operator=(const ChildrenAreWaitable&) = delete;

 private:
  static constexpr SignalMask kBit = SignalMask{1} << (SIGCHLD - 1);
  struct sigaction before_ {};
  bool changed_ = false;
  bool was_pending_ = false;
};

// posix_spawn(3) gives the error of execve(2) back, and does not copy our memory: it is a vfork(2).
class SpawnPlan {
 public:
  SpawnPlan() {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawnattr_init(&attributes_);
  }
  ~SpawnPlan() {
    ::posix_spawnattr_destroy(&attributes_);
    ::posix_spawn_file_actions_destroy(&actions_);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  // Consumes the pipe's write ends: ours closed, the pipe ends when the program's are.
  Answer<pid_t> spawn(const Program& program, const Fd output, const Fd chatter, const std::optional<Fd> input = {}) {
    sigset_t none, all;
    ::sigemptyset(&none);
    // Not sigfillset(3): it leaves out the two signals that glibc keeps for itself, and those would stay ignored.
    std::memset(&all, 0xff, sizeof all);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setsigdefault(&attributes_, &all);
    ::posix_spawnattr_setpgroup(&attributes_, 0);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    if (input) {
      ::posix_spawn_file_actions_adddup2(&actions_, input->number(), 0);
    } else {
      ::posix_spawn_file_actions_addopen(&actions_, 0, "/dev/null", O_RDONLY, 0);
    }
    ::posix_spawn_file_actions_adddup2(&actions_, output.number(), 1);
    ::posix_spawn_file_actions_adddup2(&actions_, chatter.number(), 2);
    // Descriptors that we were given open, an identity's among them, are not close-on-exec. close_range(2), else /proc.
    ::posix_spawn_file_actions_addclosefrom_np(&actions_, 3);

    std::vector<char*> argv;
    for (const std::string& word : program.argv) argv.push_back(const_cast<char*>(word.c_str()));  // execve(2) does not write
    argv.push_back(nullptr);
    std::vector<char*> environment = program.environment;
    environment.push_back(nullptr);
    pid_t pid = 0;
    const int error = ::posix_spawn(&pid, program.path.c_str(), &actions_, &attributes_, argv.data(), environment.data());
    if (error != 0) return Errno{error};
    return pid;
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

/// One running program, from its start to its end.
class Run {
 public:
  Run(pid_t pid, Fd output, Fd chatter, const RunLimits& limits)
      : pid_{pid}, output_{std::move(output)}, chatter_{std::move(chatter)}, limits_{limits} {
    const int number = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));  // always close-on-exec
    if (number >= 0) ended_fd_ = Fd::adopt(number);
  }

  Finished to_end() && {
    using End = Finished::End;
    std::optional<End> cut_short;
    const Clock::time_point deadline = Clock::now() + limits_.timeout;
    while (!cut_short && (output_ || !ended_)) {
      if (!step(deadline)) cut_short = End::timed_out;
      if (kept_output_.size() > limits_.output) cut_short = End::too_talkative;
    }
    if (cut_short) terminate();
    // What was said last is still in the pipe. Its end is not waited for: a daemon left behind may hold it for ever.
    if (chatter_) read_chatter();
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
    const End end = cut_short.value_or(ended_ && ended_->by_signal ? End::killed : End::exited);
    return {end, ended_ ? ended_->number : 0, std::move(kept_output_).all(), std::move(kept_chatter_).all()};
  }

 private:
  // Waits for something to happen and takes it in; false when nothing did until the deadline.
  bool step(Clock::time_point deadline) {
    const milliseconds left = std::chrono::ceil<milliseconds>(deadline - Clock::now());
    if (left.count() <= 0) return false;
    std::array<pollfd, 3> watched;
    nfds_t count = 0;
    for (const std::optional<Fd>* fd : {&output_, &chatter_, &ended_fd_}) {
      if (*fd) watched[count++] = {(*fd)->number(), POLLIN, 0};
    }
    const bool must_look = !ended_ && !ended_fd_;
    const milliseconds wait = std::min(must_look ? std::min(left, kLookInterval) : left, milliseconds{60'000});
    ::poll(watched.data(), count, static_cast<int>(wait.count()));  // EINTR: the same as nothing to report
    if (output_) read_output();
    if (chatter_) read_chatter();
    if (!ended_) look();
    return true;
  }

  // Leaves the zombie (WNOWAIT): as long as it is there its number is nobody else's, and its group may be signalled.
  void look() {
    siginfo_t info {};
    if (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) < 0 && errno == ECHILD) {
      ended_ = Ended{false, 255};  // somebody else took the status, which nobody may: it counts as a failure
    } else if (info.si_pid == pid_) {
      ended_ = Ended{info.si_code != CLD_EXITED, info.si_status};
    }
    if (ended_) ended_fd_.reset();
  }

  void read_output() {
    while (output_ && kept_output_.size() <= limits_.output) {
      Answer<Secret> got = read_piece(*output_);
      if (!got) return;
      if (got.value().size() == 0) output_.reset();
      else kept_output_.take(std::move(got).value());
    }
  }
  void read_chatter() {
    while (chatter_) {
      Answer<Secret> got = read_piece(*chatter_);
      if (!got) return;
      if (got.value().size() == 0) {
        chatter_.reset();
        return;
      }
      const std::size_t room = limits_.chatter - kept_chatter_.size();
      if (got.value().size() > room) got.value().shrink(room);
      kept_chatter_.take(std::move(got).value());
    }
  }

  // EAGAIN when there is nothing now, an empty piece at the end.
  static Answer<Secret> read_piece(const Fd& pipe) {
    return Secret::try_filled_by<Errno>(kPieceSize, [&](char* room, std::size_t size) -> Answer<std::size_t> {
      ssize_t got;
      do got = ::read(pipe.number(), room, size);
      while (got < 0 && errno == EINTR);
      if (got < 0) return Errno{errno};
      return static_cast<std::size_t>(got);
    });
  }

  // TERM for the group (CONT, for it may have stopped at a terminal it cannot have), time to go, KILL.
  void terminate() {
    output_.reset();  // who writes now gets SIGPIPE
    ::kill(-pid_, SIGTERM);
    ::kill(-pid_, SIGCONT);
    const Clock::time_point deadline = Clock::now() + limits_.grace;
    while (!ended_ && step(deadline)) {
    }
    ::kill(-pid_, SIGKILL);
  }

  pid_t pid_;
  std::optional<Fd> ended_fd_;
  std::optional<Fd> output_;
  std::optional<Fd> chatter_;
  struct Ended {
    bool by_signal;
    int number;
  };
  std::optional<Ended> ended_;
  const RunLimits& limits_;
  Pieces kept_output_;
  Pieces kept_chatter_;
};

}  // namespace

Answer<Finished> run_to_end(const Program& program, const RunLimits& limits) {
  Pipe output = TRY(make_pipe());
  Pipe chatter = TRY(make_pipe());
  const ChildrenAreWaitable waitable;
  const pid_t pid = TRY(SpawnPlan{}.spawn(program, std::move(output.write_end), std::move(chatter.write_end)));
  return Run{pid, std::move(output.read_end), std::move(chatter.read_end), limits}.to_end();
}

Answer<Running> start(const Program& program, std::optional<Fd> input) {
  Pipe output = TRY(make_pipe());
  if (::fcntl(output.read_end.number(), F_SETFL, 0) < 0) return Errno{errno};
  const int null = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (null < 0) return Errno{errno};
  Fd nothing = TRY(above_standard(null));
  const pid_t pid = TRY(SpawnPlan{}.spawn(program, std::move(output.write_end), std::move(nothing), std::move(input)));
  return Running{pid, std::move(output.read_end)};
}

}  // namespace hushrun::sys
