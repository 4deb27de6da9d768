#pragma once
// Finding the program to run, and saying what is wrong with one that does not.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/error.h"

namespace hushrun {

/// Becomes `argv[0]`, looked for in the PATH of `environment` as execvp(3) does, but with no shell for a file whose format the kernel does not know
/// (a shell nobody asked for would get the secrets). Returns only on failure, with the kernel's answer and the path that gave it.
struct ExecFailure {
  Errno error;
  std::string path;  // of the last program that was there; empty if none was
};
ExecFailure execute_by_path(char* const* argv, char* const* environment);

/// The same for a child that may not allocate: the paths to try in turn, and what became of them (0: not tried).
std::vector<std::string> candidates(const char* program, char* const* environment);
ExecFailure failure_of(std::span<const std::string> tried, std::span<const int> answers);

/// The program as messages and the plan show it. Unlike other paths a bare word is shown: it is the first thing anybody needs to
/// know, and the engine shows it as well.
Public shown_program(const char* program);

/// The failure as a person needs it: 127 not found, 126 for all else; names a missing `#!` interpreter or ELF loader, another
/// architecture, a script without `#!`.
Error describe_failure(const ExecFailure& failure, const char* program);

/// The same answers without running anything, for --check: nothing if the program is there and executable.
std::optional<Error> missing_program(const char* program, char* const* environment);

}  // namespace hushrun
