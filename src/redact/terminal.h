#pragma once
// The terminal we were started on, while the application has one of its own in between.

#include <poll.h>

#include <optional>

#include "core/fd.h"
#include "core/secret.h"
#include "core/sys_terminal.h"

namespace hushrun::redact {

/// Hands on what is typed and how large the window is; `master` is our end of the application's terminal, which does what ours did:
/// echo, lines, ^C. Ours is raw meanwhile, and as it was again after leave(), which is for every way out.
///
/// In the background (a shell's `&`, `bg`) it is left alone: neither raw nor read. A shell's `fg` gives it to a job that runs without telling
/// that, so somebody has to call enter() again from time to time.
class Terminal {
 public:
  /// `number` is a standard stream of ours that is a terminal.
  static sys::Answer<Terminal> on(int number);

  /// The settings the application's terminal begins with.
  const sys::TerminalSettings& settings() const { return before_; }

  void enter(const Fd& master);
  void leave();
  /// As enter() found it.
  bool is_in_background() const { return is_in_background_; }
  void resize(const Fd& master) const;

  /// What to wait for; nothing while there is nobody to listen to.
  std::optional<pollfd> watched(const Fd& master) const;
  /// To be called when that is ready.
  void go_on(const Fd& master);

  int number() const { return own_.number(); }

 private:
  Terminal(Fd own, const sys::TerminalSettings& before);

  Fd own_;
  sys::TerminalSettings before_;
  bool is_raw_ = false;
  bool is_listening_ = false;
  bool is_in_background_ = false;
  Secret typed_;  // passwords are typed as well
  std::string_view pending_;
};

}  // namespace hushrun::redact
