#pragma once
// Stage 7 of 7 · supervise · the application → ExitCode · forwards signals, reaps orphans, ends who is left.
//
// All signals are blocked from our first instruction to the last, and fetched one at a time (rt_sigtimedwait(2)): no handler,
// none lost, none that interrupts. Needs no descriptor, no /proc, no memory but this stack. After the application has started no failing
// call is a reason to end.

#include <signal.h>

#include "init/state.h"

namespace hushrun::init {

/// Of a process that ended, as waitid(2) tells: its own, or 128 + signal.
int code_of(const siginfo_t& info);

/// Looks after the application until it and all it left behind are gone; takes away what was made for it; returns the exit
/// code: its own, or 128 + signal.
int supervise(State& state);

/// The second image: what its words say, to the end. Also the end of a first image that could not become a second one.
[[noreturn]] void supervise_and_exit(char** words);

}  // namespace hushrun::init
