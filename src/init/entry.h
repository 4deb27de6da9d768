#pragma once
// Our very first instructions, before libc's.
//
// PID 1 loses every signal with a default disposition that comes before it is blocked (pid_namespaces(7)), and libc's own start takes
// longer than all the rest of ours: the program's entry point (-Wl,-e,hushrun_entry) blocks everything and goes on to _start. A second
// image does not come back from there: libc is never initialised in it, so that it stays small.

#include <cstdint>

namespace hushrun::init {

/// All signals are blocked from here on; what was blocked before. To be called once, first of all.
std::uint64_t block_first();

/// If this is a second image, supervises and does not return. For builds whose entry point is libc's own (sanitizers): the other one
/// has done it before.
void supervise_if_second_image(int argc, char** argv);

}  // namespace hushrun::init
