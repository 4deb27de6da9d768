#include "init/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/prctl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>

#include "init/everyone.h"
#include "init/raw.h"
#include "init/removal.h"

namespace hushrun::init {
namespace {

/// How long killed processes may take to disappear: one in uninterruptible sleep never does.
constexpr std::uint64_t kLastWait = 5'000;  // milliseconds
/// Between two looks when the kernel does not let us wait.
constexpr std::uint64_t kRetry = 100;
constexpr std::uint64_t kAllSignals = ~std::uint64_t{0};
constexpr int kLauncherFailed = 125;

std::uint64_t now() {
  timespec time{};
  // It cannot fail; if it does, once more is better than a clock that stands at 0.
  for (int i = 0; i < 3 && raw::sys(SYS_clock_gettime, CLOCK_MONOTONIC, &time) < 0; ++i) {
  }
  return static_cast<std::uint64_t>(time.tv_sec) * 1000 + static_cast<std::uint64_t>(time.tv_nsec) / 1'000'000;
}

// True for siginfo that names its sender.
bool has_sender(const siginfo_t& info) { return info.si_code == SI_USER || info.si_code == SI_QUEUE || info.si_code == SI_TKILL; }

class Supervisor {
 public:
  explicit Supervisor(const State& state) : state_{state}, early_{state.early} {}

  int run() {
    code_ = state_.ended >= 0 ? state_.ended : kLauncherFailed;
    if (state_.ended < 0) look_for_stops();
    while (state_.ended < 0 && !reap()) {
      siginfo_t info;
      const int signal = wait(info, deadline_);
      if (signal == SIGCHLD) {
        look_for_stops();
      } else if (signal > 0) {
        forward(signal, info);
      }
      if (deadline_ == kNever || now() < deadline_) continue;
      if (killed_) break;  // it does not go, whatever it hangs on; nobody can do more
      killed_ = true;
      code_ = 128 + SIGKILL;
      send(SIGKILL);
      deadline_ = now() + kLastWait;
    }
    take_terminal_back();
    if (state_.watch == nullptr) {
      // Two descriptors are what the rest needs, and where RLIMIT_NOFILE is 3 these are the only ones to be had.
      raw::close(0);
      raw::close(1);
    }
    end_the_rest();
    return code_;
  }

 private:
  // Waits for a signal, until `end` unless that is never; 0 if none came. Without an end nothing wakes us up.
  int wait(siginfo_t& info, std::uint64_t end) {
    if (state_.watch != nullptr) return state_.watch->wait(info, end);
    for (;;) {
      timespec left{};
      if (end != kNever) {
        const std::uint64_t time = now();
        const std::uint64_t rest = time < end ? end - time : 0;
        left.tv_sec = static_cast<time_t>(rest / 1000);
        left.tv_nsec = static_cast<long>(rest % 1000 * 1'000'000);
      }
      const raw::Word signal = raw::sys(SYS_rt_sigtimedwait, &kAllSignals, &info, end == kNever ? nullptr : &left, sizeof kAllSignals);
      if (signal > 0) return static_cast<int>(signal);
      if (signal == -EAGAIN) return 0;
      if (signal == -EINTR) continue;  // stopped and continued
      pause_for(kRetry);
      return 0;
    }
  }

  static void pause_for(std::uint64_t milliseconds) {
    const timespec time{static_cast<time_t>(milliseconds / 1000), static_cast<long>(milliseconds % 1000 * 1'000'000)};
    raw::sys(SYS_nanosleep, &time, nullptr);
  }

  // Takes every ended process out of the kernel's table but for the application: true once that has ended. It stays a zombie
  // for now: as long as it does, its number and that of its group are nobody else's.
  bool reap() {
    int denied = 0;
    for (;;) {
      siginfo_t info;
      info.si_pid = 0;
      const raw::Word answer = raw::sys(SYS_waitid, P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT, nullptr);
      if (answer == -ECHILD) {
        // We have a child: said twice, it was taken from us (a tracer), and nobody can tell how it ended.
        if (++denied < 2) continue;
        code_ = kLauncherFailed;
        return true;
      }
      if (answer == -EINTR) continue;
      if (answer < 0 || info.si_pid == 0) return false;
      if (info.si_pid == state_.child) {
        code_ = code_of(info);
        return true;
      }
      raw::sys(SYS_waitid, P_PID, info.si_pid, &info, WEXITED | WNOHANG, nullptr);
    }
  }

  // ── forwarding ───────────────────────────────────────────────────────────────────────────────────────────────

  void forward(int signal, const siginfo_t& info) {
    // What we caused ourselves: a SIGPIPE of our log, a SIGXFSZ; of RLIMIT_CPU the kernel tells us, and the application by itself.
    if (has_sender(info) && info.si_pid == state_.self) return;
    if (signal == SIGXCPU && info.si_code == SI_KERNEL) return;

    const int sent = state_.rewrite[signal];
    // Counts as received even if it is rewritten, or not forwarded.
    if ((signal == SIGTERM || sent == SIGTERM) && deadline_ == kNever) deadline_ = now() + state_.stop_timeout;
    const std::uint64_t bit = std::uint64_t{1} << (signal - 1);
    const bool early = (early_ & bit) != 0;
    early_ &= ~bit;
    // In our own group the terminal gave it to the application as well, if that was there, and so did an application that wrote to its group.
    if (!state_.own_group && !early && (info.si_code == SI_KERNEL || (has_sender(info) && info.si_pid == state_.child))) return;
    if (sent == 0) return;
    if (sent == SIGCONT) {
      const bool resumed = resumed_;
      resumed_ = false;
      if (resumed && !is_stopped()) return;  // whoever continued us continued the group
      hand_terminal_over();
      if (resumed && state_.own_group) {
        raw::sys(SYS_kill, -state_.child, SIGCONT);  // all of it was stopped
        return;
      }
    }

    const bool queued = info.si_code < 0 && info.si_code != SI_TKILL && sent == signal && !state_.group;
    if (!queued || raw::sys(SYS_rt_sigqueueinfo, state_.child, sent, &info) < 0) send(sent);
    // A stopped process would only see it after somebody's CONT.
    if ((sent == SIGTERM || sent == SIGINT || sent == SIGHUP || sent == SIGQUIT) && is_stopped()) send(SIGCONT);
  }

  // Whether it succeeds does not matter: EPERM (it became another user) and ESRCH are answers.
  void send(int signal) { raw::sys(SYS_kill, state_.group ? -state_.child : state_.child, signal); }

  // ── stops and the terminal ───────────────────────────────────────────────────────────────────────────────────

  // What became of the application since we looked last: stopped, continued, neither.
  void look_for_stops() {
    int stop = 0;
    for (;;) {
      siginfo_t info;
      info.si_pid = 0;
      if (raw::sys(SYS_waitid, P_PID, state_.child, &info, WSTOPPED | WCONTINUED | WNOHANG, nullptr) < 0 || info.si_pid == 0) break;
      stop = info.si_code == CLD_STOPPED ? info.si_status : 0;
      stopped_ = stop != 0;
    }
    if (stop == 0) return;
    if (state_.stop_along) {
      // The shell above sees its job stopped, takes the terminal, and continues the job when its user says so.
      resumed_ = true;
      stop_ourselves();
      return;
    }
    if (!state_.own_group) return;
    // Nobody is above who could say `fg`. A stop by STOP is meant; one by the terminal is not.
    if (stop == SIGTSTP) raw::sys(SYS_kill, -state_.child, SIGCONT);
    if (stop == SIGTTIN || stop == SIGTTOU) {
      // It wants the terminal. If that was never ours to give, going on would only stop it again.
      if (state_.terminal >= 0 && !state_.foreground) return;
      if (state_.terminal >= 0) set_foreground(state_.child);
      raw::sys(SYS_kill, -state_.child, SIGCONT);
    }
  }

  void stop_ourselves() {
    if (state_.watch != nullptr) return state_.watch->stop();
    raw::sys(SYS_kill, state_.self, SIGSTOP);
  }

  bool is_stopped() {
    look_for_stops();
    return stopped_;
  }

  pid_t foreground() const {
    int group = -1;
    return raw::sys(SYS_ioctl, state_.terminal, static_cast<unsigned long>(TIOCGPGRP), &group) < 0 ? -1 : group;
  }
  void set_foreground(pid_t group) const { raw::sys(SYS_ioctl, state_.terminal, static_cast<unsigned long>(TIOCSPGRP), &group); }
  pid_t own_group() const { return static_cast<pid_t>(raw::sys(SYS_getpgid, 0)); }

  void hand_terminal_over() const {
    if (state_.own_group && state_.foreground && foreground() == own_group()) set_foreground(state_.child);
  }

  // Only what is still the application's, or a dead group's: somebody else may have it by now.
  void take_terminal_back() const {
    if (!state_.foreground || state_.terminal < 0) return;
    const pid_t group = foreground();
    if (group == state_.child || (group > 1 && raw::sys(SYS_kill, -group, 0) == -ESRCH)) set_foreground(own_group());
  }

  // ── the end ──────────────────────────────────────────────────────────────────────────────────────────────────

  // Takes all ended processes away, the application too: true if there is no other.
  bool nobody_left() {
    int denied = 0;
    for (;;) {
      siginfo_t info;
      info.si_pid = 0;
      const raw::Word answer = raw::sys(SYS_waitid, P_ALL, 0, &info, WEXITED | WNOHANG, nullptr);
      if (answer == -EINTR) continue;
      if (answer == -ECHILD && ++denied == 2) return true;
      if (answer != -ECHILD && (answer < 0 || info.si_pid == 0)) return false;
    }
  }

  // One grace time for the application and all it leaves behind, beginning with the TERM, or now.
  void end_the_rest() {
    if (nobody_left()) return;
    // The group's number is its own only for as long as its leader has not been reaped, or others are in it.
    Everyone everyone{state_.self, state_.own_group && state_.ended < 0 ? state_.child : 0};
    if (!everyone.all_in_reach()) inform_out_of_reach();
    if (!killed_) {
      const std::uint64_t end = deadline_ == kNever ? now() + state_.stop_timeout : deadline_;
      while (now() < end) {
        everyone.ask_to_end();
        if (all_ended(end)) return;
      }
    }
    const std::uint64_t end = now() + kLastWait;
    while (now() < end) {
      everyone.kill();
      if (all_ended(end)) return;
    }
  }

  // Waits until somebody goes, as then new orphans may have come to us, or until `end`. True if nobody is left.
  bool all_ended(std::uint64_t end) {
    siginfo_t info;
    while (!nobody_left()) {
      if (now() >= end || wait(info, end) == SIGCHLD) return nobody_left();
    }
    return true;
  }

  void inform_out_of_reach() const {
    if (state_.inform == Inform::no) return;
    const char* const text =
        state_.inform == Inform::json
            ? "{\"level\":\"info\",\"message\":\"no list of processes in /proc: what the application left in other process groups is not ended\"}\n"
            : "hushrun: info: no list of processes in /proc: what the application left in other process groups is not ended\n";
    raw::sys(SYS_write, 2, text, raw::length(text));
  }

  const State& state_;
  std::uint64_t early_;  // pending from before the application: a bit each, until it comes
  std::uint64_t deadline_ = kNever;
  bool killed_ = false;  // the grace time is over
  bool stopped_ = false;
  bool resumed_ = false;  // we stopped along with it: the next CONT is the one that continued us both
  int code_ = kLauncherFailed;
};

}  // namespace

int code_of(const siginfo_t& info) { return info.si_code == CLD_EXITED ? info.si_status & 0xff : 128 + info.si_status; }

int supervise(State& state) {
  // Neither pins a mount, nor can be dumped; both are lost by execve.
  raw::sys(SYS_chdir, "/");
  raw::sys(SYS_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0);
  raw::sys(SYS_prctl, PR_SET_NAME, kName, 0, 0, 0);

  const int code = Supervisor{state}.run();
  take_away(state.words);
  return code;
}

void supervise_and_exit(char** words) {
  State state;
  read_words(state, words);
  raw::exit(supervise(state));
}

}  // namespace hushrun::init
