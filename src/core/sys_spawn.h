#pragma once
// Running another program to its end and keeping what it prints, in locked memory.

#include <chrono>
#include <string>
#include <vector>

#include "core/sys_file.h"

namespace hushrun::sys {

/// What to run. `path` is executed as it is: no search, no shell. `environment` is an execve(2) block.
struct Program {
  std::string path;
  std::vector<std::string> argv;
  std::vector<char*> environment;  // without the null at its end
};

struct RunLimits {
  std::size_t output;                 // bytes of stdout; more ends the program
  std::size_t chatter;                // bytes of stderr that are kept; more is read and dropped
  std::chrono::milliseconds timeout;  // for all of it
  std::chrono::milliseconds grace;    // between TERM and KILL
};

/// How a program ended. Whatever `end` says, it has been reaped.
struct Finished {
  enum class End {
    exited,       // by itself, and its stdout was closed: `number` is the status
    killed,       // by a signal that we did not send: `number` is the signal
    timed_out,    // by us, as the time was over: it ran on, or somebody else kept its stdout open
    too_talkative // by us, as it wrote more than `limits.output`
  } end;
  int number;
  Secret output;
  Secret chatter;
};

/// Starts the program in a process group of its own and waits for it, without a thread and without a signal handler.
///
/// It gets /dev/null as stdin, pipes as stdout and stderr, no other descriptor, no blocked and no ignored signal. What
/// we end gets TERM, as a group, and KILL when it is gone or `limits.grace` is over. What it leaves in the background
/// is left alone unless it holds stdout open. The Errno is that of execve(2), or of a pipe that could not be made.
Answer<Finished> run_to_end(const Program& program, const RunLimits& limits);

/// A program that runs beside us: nobody is to be asked for its end before all of its output was read, or its reader is gone.
struct Running {
  pid_t pid;
  Fd output;
};
/// Starts it with `input` (or /dev/null) as stdin and a pipe as stdout; stderr is /dev/null. To be reaped with wait_for().
Answer<Running> start(const Program& program, std::optional<Fd> input);

}  // namespace hushrun::sys
