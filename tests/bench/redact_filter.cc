// stdin to stdout through the Redactor, and nothing else: the bare filter, for measurements and for tests against real encoders.
//   redact_filter VALUES [--count]
// VALUES holds a value per line; `\n` in it is a newline. They are named v1, v2 … --count prints what was masked to stderr.

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/uio.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <deque>
#include <fstream>
#include <string>
#include <vector>

#include "leak/redactor.h"

namespace {

using namespace hushrun;
using namespace hushrun::leak;

// The kernel's answer to one write is at most one pipe; more at a time only costs memory.
constexpr std::size_t kBuffer = 262144;

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "redact_filter: %s: %s\n", what, std::strerror(errno));
  _exit(2);
}

void write_all(Redactor::Slices slices) {
  std::vector<iovec> pieces;
  for (std::string_view slice : slices) pieces.push_back({const_cast<char*>(slice.data()), slice.size()});
  for (std::size_t first = 0; first < pieces.size();) {
    const std::size_t count = std::min<std::size_t>(pieces.size() - first, 1024);
    ssize_t written = ::writev(1, pieces.data() + first, static_cast<int>(count));
    if (written < 0 && errno != EINTR) fail("write");
    while (written > 0) {
      iovec& piece = pieces[first];
      const std::size_t used = std::min(piece.iov_len, static_cast<std::size_t>(written));
      piece.iov_base = static_cast<char*>(piece.iov_base) + used;
      piece.iov_len -= used;
      written -= static_cast<ssize_t>(used);
      if (piece.iov_len == 0) ++first;
    }
  }
}

std::string unescaped(const std::string& line) {
  std::string value;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const bool newline = line[i] == '\\' && i + 1 < line.size() && line[i + 1] == 'n';
    value += newline ? '\n' : line[i];
    i += newline;
  }
  return value;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: redact_filter VALUES [--count]\n");
    return 2;
  }
  std::ifstream file{argv[1]};
  if (!file) fail(argv[1]);
  std::deque<Secret> secrets;
  std::vector<Delivered> delivered;
  for (std::string line; std::getline(file, line);) {
    secrets.push_back(Secret::of_public(unescaped(line)));
    delivered.push_back({Public{"v"} + Public::number(secrets.size()), &secrets.back()});
  }
  const bool count = argc > 2 && std::string_view{argv[2]} == "--count";
  const auto began = std::chrono::steady_clock::now();
  const Needles needles{delivered};
  const auto built = std::chrono::steady_clock::now() - began;
  secrets.clear();

  // Fewer, larger pieces; where the pipe may not grow it stays as it is.
  ::fcntl(0, F_SETPIPE_SZ, kBuffer);
  ::fcntl(1, F_SETPIPE_SZ, kBuffer);
  Redactor redactor{needles};
  std::vector<char> buffer(kBuffer);
  auto last_byte = std::chrono::steady_clock::now();
  for (;;) {
    if (const auto deadline = redactor.deadline()) {
      const auto quiet = std::chrono::duration_cast<Redactor::Duration>(std::chrono::steady_clock::now() - last_byte);
      pollfd ready{0, POLLIN, 0};
      if (::poll(&ready, 1, static_cast<int>(std::max(*deadline - quiet, Redactor::Duration{0}).count())) == 0) {
        write_all(redactor.quiet(std::chrono::duration_cast<Redactor::Duration>(std::chrono::steady_clock::now() - last_byte)));
        continue;
      }
    }
    const ssize_t got = ::read(0, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail("read");
    if (got == 0) break;
    write_all(redactor.feed({buffer.data(), static_cast<std::size_t>(got)}));
    if (redactor.deadline()) last_byte = std::chrono::steady_clock::now();
  }
  write_all(redactor.finish());
  if (!count) return 0;
  std::fprintf(stderr, "%zu patterns, built in %lld us\n", needles.patterns(),
               static_cast<long long>(std::chrono::duration_cast<std::chrono::microseconds>(built).count()));
  for (const MarkCount& one : redactor.counts()) {
    std::fprintf(stderr, "%.*s %llu\n", static_cast<int>(one.name.view().size()), one.name.view().data(),
                 static_cast<unsigned long long>(one.marks));
  }
  return 0;
}
