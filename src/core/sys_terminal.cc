#include "core/sys_terminal.h"

#include <fcntl.h>
#include <linux/tty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "core/sys_stream.h"

namespace hushrun::sys {
namespace {

Answer<void> done(int answer) {
  if (answer < 0) return Errno{errno};
  return {};
}

}  // namespace

bool is_terminal(int number) { return ::isatty(number) == 1; }

Answer<Fd> open_again(int terminal) {
  Answer<Fd> own = reopen_nonblocking(terminal);
  if (own) return own;
  const int duplicate = ::fcntl(terminal, F_DUPFD_CLOEXEC, 3);
  if (duplicate < 0) return Errno{errno};
  return Fd::adopt(duplicate);
}

Answer<PseudoTerminal> open_pseudo_terminal() {
  const int opened = ::open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (opened < 0) return Errno{errno};
  Fd master = Fd::adopt(opened);
  const int unlocked = 0;
  TRY(done(::ioctl(opened, TIOCSPTLCK, &unlocked)));
  const int slave = ::ioctl(opened, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (slave < 0) return Errno{errno};
  return PseudoTerminal{std::move(master), Fd::adopt(slave)};
}

Answer<TerminalSettings> terminal_settings(int terminal) {
  TerminalSettings settings{};
  TRY(done(::tcgetattr(terminal, &settings)));
  return settings;
}

Answer<void> set_terminal(int terminal, const TerminalSettings& settings) { return done(::tcsetattr(terminal, TCSANOW, &settings)); }

bool are_same_modes(const TerminalSettings& left, const TerminalSettings& right) {
  return left.c_iflag == right.c_iflag && left.c_oflag == right.c_oflag && left.c_lflag == right.c_lflag &&
         std::equal(std::begin(left.c_cc), std::end(left.c_cc), std::begin(right.c_cc));
}

TerminalSettings raw(const TerminalSettings& settings) {
  TerminalSettings changed = settings;
  ::cfmakeraw(&changed);
  return changed;
}

void copy_window_size(int from, int to) {
  winsize size{};
  if (::ioctl(from, TIOCGWINSZ, &size) == 0) ::ioctl(to, TIOCSWINSZ, &size);
}

bool is_foreground(int terminal) {
  const pid_t group = ::tcgetpgrp(terminal);
  // ENOTTY: not our controlling terminal, so there is no job control on it.
  return group < 0 || group == ::getpgrp();
}

Answer<pid_t> fork_process() {
  const pid_t child = ::fork();
  if (child < 0) return Errno{errno};
  return child;
}

Answer<void> begin_session(const Fd& slave, std::span<const int, 3> streams) {
  TRY(done(::setsid()));
  TRY(done(::ioctl(slave.number(), TIOCSCTTY, 0)));
  for (int number = 0; number < 3; ++number) {
    const int stream = streams[static_cast<std::size_t>(number)];
    if (stream >= 0) TRY(done(::dup2(stream, number)));
  }
  return {};
}

void stop_ourselves() { ::kill(::getpid(), SIGSTOP); }

}  // namespace hushrun::sys
