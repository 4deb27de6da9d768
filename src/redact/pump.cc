#include "redact/pump.h"

#include <signal.h>

#include <algorithm>

#include "core/log.h"
#include "init/raw.h"

namespace hushrun::redact {
namespace {

/// How long after the last process somebody else may still write: one we cannot reach holds the pipe.
constexpr Time kGrace = 250;  // milliseconds
/// How often we look in the background whether we still are: soon enough for who types `fg`, and seldom enough for a job that stays there.
constexpr Time kLook = 250;
constexpr std::uint64_t kAllSignals = ~std::uint64_t{0};

bool is_to_end(int signal) { return signal == SIGTERM || signal == SIGINT || signal == SIGHUP || signal == SIGQUIT; }

}  // namespace

Result<std::unique_ptr<Pump>> Pump::lay(const leak::Needles& needles, Wanted wanted) {
  const auto failed = [](Errno error) {
    return Error{Code::system, "cannot redact", "standard streams", error, "raise the limit it names, or leave out redact"};
  };
  std::unique_ptr<Pump> pump{new Pump{TRY(sys::make_signal_descriptor().or_error(failed))}};
  wanted.output &= !sys::is_reserved(1);
  wanted.errors &= !sys::is_reserved(2);
  const bool one_file = sys::are_same_file(1, 2);
  if (sys::is_terminal(1) && (wanted.output || (wanted.errors && one_file))) {
    const Result<void, Errno> laid = pump->lay_terminal(needles);
    if (laid) {
      if (sys::is_terminal(0)) pump->for_child_[0] = pump->slave_->number();
      pump->for_child_[1] = pump->slave_->number();
      if (one_file) pump->for_child_[2] = pump->slave_->number();
      else if (wanted.errors) TRY(pump->lay_pipe(needles, 2).or_error(failed));
      return pump;
    }
    log::warn({Code::system, "no terminal for the application", "redact", laid.error(), "mount devpts at /dev/pts; it gets pipes instead"});
  }
  if (wanted.output) TRY(pump->lay_pipe(needles, 1).or_error(failed));
  if (wanted.output && wanted.errors && one_file) pump->for_child_[2] = pump->for_child_[1];
  else if (wanted.errors) TRY(pump->lay_pipe(needles, 2).or_error(failed));
  return pump;
}

Result<void, Errno> Pump::lay_terminal(const leak::Needles& needles) {
  Terminal outer = TRY(Terminal::on(1));
  sys::PseudoTerminal inner = TRY(sys::open_pseudo_terminal());
  TRY(sys::set_terminal(inner.slave.number(), outer.settings()));
  outer.resize(inner.master);
  streams_[0].emplace(needles, std::move(inner.master), 1);
  slave_ = std::move(inner.slave);
  terminal_ = std::move(outer);
  return {};
}

Result<void, Errno> Pump::lay_pipe(const leak::Needles& needles, int output) {
  sys::Pipe pipe = TRY(sys::make_pipe());
  streams_[streams_[0] ? 1 : 0].emplace(needles, std::move(pipe.read_end), output);
  for_child_[static_cast<std::size_t>(output)] = pipe.write_end.number();
  child_ends_.push_back(std::move(pipe.write_end));
  return {};
}

void Pump::begin() {
  child_ends_.clear();
  slave_.reset();
  if (terminal_) terminal_->enter(*master());
}

std::vector<int> Pump::kept() const {
  std::vector<int> kept = {signals_.number()};
  for (const std::optional<Stream>& stream : streams_) {
    if (!stream) continue;
    if (stream->source() != nullptr) kept.push_back(stream->source()->number());
    kept.push_back(stream->output().number());
    kept.push_back(stream->output().polled());
  }
  if (terminal_) kept.push_back(terminal_->number());
  return kept;
}

// Waits until something can be done, or for `end`, and does what has to do with streams. True if there is a signal.
bool Pump::look_around(std::uint64_t end) {
  std::array<pollfd, 4> watched;
  std::array<Stream*, 4> whose{};
  std::size_t count = 0;
  watched[count++] = {signals_.number(), POLLIN, 0};
  for (std::optional<Stream>& stream : streams_) {
    const auto asked = stream ? stream->watched() : std::nullopt;
    if (!asked) continue;
    whose[count] = &*stream;
    watched[count++] = *asked;
    if (const auto deadline = stream->deadline()) end = std::min<std::uint64_t>(end, *deadline);
  }
  if (master() != nullptr) {
    if (const auto asked = terminal_->watched(*master())) watched[count++] = *asked;
    if (terminal_->is_in_background()) end = std::min<std::uint64_t>(end, now() + kLook);
  }

  std::optional<std::chrono::milliseconds> timeout;
  if (end != init::kNever) {
    const Time time = now();
    timeout = std::chrono::milliseconds{time < end ? end - time : 0};
  }
  sys::wait_for(std::span{watched}.first(count), timeout);

  for (std::size_t i = 1; i < count; ++i) {
    if (watched[i].revents == 0) continue;
    if (whose[i] != nullptr) whose[i]->go_on();
    else if (master() != nullptr) terminal_->go_on(*master());
  }
  if (master() != nullptr && terminal_->is_in_background()) terminal_->enter(*master());
  if (timeout) {
    const Time time = now();
    for (std::optional<Stream>& stream : streams_) {
      if (stream) stream->look_at_the_time(time);
    }
  }
  return watched[0].revents != 0;
}

// Takes a pending signal; false if there is none, or if it was for us alone.
bool Pump::take_signal(siginfo_t& info) {
  const timespec at_once{0, 0};
  const raw::Word signal = raw::sys(SYS_rt_sigtimedwait, &kAllSignals, &info, &at_once, sizeof kAllSignals);
  if (signal <= 0) return false;
  if (signal == SIGTERM && !told_to_end_) told_to_end_ = now();
  if (master() == nullptr) return true;
  if (signal == SIGCONT) terminal_->enter(*master());
  if (signal == SIGWINCH && info.si_code == SI_KERNEL) {
    // The kernel tells those on the application's terminal.
    terminal_->resize(*master());
    return false;
  }
  return true;
}

int Pump::wait(siginfo_t& info, std::uint64_t end) {
  do {
    if (look_around(end) && take_signal(info)) return info.si_signo;
  } while (end == init::kNever || now() < end);
  return 0;
}

void Pump::stop() {
  if (terminal_) terminal_->leave();
  sys::stop_ourselves();
  if (master() != nullptr) terminal_->enter(*master());
}

bool Pump::is_over() const {
  return std::all_of(streams_.begin(), streams_.end(), [](const std::optional<Stream>& stream) { return !stream || stream->is_over(); });
}

void Pump::drain(std::uint64_t stop_timeout) {
  const Time grace_ends = now() + kGrace;
  const std::uint64_t end = told_to_end_ ? std::max(*told_to_end_ + stop_timeout, grace_ends) : init::kNever;
  bool grace = true;
  siginfo_t info;
  while (!is_over()) {
    if (look_around(grace ? grace_ends : end) && take_signal(info) && is_to_end(info.si_signo)) break;
    if (end != init::kNever && now() >= end) break;
    if (!grace || now() < grace_ends) continue;
    grace = false;
    for (std::optional<Stream>& stream : streams_) {
      if (stream) stream->end_soon();
    }
  }
  if (terminal_) terminal_->leave();
}

std::vector<leak::MarkCount> Pump::counts() const {
  std::vector<leak::MarkCount> all;
  for (const std::optional<Stream>& stream : streams_) {
    if (!stream) continue;
    for (const leak::MarkCount& one : stream->counts()) {
      const auto same = std::find_if(all.begin(), all.end(), [&](const leak::MarkCount& other) { return other.name == one.name; });
      if (same != all.end()) same->marks += one.marks;
      else all.push_back(one);
    }
  }
  return all;
}

}  // namespace hushrun::redact
