#pragma once
// Talking to a process of our own: messages with descriptors one way, bytes the other.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/sys_file.h"

namespace hushrun::sys {

/// The two ends of a channel whose messages arrive whole (unix(7), SOCK_SEQPACKET).
struct Channel {
  Fd ours;
  Fd theirs;
};
Answer<Channel> make_channel();
struct Stream {
  Fd read_end;
  Fd write_end;
};
/// pipe(2), both ends above the standard three.
Answer<Stream> make_stream();

/// A message, and descriptors that the other side gets copies of: 64 at most.
Answer<void> send_message(const Fd& channel, std::string_view text, std::span<const Fd> files);
struct Message {
  std::string text;  // empty: the other side is gone
  std::vector<Fd> files;
};
Answer<Message> receive_message(const Fd& channel, std::size_t limit);

/// Which of these has something to read, or has ended: waits for the first.
Answer<std::vector<bool>> wait_for_any(std::span<const int> files);
/// Ends a process that will not answer any more.
void kill_child(pid_t child);

/// A connection to a unix socket.
Answer<Fd> connect_to(const std::string& path);

/// No more memory than this, for all that is mapped (setrlimit(2), RLIMIT_AS).
Answer<void> limit_memory(std::uint64_t bytes);

}  // namespace hushrun::sys
