#pragma once
// One stream of the application's output, from its end to ours.

#include <poll.h>

#include <optional>

#include "core/fd.h"
#include "core/secret.h"
#include "core/sys_stream.h"
#include "leak/redactor.h"
#include "redact/clock.h"

namespace hushrun::redact {

/// Reads what the application wrote, and writes what may be seen of it. Never waits: one that is stuck stops nobody but its own writer,
/// whose pipe fills up as it would without us.
///
///  - The application's end closed, or a terminal hung up (EIO): what is held goes out, and then our output is closed.
///  - Our output's reader gone (EPIPE): the application's end closes, and it gets SIGPIPE at its next write, as it would without us.
///
/// Bytes are read into locked memory. What a secret was found in, or may begin in, is wiped as soon as it has been written.
class Stream {
 public:
  /// `source` does not block. `output` is a standard stream of ours.
  Stream(const leak::Needles& needles, Fd source, int output);
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  /// What to wait for; nothing once the stream is over.
  std::optional<pollfd> watched() const;
  /// To be called when that is ready.
  void go_on();

  /// When look_at_the_time() has something to do. Nothing: no timer is needed.
  std::optional<Time> deadline() const;
  void look_at_the_time(Time time);

  /// What is there is read, and nothing after it: for a source that somebody holds open and nobody should be waited for.
  void end_soon();
  bool is_over() const { return finished_ && pending_.empty(); }

  /// The application's end of it, as long as it is read.
  const Fd* source() const { return source_ ? &*source_ : nullptr; }
  const sys::SharedOutput& output() const { return output_; }
  std::vector<leak::MarkCount> counts() const { return redactor_.counts(); }

 private:
  void end();
  void send(leak::Redactor::Slices slices);
  void write_pending();
  void settle();
  void forget();
  void lose_reader(Errno why);

  std::optional<Fd> source_;
  sys::SharedOutput output_;
  leak::Redactor redactor_;
  std::optional<Secret> buffer_;    // made when the first bytes come
  std::size_t unwiped_from_ = 0;    // what of it may show a secret, to be wiped once it has been written
  std::size_t unwiped_to_ = 0;
  std::vector<std::string_view> pending_;
  std::size_t next_ = 0;            // in pending_
  std::optional<Time> last_byte_;   // while something is held
  std::optional<std::size_t> last_bytes_;  // all that is still read
  bool finished_ = false;
};

}  // namespace hushrun::redact
