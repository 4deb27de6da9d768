#pragma once
// A directory that is gone when the test is, and short ways to look at what a source answers.

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "source/source.h"

namespace hushrun {

class Scratch {
 public:
  Scratch() {
    std::string pattern = (std::filesystem::temp_directory_path() / "hushrun-test-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) std::abort();
    root_ = pattern;
    ::chmod(root_.c_str(), 0755);
  }
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  const std::string& root() const { return root_; }
  std::string path(std::string_view relative) const { return root_ + "/" + std::string{relative}; }
  std::string write(std::string_view relative, std::string_view text, mode_t mode = 0644) const {
    const std::string file = path(relative);
    std::filesystem::create_directories(std::filesystem::path{file}.parent_path());
    std::ofstream{file, std::ios::binary} << text;
    ::chmod(file.c_str(), mode);
    return file;
  }
  void directory(std::string_view relative) const { std::filesystem::create_directories(path(relative)); }
  void link(std::string_view target, std::string_view relative) const { std::filesystem::create_symlink(target, path(relative)); }
  void rename(std::string_view from, std::string_view to) const { std::filesystem::rename(path(from), path(to)); }

 private:
  std::string root_;
};

/// An environment block of its own.
class Block {
 public:
  Block(std::vector<std::string> entries) : entries_{std::move(entries)} {  // NOLINT: a list of entries is a block
    for (std::string& entry : entries_) pointers_.push_back(entry.data());
    pointers_.push_back(nullptr);
  }
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;
  Environment environment() const { return Environment{pointers_.data()}; }

 private:
  std::vector<std::string> entries_;
  std::vector<char*> pointers_;
};

inline Name name(std::string_view text) { return *Name::parse(text); }

inline std::string text(const Secret& value) {
  const Exposed bytes = value.expose();
  return {bytes.data(), bytes.size()};
}
/// The value; "(nothing)" or "(trouble)" are no values of these tests.
inline std::string text(const Lookup& lookup) {
  if (!lookup) return "(trouble)";
  if (!lookup.value()) return "(nothing)";
  return text(lookup.value()->value);
}
inline std::string all_of(const Trouble& trouble) {
  return std::string{trouble.what.view()}.append(" | ").append(trouble.why.view()).append(" | ").append(trouble.fix.view());
}
inline std::string trouble(const Lookup& lookup) { return lookup ? "(no trouble)" : all_of(lookup.error()); }

inline std::vector<std::string> texts(const std::vector<Name>& names) {
  std::vector<std::string> out;
  for (const Name& each : names) out.push_back(each.text());
  return out;
}

/// What `ask` answers, asked by a process of user 65534 where we are root, whom no mode stops.
template <class Ask>
std::string as_nobody(const Ask& ask) {
  if (::geteuid() != 0) return ask();
  int ends[2];
  if (::pipe(ends) != 0) std::abort();
  const pid_t child = ::fork();
  if (child == 0) {
    if (::setresgid(65534, 65534, 65534) != 0 || ::setresuid(65534, 65534, 65534) != 0) ::_exit(1);
    const std::string answer = ask();
    ::_exit(::write(ends[1], answer.data(), answer.size()) == static_cast<ssize_t>(answer.size()) ? 0 : 1);
  }
  ::close(ends[1]);
  std::string answer(8192, '\0');
  const ssize_t got = ::read(ends[0], answer.data(), answer.size());
  ::close(ends[0]);
  ::waitpid(child, nullptr, 0);
  answer.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return answer;
}

}  // namespace hushrun
