#include "redact/terminal.h"

#include "core/sys_stream.h"

namespace hushrun::redact {
namespace {

// A terminal keeps no more than this in one line (N_TTY_BUF_SIZE).
constexpr std::size_t kTyped = 4096;

}  // namespace

Terminal::Terminal(Fd own, const sys::TerminalSettings& before)
    : own_{std::move(own)}, before_{before}, typed_{Secret::filled_by(kTyped, [](char*, std::size_t size) { return size; })} {}

sys::Answer<Terminal> Terminal::on(int number) {
  const sys::TerminalSettings settings = TRY(sys::terminal_settings(number));
  return Terminal{TRY(sys::open_again(number)), settings};
}

void Terminal::enter(const Fd& master) {
  resize(master);
  if (is_raw_) return;
  const bool was_in_background = is_in_background_;
  is_in_background_ = !sys::is_foreground(own_.number());
  if (is_in_background_) return;
  // A shell may have changed it since we left. What it had in the background was the shell's own, for its prompt: an application that left
  // it at that gets what a job in the foreground has.
  if (const auto now = sys::terminal_settings(own_.number())) {
    const auto inner = sys::terminal_settings(master.number());
    if (was_in_background && inner && sys::are_same_modes(inner.value(), before_)) static_cast<void>(sys::set_terminal(master.number(), now.value()));
    before_ = now.value();
  }
  is_raw_ = is_listening_ = static_cast<bool>(sys::set_terminal(own_.number(), sys::raw(before_)));
}

void Terminal::leave() {
  if (is_raw_) static_cast<void>(sys::set_terminal(own_.number(), before_));
  is_raw_ = is_listening_ = is_in_background_ = false;
}

void Terminal::resize(const Fd& master) const { sys::copy_window_size(own_.number(), master.number()); }

std::optional<pollfd> Terminal::watched(const Fd& master) const {
  if (!is_listening_) return std::nullopt;
  if (!pending_.empty()) return pollfd{master.number(), POLLOUT, 0};
  return pollfd{own_.number(), POLLIN, 0};
}

void Terminal::go_on(const Fd& master) {
  if (pending_.empty()) {
    const sys::Answer<std::size_t> got = typed_.change([&](char* room, std::size_t size) { return sys::read_some(own_, room, size); });
    if (!got && got.error().value == EAGAIN) return;
    if (!got || got.value() == 0) {
      is_listening_ = false;  // hung up, or in the background by now
      return;
    }
    pending_ = {typed_.expose().data(), got.value()};
  }
  const sys::Answer<std::size_t> wrote = sys::write_some(master, pending_);
  if (!wrote && wrote.error().value == EAGAIN) return;
  pending_.remove_prefix(wrote ? wrote.value() : pending_.size());
  if (pending_.empty()) typed_.change([](char* room, std::size_t size) { wipe(room, size); });
}

}  // namespace hushrun::redact
