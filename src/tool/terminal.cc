#include "tool/terminal.h"

#include <fcntl.h>
#include <signal.h>
#include <termios.h>
#include <unistd.h>

#include <cstdio>

#include "core/sys_file.h"

namespace hushrun::tool {
namespace {

constexpr std::size_t kLineLimit = 64 * 1024;
constexpr char kInterrupt = 3;  // Ctrl-C, which is a byte while ISIG is off
constexpr char kQuit = 28;      // Ctrl-\ alike
constexpr std::uint64_t kLarge = 16 * 1024 * 1024;

// What a signal that ends us has to put back: a terminal left without echo is a nuisance. One question is asked at a time.
int silenced = -1;
termios settings_before{};
constexpr int kEnding[] = {SIGTERM, SIGHUP};

void put_back_and_end(int signal) {
  ::tcsetattr(silenced, TCSAFLUSH, &settings_before);  // async-signal-safe, signal-safety(7)
  ::signal(signal, SIG_DFL);
  ::raise(signal);
}

int interrupted = 0;

// Echo off for as long as it lives. Keys that would send a signal end the line instead.
class Silence {
 public:
  explicit Silence(const Fd& terminal) {
    if (::tcgetattr(terminal.number(), &settings_before) != 0) return;
    silenced = terminal.number();
    for (const int signal : kEnding) ::signal(signal, put_back_and_end);
    termios silent = settings_before;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO | ISIG);
    silent.c_lflag |= ICANON | ECHONL;
    silent.c_cc[VEOL] = static_cast<cc_t>(kInterrupt);
    silent.c_cc[VEOL2] = static_cast<cc_t>(kQuit);
    ::tcsetattr(silenced, TCSAFLUSH, &silent);
  }
  ~Silence() {
    if (silenced < 0) return;
    ::tcsetattr(silenced, TCSAFLUSH, &settings_before);
    for (const int signal : kEnding) ::signal(signal, SIG_DFL);
    silenced = -1;
  }
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;
};

std::optional<Fd> terminal() {
  const int number = ::open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (number < 0) return std::nullopt;
  return Fd::adopt(number);
}

void say(const Fd& terminal, Public text) { static_cast<void>(sys::write_all(terminal, text.view().data(), text.view().size())); }

sys::Answer<Secret> read_line(const Fd& terminal) {
  return Secret::try_filled_by<Errno>(kLineLimit, [&](char* room, std::size_t size) -> sys::Answer<std::size_t> {
    std::size_t used = 0;
    while (used < size) {
      const std::size_t got = TRY(sys::read_some(terminal, room + used, 1));
      if (got == 0 || room[used] == '\n') return used;
      if (room[used] == kInterrupt || room[used] == kQuit) {
        interrupted = room[used] == kQuit ? SIGQUIT : SIGINT;
        say(terminal, "\n");
        return Errno{ECANCELED};
      }
      ++used;
    }
    return Errno{EFBIG};
  });
}

}  // namespace

int interrupted_by() { return interrupted; }

bool is_terminal(int number) { return ::isatty(number) == 1; }

Result<Secret> ask(Public question, Public fix) {
  const std::optional<Fd> person = terminal();
  if (!person) return Error{Code::secret_missing, "nobody can be asked", question, "there is no terminal", fix};
  const Silence silence{*person};
  say(*person, question + ": ");
  return read_line(*person).or_error([&](Errno why) { return Error{Code::secret_missing, "no answer", question, why, fix}; });
}

Result<Secret> ask_twice(Public question, Public fix) {
  Secret first = TRY(ask(question, fix));
  const Secret second = TRY(ask("once more", fix));
  if (!equal_in_constant_time(first, second)) {
    return Error{Code::secret_invalid, "the two answers differ", question, "a slip of the finger", "type it again"};
  }
  return first;
}

bool agrees(Public question) {
  const std::optional<Fd> person = terminal();
  if (!person) return false;
  say(*person, question);
  const sys::Answer<Secret> answer = read_line(*person);
  return answer && answer.value().size() == 0;
}

KeptTerminal::KeptTerminal() : terminal_{terminal()} {
  if (terminal_ && ::tcgetattr(terminal_->number(), &settings_) != 0) terminal_.reset();
}

KeptTerminal::~KeptTerminal() {
  // In the background tcsetattr(3) would stop us, and the terminal is somebody else's.
  if (terminal_ && ::tcgetpgrp(terminal_->number()) == ::getpgrp()) ::tcsetattr(terminal_->number(), TCSADRAIN, &settings_);
}

Progress::Progress(age::Reader& from) : from_{from}, whole_{from.size().value_or(0)} {
  if (whole_ < kLarge || !is_terminal(STDERR_FILENO)) whole_ = 0;
}

Progress::~Progress() {
  if (shown_ > 0) std::fputs("\r      \r", stderr);
}

Result<std::size_t, age::Failure> Progress::read(char* room, std::size_t size) {
  const std::size_t got = TRY(from_.read(room, size));
  if (whole_ == 0) return got;
  done_ += got;
  const std::uint64_t percent = done_ * 100 / whole_;
  if (percent > shown_ && percent <= 100) {
    shown_ = percent;
    std::fprintf(stderr, "\r%3u %%", static_cast<unsigned>(percent));
  }
  return got;
}

}  // namespace hushrun::tool
