#pragma once
// System calls on streams that must not make us wait: pipes of ours, and descriptors we were started with.

#include <poll.h>

#include <chrono>
#include <optional>
#include <span>
#include <string_view>

#include "core/sys_file.h"

namespace hushrun::sys {

struct Pipe {
  Fd read_end;   // does not block
  Fd write_end;  // does, as programs expect it
};
/// A pipe above the standard descriptors: whoever started us with one of them closed would else have an end overwritten in a child.
Answer<Pipe> make_pipe();
/// Makes a pipe hold `size` bytes, if it is one and may grow (pipe(7): /proc/sys/fs/pipe-max-size, pipe-user-pages-soft).
void widen_pipe(int pipe, std::size_t size);

/// The same file opened once more, for reading and writing, with O_NONBLOCK: that flag belongs to an open file description, and the one
/// behind an inherited descriptor is shared with whoever gave it to us. Needs /proc, and the right to open it.
Answer<Fd> reopen_nonblocking(int number);

/// Puts /dev/null in the place of a standard stream, so that its other end sees that nobody writes any more.
void replace_by_null(int number);

/// True if both are the same file (st_dev, st_ino).
bool are_same_file(int left, int right);
/// True if it was closed when we were started, and only its number is kept (reserve_standard_streams).
bool is_reserved(int number);

/// A descriptor of somebody else's that is written to without waiting, and without a change to what is shared.
///
///  - a pipe: pwritev2(2) with RWF_NOWAIT (Linux 6.5 for pipes); before that a description of our own, reopened;
///  - a terminal: a description of our own;
///  - a socket: MSG_DONTWAIT;
///  - anything else (a file, /dev/null) takes what it is given.
/// Where neither can be had (no /proc, not our own pipe) we write what fits into a page once poll(2) says that there is room: only another
/// writer on the same pipe, at the same moment, can then make us wait.
class SharedOutput {
 public:
  explicit SharedOutput(int number);

  /// Writes of the pieces what can be written now, in order; how many bytes that was. EAGAIN for none.
  Answer<std::size_t> write(std::span<const std::string_view> pieces);

  int number() const { return number_; }
  void close_own() { own_.reset(); }
  /// To be asked for room (POLLOUT).
  int polled() const { return own_ ? own_->number() : number_; }

 private:
  enum class Way { plain, nowait, message, careful };
  void take_second_way();

  int number_;
  std::optional<Fd> own_;
  Way way_ = Way::plain;
};

/// How many bytes can be read at once (FIONREAD).
std::size_t readable_bytes(const Fd& file);
/// write(2) of what can be written now; EAGAIN for none.
Answer<std::size_t> write_some(const Fd& file, std::string_view bytes);

/// poll(2); without a timeout for as long as it takes. EINTR is the same as nothing to report.
void wait_for(std::span<pollfd> watched, std::optional<std::chrono::milliseconds> timeout);

/// A descriptor that is readable while a signal is pending (signalfd(2)): for poll(2), never read. All 64 of them.
Answer<Fd> make_signal_descriptor();

}  // namespace hushrun::sys
