#pragma once
// The person at the terminal: what is asked, and what is shown while it takes long.

#include <termios.h>

#include <optional>

#include "age/bytes.h"
#include "core/fd.h"
#include "core/secret.h"

namespace hushrun::tool {

bool is_terminal(int number);

/// Asks on the controlling terminal, whatever the standard streams are, with the echo off. One line, without its end.
/// An error if there is no terminal: `fix` says what to do then.
Result<Secret> ask(Public question, Public fix);
/// The same twice, so that a slip of the finger does not lock anybody out.
Result<Secret> ask_twice(Public question, Public fix);
/// The signal whose key was the answer to a question, or 0: once all is put back it is to end us, so that a script around us ends as well.
int interrupted_by();
/// Waits for a line; true if it is empty, false for anything else, at its end, or without a terminal.
bool agrees(Public question);

/// The controlling terminal as it is now, put back at the end: an editor that was killed leaves it without echo and without lines.
class KeptTerminal {
 public:
  KeptTerminal();
  ~KeptTerminal();
  KeptTerminal(const KeptTerminal&) = delete;
  KeptTerminal& operator=(const KeptTerminal&) = delete;

 private:
  std::optional<Fd> terminal_;
  termios settings_{};
};

/// Passes a file through and says on standard error how far it has got: where that is a terminal, and the file is large.
class Progress final : public age::Reader {
 public:
  explicit Progress(age::Reader& from);
  ~Progress() override;
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  Result<std::size_t, age::Failure> read(char* room, std::size_t size) override;
  std::optional<std::uint64_t> size() const override { return from_.size(); }

 private:
  age::Reader& from_;
  std::uint64_t whole_;  // 0: nothing is shown
  std::uint64_t done_ = 0;
  std::uint64_t shown_ = 0;
};

}  // namespace hushrun::tool
