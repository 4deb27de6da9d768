#include "core/sys_stream.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>

namespace hushrun::sys {
namespace {

// What a pipe takes in one go if poll(2) calls it writable.
constexpr std::size_t kOnePage = PIPE_BUF;

bool has_room(int number) {
  pollfd asked{number, POLLOUT, 0};
  return ::poll(&asked, 1, 0) == 1;
}

}  // namespace

Answer<Pipe> make_pipe() {
  std::array<int, 2> ends;
  if (::pipe2(ends.data(), O_CLOEXEC) < 0) return Errno{errno};
  Answer<Fd> read_end = above_standard(ends[0]);
  Answer<Fd> write_end = above_standard(ends[1]);
  if (read_end && ::fcntl(read_end.value().number(), F_SETFL, O_NONBLOCK) < 0) return Errno{errno};
  return Pipe{TRY(std::move(read_end)), TRY(std::move(write_end))};
}

void widen_pipe(int pipe, std::size_t size) {
  const int now = ::fcntl(pipe, F_GETPIPE_SZ);
  if (now >= 0 && static_cast<std::size_t>(now) < size) ::fcntl(pipe, F_SETPIPE_SZ, static_cast<int>(size));
}

Answer<Fd> reopen_nonblocking(int number) {
  const std::string path = "/proc/self/fd/" + std::to_string(number);
  const int opened = ::open(path.c_str(), O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (opened < 0) return Errno{errno};
  return above_standard(opened);
}

void replace_by_null(int number) {
  const int null = ::open("/dev/null", O_RDWR | O_NOCTTY | O_CLOEXEC);
  // An image without /dev/null: something that cannot be written is as good.
  const int other = null >= 0 ? null : ::open("/", O_PATH | O_CLOEXEC);
  if (other >= 0 && other != number) {
    ::dup3(other, number, O_CLOEXEC);
    ::close(other);
  }
}

bool are_same_file(int left, int right) {
  struct stat one {}, other {};
  return ::fstat(left, &one) == 0 && ::fstat(right, &other) == 0 && one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

bool is_reserved(int number) { return (::fcntl(number, F_GETFD) & FD_CLOEXEC) != 0; }

SharedOutput::SharedOutput(int number) : number_{number} {
  struct stat status {};
  if (::fstat(number, &status) < 0) return;
  if (S_ISSOCK(status.st_mode)) way_ = Way::message;
  if (S_ISFIFO(status.st_mode)) way_ = Way::nowait;
  if (S_ISCHR(status.st_mode) && ::isatty(number) == 1) take_second_way();
}

void SharedOutput::take_second_way() {
  way_ = Way::careful;
  Answer<Fd> own = reopen_nonblocking(number_);
  if (!own) return;
  own_ = std::move(own).value();
  way_ = Way::plain;
}

Answer<std::size_t> SharedOutput::write(std::span<const std::string_view> pieces) {
  std::array<iovec, 64> parts;
  std::size_t count = 0, size = 0;
  const std::size_t most = way_ == Way::careful ? kOnePage : SSIZE_MAX;
  for (; count < std::min(parts.size(), pieces.size()) && size < most; ++count) {
    const std::string_view piece = pieces[count].substr(0, most - size);
    parts[count] = {const_cast<char*>(piece.data()), piece.size()};  // writev(2) does not write into it
    size += piece.size();
  }
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = count;
  for (;;) {
    ssize_t wrote = -1;
    switch (way_) {
      case Way::nowait: wrote = ::pwritev2(number_, parts.data(), static_cast<int>(count), -1, RWF_NOWAIT); break;
      case Way::message: wrote = ::sendmsg(number_, &message, MSG_DONTWAIT | MSG_NOSIGNAL); break;
      case Way::careful:
        if (!has_room(number_)) return Errno{EAGAIN};
        [[fallthrough]];
      case Way::plain: wrote = ::writev(polled(), parts.data(), static_cast<int>(count)); break;
    }
    if (wrote > 0) return static_cast<std::size_t>(wrote);
    if (wrote == 0) return Errno{EAGAIN};
    if (way_ == Way::nowait && (errno == EOPNOTSUPP || errno == ENOSYS || errno == EINVAL)) {
      take_second_way();
      return write(pieces);
    }
    if (errno != EINTR) return Errno{errno};
  }
}

std::size_t readable_bytes(const Fd& file) {
  int count = 0;
  return ::ioctl(file.number(), FIONREAD, &count) == 0 && count > 0 ? static_cast<std::size_t>(count) : 0;
}

Answer<std::size_t> write_some(const Fd& file, std::string_view bytes) {
  for (;;) {
    const ssize_t wrote = ::write(file.number(), bytes.data(), bytes.size());
    if (wrote >= 0) return static_cast<std::size_t>(wrote);
    if (errno != EINTR) return Errno{errno};
  }
}

void wait_for(std::span<pollfd> watched, std::optional<std::chrono::milliseconds> timeout) {
  const auto longest = std::chrono::milliseconds{INT_MAX};
  const int time = timeout ? static_cast<int>(std::clamp(*timeout, std::chrono::milliseconds{0}, longest).count()) : -1;
  if (::poll(watched.data(), watched.size(), time) > 0) return;
  for (pollfd& one : watched) one.revents = 0;
}

Answer<Fd> make_signal_descriptor() {
  // Raw: glibc's set leaves out 32 and 33, which are its own (nptl(7)).
  const std::uint64_t all = ~std::uint64_t{0};
  const auto made = static_cast<int>(::syscall(SYS_signalfd4, -1, &all, sizeof all, SFD_CLOEXEC));
  if (made < 0) return Errno{errno};
  return above_standard(made);
}

}  // namespace hushrun::sys
