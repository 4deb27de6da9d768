// The application of the tests: tells what it was given without giving it away. Values come out as SHA-256 and a length.
//
//   probe env NAME...    "NAME <sha256> <length>", or "NAME unset"        probe show NAME...   the value itself, for what is public
//   probe names          the names of the environment, in order           probe environ        each entry in hexadecimal, in order
//   probe cat FILE...    "<sha256> <length>" of each file                 probe stat FILE...   "<kind> <mode> <uid>:<gid> <file system>"
//   probe args ARG...    each argument in hexadecimal                     probe ids            "uid gid groups..."
//   probe fds            open descriptors and what they are               probe status KEY...  lines of /proc/self/status
//   probe limits         soft and hard limits, by number                  probe umask          in octal
//   probe pid            ours and our parent's                            probe cwd
//   probe mounts PATH    "mounted" or "not mounted"                       probe exit N
//   probe inherited      what else execve(2) hands down                   probe seals FILE     of a memfd
//   probe processes      every process we can see                         probe to FILE        writes it all there, not to stdout
// FILE may be "env:NAME": the file whose path the variable holds; "dir:NAME": one in $HUSHRUN_DIR. Several commands are joined by "+".

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

extern char** environ;

namespace {

using Words = std::vector<std::string>;

// FIPS 180-4, so that a test can compare without seeing.
std::string sha256(std::string_view text) {
  static constexpr std::array<std::uint32_t, 64> kRound = {
      0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be,
      0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa,
      0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85,
      0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3,
      0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f,
      0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};
  std::array<std::uint32_t, 8> hash = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::string padded{text};
  padded += '\x80';
  while (padded.size() % 64 != 56) padded += '\0';
  for (int shift = 56; shift >= 0; shift -= 8) padded += static_cast<char>((std::uint64_t{text.size()} * 8) >> shift);
  for (std::size_t block = 0; block < padded.size(); block += 64) {
    std::array<std::uint32_t, 64> w{};
    for (std::size_t i = 0; i < 16; ++i) {
      for (std::size_t j = 0; j < 4; ++j) w[i] = w[i] << 8 | static_cast<unsigned char>(padded[block + i * 4 + j]);
    }
    for (std::size_t i = 16; i < 64; ++i) {
      const std::uint32_t s0 = std::rotr(w[i - 15], 7) ^ std::rotr(w[i - 15], 18) ^ (w[i - 15] >> 3);
      const std::uint32_t s1 = std::rotr(w[i - 2], 17) ^ std::rotr(w[i - 2], 19) ^ (w[i - 2] >> 10);
      w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    auto [a, b, c, d, e, f, g, h] = hash;
    for (std::size_t i = 0; i < 64; ++i) {
      const std::uint32_t t1 = h + (std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25)) + ((e & f) ^ (~e & g)) + kRound[i] + w[i];
      const std::uint32_t t2 = (std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
      h = g, g = f, f = e, e = d + t1, d = c, c = b, b = a, a = t1 + t2;
    }
    const std::array<std::uint32_t, 8> sum = {a, b, c, d, e, f, g, h};
    for (std::size_t i = 0; i < 8; ++i) hash[i] += sum[i];
  }
  std::string out;
  for (const std::uint32_t word : hash) {
    char digits[9];
    std::snprintf(digits, sizeof digits, "%08x", word);
    out += digits;
  }
  return out;
}

std::string hex(std::string_view text) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const char c : text) (out += kDigits[static_cast<unsigned char>(c) >> 4]) += kDigits[static_cast<unsigned char>(c) & 15];
  return out;
}

[[noreturn]] void fail(const std::string& what) {
  std::printf("probe: %s\n", what.c_str());
  std::fflush(stdout);
  _exit(99);
}

std::string file_named(const std::string& word) {
  const auto variable = [](const std::string& name) {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) fail(name + " is not set");
    return std::string{value};
  };
  if (word.starts_with("env:")) return variable(word.substr(4));
  if (word.starts_with("dir:")) return variable("HUSHRUN_DIR") + "/" + word.substr(4);
  return word;
}

std::string contents(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) fail("cannot open a file: " + std::string{std::strerror(errno)});
  std::string text;
  std::array<char, 65536> buffer;
  for (ssize_t got; (got = ::read(file, buffer.data(), buffer.size())) > 0;) text.append(buffer.data(), static_cast<std::size_t>(got));
  ::close(file);
  return text;
}

void digest(std::string_view label, std::string_view value) {
  std::printf("%.*s%s%s %zu\n", static_cast<int>(label.size()), label.data(), label.empty() ? "" : " ", sha256(value).c_str(), value.size());
}

void print_stat(const std::string& word) {
  const std::string path = file_named(word);
  struct stat raw {};
  if (::lstat(path.c_str(), &raw) < 0) fail("cannot stat a file: " + std::string{std::strerror(errno)});
  struct statfs system {};
  const bool link = S_ISLNK(raw.st_mode);
  if (link && path.starts_with("/proc/self/fd/")) ::stat(path.c_str(), &raw);
  ::statfs(path.c_str(), &system);
  const char* kind = S_ISREG(raw.st_mode) ? "file" : S_ISDIR(raw.st_mode) ? "directory" : "other";
  std::printf("%s %04o %u:%u %s\n", kind, raw.st_mode & 07777, raw.st_uid, raw.st_gid, system.f_type == 0x01021994 ? "tmpfs" : "disk");
}

void print_ids() {
  std::printf("%u %u", ::getuid(), ::getgid());
  std::array<gid_t, 64> groups;
  const int count = ::getgroups(static_cast<int>(groups.size()), groups.data());
  std::sort(groups.begin(), groups.begin() + std::max(count, 0));
  for (int i = 0; i < count; ++i) std::printf(" %u", groups[static_cast<std::size_t>(i)]);
  std::printf("\n");
}

void print_fds() {
  for (int number = 0; number < 1024; ++number) {
    if (::fcntl(number, F_GETFD) < 0) continue;
    std::array<char, 256> target{};
    const std::string path = "/proc/self/fd/" + std::to_string(number);
    if (::readlink(path.c_str(), target.data(), target.size() - 1) < 0) target[0] = '?';
    std::printf("%d %s\n", number, target.data());
  }
}

void print_status(const Words& keys) {
  const std::string text = contents("/proc/self/status");
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    const std::string line = text.substr(start, end - start);
    start = end + 1;
    if (std::find(keys.begin(), keys.end(), line.substr(0, line.find(':'))) != keys.end()) std::printf("%s\n", line.c_str());
  }
}

void print_limits() {
  for (int number = 0; number < static_cast<int>(RLIM_NLIMITS); ++number) {
    struct rlimit limit {};
    ::getrlimit(static_cast<__rlimit_resource>(number), &limit);
    std::printf("%d %lld %lld\n", number, static_cast<long long>(limit.rlim_cur), static_cast<long long>(limit.rlim_max));
  }
}

void print_inherited() {
  for (const auto which : {ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF}) {
    struct itimerval timer {};
    ::getitimer(which, &timer);
    std::printf("timer %ld %s\n", timer.it_interval.tv_sec, timer.it_value.tv_sec + timer.it_value.tv_usec > 0 ? "runs" : "stands");
  }
  int death_signal = 0, reaper = 0;
  ::prctl(PR_GET_PDEATHSIG, &death_signal);
  ::prctl(PR_GET_CHILD_SUBREAPER, &reaper);
  std::printf("death signal %d, subreaper %d, timer slack %d, securebits %d, dumpable %d\n", death_signal, reaper,
              ::prctl(PR_GET_TIMERSLACK), ::prctl(PR_GET_SECUREBITS), ::prctl(PR_GET_DUMPABLE));
  std::printf("nice %d, scheduler %d, personality %d\n", ::getpriority(PRIO_PROCESS, 0), ::sched_getscheduler(0), ::personality(0xffffffff));
  std::printf("group %d, session %d, foreground %d\n", ::getpgrp(), ::getsid(0), ::tcgetpgrp(0));
}

void print_processes() {
  DIR* proc = ::opendir("/proc");
  while (const dirent* entry = ::readdir(proc)) {
    if (std::atoi(entry->d_name) > 0) std::printf("%s\n", entry->d_name);
  }
  ::closedir(proc);
}

std::string destination;  // of `to`

[[noreturn]] void finish(int code) {
  if (!destination.empty()) ::dup2(::open(destination.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644), 1);
  std::fflush(stdout);
  _exit(code);
}

void run(const Words& words) {
  const std::string& verb = words.front();
  const Words rest{words.begin() + 1, words.end()};
  if (verb == "env" || verb == "show") {
    for (const std::string& name : rest) {
      const char* value = std::getenv(name.c_str());
      if (value == nullptr) std::printf("%s unset\n", name.c_str());
      else if (verb == "env") digest(name, value);
      else std::printf("%s=%s\n", name.c_str(), value);
    }
  } else if (verb == "names") {
    for (char** entry = environ; *entry != nullptr; ++entry) std::printf("%s\n", std::string{*entry}.substr(0, std::strcspn(*entry, "=")).c_str());
  } else if (verb == "environ") {
    for (char** entry = environ; *entry != nullptr; ++entry) std::printf("%s\n", hex(*entry).c_str());
  } else if (verb == "args") {
    for (const std::string& word : rest) std::printf("[%s]\n", hex(word).c_str());
  } else if (verb == "cat") {
    for (const std::string& word : rest) digest("", contents(file_named(word)));
  } else if (verb == "stat") {
    for (const std::string& word : rest) print_stat(word);
  } else if (verb == "ids") {
    print_ids();
  } else if (verb == "fds") {
    print_fds();
  } else if (verb == "status") {
    print_status(rest);
  } else if (verb == "limits") {
    print_limits();
  } else if (verb == "umask") {
    std::printf("%04o\n", ::umask(0));
  } else if (verb == "pid") {
    std::printf("%d %d\n", ::getpid(), ::getppid());
  } else if (verb == "cwd") {
    std::array<char, 4096> path;
    std::printf("%s\n", ::getcwd(path.data(), path.size()));
  } else if (verb == "mounts") {
    const bool mounted = contents("/proc/self/mountinfo").find(" " + file_named(rest.at(0)) + " ") != std::string::npos;
    std::printf("%s\n", mounted ? "mounted" : "not mounted");
  } else if (verb == "inherited") {
    print_inherited();
  } else if (verb == "processes") {
    print_processes();
  } else if (verb == "to") {
    destination = rest.at(0);
  } else if (verb == "seals") {
    const std::string path = file_named(rest.at(0));
    std::printf("%d\n", ::fcntl(std::atoi(path.substr(path.rfind('/') + 1).c_str()), F_GET_SEALS));
  } else if (verb == "exit") {
    finish(std::atoi(rest.at(0).c_str()));
  } else {
    fail("no such command");
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IOFBF, 1 << 18);  // written at the end only: what stdout is must not matter
  Words words;
  const auto finish_command = [&] {
    if (!words.empty()) run(words);
    words.clear();
  };
  const bool joined = argc > 1 && std::string_view{argv[1]} != "args";  // arguments may be anything
  for (int i = 1; i < argc; ++i) {
    if (joined && std::string_view{argv[i]} == "+") finish_command();
    else words.emplace_back(argv[i]);
  }
  finish_command();
  finish(0);
}
