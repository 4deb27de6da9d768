#pragma once
// System calls on terminals: the one we were started on, and a pseudo terminal for the application (pty(7)).

#include <sys/types.h>
#include <termios.h>

#include <span>

#include "core/sys_file.h"

namespace hushrun::sys {

bool is_terminal(int number);
/// The same terminal on a description of our own that does not block; where it cannot be opened again, a duplicate that may.
Answer<Fd> open_again(int terminal);

struct PseudoTerminal {
  Fd master;  // does not block
  Fd slave;
};
/// Made without a path (TIOCGPTPEER, Linux 4.13), so that it cannot be another container's.
Answer<PseudoTerminal> open_pseudo_terminal();

using TerminalSettings = termios;
Answer<TerminalSettings> terminal_settings(int terminal);
/// At once (TCSANOW): a flush would lose what was typed ahead.
Answer<void> set_terminal(int terminal, const TerminalSettings& settings);
/// True if both do the same with what is typed and shown; a line's speed does not count.
bool are_same_modes(const TerminalSettings& left, const TerminalSettings& right);
/// Every byte goes through as it is, and none makes a signal.
TerminalSettings raw(const TerminalSettings& settings);

/// Gives `to` the size of `from`; the kernel sends SIGWINCH to those on it if that is a change.
void copy_window_size(int from, int to);

/// True if our process group is the terminal's foreground, or nobody's process group is.
bool is_foreground(int terminal);

/// fork(2): 0 in the child, which has a copy of everything.
Answer<pid_t> fork_process();
/// A session of our own with this terminal; `streams` become our standard streams, but for those that are -1.
Answer<void> begin_session(const Fd& slave, std::span<const int, 3> streams);

/// SIGSTOP to ourselves; returns when somebody continues us.
void stop_ourselves();

}  // namespace hushrun::sys
