#include "core/sys_channel.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace hushrun::sys {
namespace {

constexpr std::size_t kMostFiles = 64;

Errno last_error() { return Errno{errno}; }

}  // namespace

Answer<Channel> make_channel() {
  std::array<int, 2> ends;
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) < 0) return last_error();
  Answer<Fd> ours = above_standard(ends[0]);
  Answer<Fd> theirs = above_standard(ends[1]);
  return Channel{TRY(std::move(ours)), TRY(std::move(theirs))};
}

Answer<Stream> make_stream() {
  std::array<int, 2> ends;
  if (::pipe2(ends.data(), O_CLOEXEC) < 0) return last_error();
  Answer<Fd> read_end = above_standard(ends[0]);
  Answer<Fd> write_end = above_standard(ends[1]);
  return Stream{TRY(std::move(read_end)), TRY(std::move(write_end))};
}

Answer<void> send_message(const Fd& channel, std::string_view text, std::span<const Fd> files) {
  if (files.size() > kMostFiles) return Errno{EINVAL};
  iovec part{const_cast<char*>(text.data()), text.size()};  // sendmsg(2) does not write
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kMostFiles * sizeof(int))> room{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (!files.empty()) {
    message.msg_control = room.data();
    message.msg_controllen = CMSG_SPACE(files.size() * sizeof(int));
    cmsghdr* head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(files.size() * sizeof(int));
    for (std::size_t i = 0; i < files.size(); ++i) {
      const int number = files[i].number();
      std::memcpy(CMSG_DATA(head) + i * sizeof number, &number, sizeof number);
    }
  }
  while (::sendmsg(channel.number(), &message, MSG_NOSIGNAL) < 0) {
    if (errno != EINTR) return last_error();
  }
  return {};
}

Answer<Message> receive_message(const Fd& channel, std::size_t limit) {
  Message out;
  out.text.resize(limit);
  iovec part{out.text.data(), out.text.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kMostFiles * sizeof(int))> room{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = room.data();
  message.msg_controllen = room.size();
  ssize_t got;
  do got = ::recvmsg(channel.number(), &message, MSG_CMSG_CLOEXEC);
  while (got < 0 && errno == EINTR);
  if (got < 0) return last_error();
  out.text.resize(static_cast<std::size_t>(got));
  for (cmsghdr* head = CMSG_FIRSTHDR(&message); head != nullptr; head = CMSG_NXTHDR(&message, head)) {
    if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int number;
      std::memcpy(&number, CMSG_DATA(head) + i * sizeof number, sizeof number);
      out.files.push_back(Fd::adopt(number));
    }
  }
  if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) return Errno{EMSGSIZE};
  return out;
}

Answer<std::vector<bool>> wait_for_any(std::span<const int> files) {
  std::vector<pollfd> watched;
  for (int file : files) watched.push_back({file, POLLIN, 0});
  while (::poll(watched.data(), watched.size(), -1) < 0) {
    if (errno != EINTR) return last_error();
  }
  std::vector<bool> ready;
  for (const pollfd& one : watched) ready.push_back(one.revents != 0);
  return ready;
}

void kill_child(pid_t child) { ::kill(child, SIGKILL); }

Answer<Fd> connect_to(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return Errno{ENAMETOOLONG};
  std::memcpy(address.sun_path, path.data(), path.size());
  Fd socket = Fd::adopt(-1);
  {
    const int number = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (number < 0) return last_error();
    socket = TRY(above_standard(number));
  }
  while (::connect(socket.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0) {
    if (errno != EINTR) return last_error();
  }
  return socket;
}

Answer<void> limit_memory(std::uint64_t bytes) {
  const rlimit limit{bytes, bytes};
  if (::setrlimit(RLIMIT_AS, &limit) < 0) return last_error();
  return {};
}

}  // namespace hushrun::sys
