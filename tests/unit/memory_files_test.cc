// Where a file of a secret may lie, and how it gets there and away again. The private directory, which needs mounts and users, is
// tested from outside (tests/cli/scripts/file_*.txt).

#include "launcher/memory_files.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace hushrun {
namespace {

// A directory on a tmpfs that every Linux has.
class Memory {
 public:
  Memory() {
    std::string pattern = "/dev/shm/hushrun-test-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) std::abort();
    root_ = pattern;
  }
  ~Memory() {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  std::string path(const char* below) const { return root_ + "/" + below; }
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root_)) all.push_back(entry.path().string().substr(root_.size() + 1));
    std::sort(all.begin(), all.end());
    return all;
  }

 private:
  std::string root_;
};

const Place kPlace{"hushrun.yaml:7:3", "files.x"};

ToFile target(std::string path) { return ToFile{std::move(path), FileConfig::As::file, 0400, {}, {}, false}; }
std::string contents(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}
mode_t mode(const std::string& path) {
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 07777;
}
Public problem(const ToFile& file) {
  const auto found = target_problem(file, kPlace);
  return found ? Public{found->what} : Public{};
}
FilePlacer placer() { return {Remover::supervisor, ::geteuid(), ::getegid()}; }

TEST_CASE("a target may lie on a tmpfs, in directories that are not there yet, and nowhere else") {
  const Memory memory;
  CHECK(problem(target(memory.path("key"))).empty());
  CHECK(problem(target(memory.path("a/b/key"))).empty());
  CHECK(memory.names().empty());
  CHECK(problem(target("/usr/key")) == Public{"target is on a disk"});
  CHECK(problem(target("/usr/made/up/key")) == Public{"target is on a disk"});
  ToFile allowed = target("/usr/key");
  allowed.disk_allowed = true;
  CHECK(problem(allowed).empty());
}

TEST_CASE("no target through a symlink, onto a directory or a pipe") {
  const Memory memory;
  std::filesystem::create_directory(memory.path("dir"));
  std::filesystem::create_symlink(memory.path("dir"), memory.path("way"));
  std::filesystem::create_symlink("nowhere", memory.path("link"));
  REQUIRE(::mkfifo(memory.path("pipe").c_str(), 0600) == 0);
  CHECK(problem(target(memory.path("link"))) == Public{"target is a symlink"});
  CHECK(problem(target(memory.path("way/key"))) == Public{"target lies behind a symlink"});
  CHECK(problem(target(memory.path("way/new/key"))) == Public{"target lies behind a symlink"});
  CHECK(problem(target(memory.path("dir"))) == Public{"target is not a file"});
  CHECK(problem(target(memory.path("pipe"))) == Public{"target is not a file"});
}

TEST_CASE("the message names the target and its place") {
  const auto found = target_problem(target("/usr/key"), kPlace);
  REQUIRE(found);
  CHECK(found->where == Public{"/usr/key, files.x, hushrun.yaml:7:3"});
  CHECK(found->code == Code::target_on_disk);
}

TEST_CASE("a file is written whole, with its mode, over an older one, and taken away again with the directories made for it") {
  const Memory memory;
  std::ofstream{memory.path("old")} << "older and longer than the new value";
  FilePlacer files = placer();
  ToFile old = target(memory.path("old"));
  old.mode = 0440;
  const ::mode_t before = ::umask(0777);  // modes do not depend on it
  const auto first = files.place(old, Secret::of_public("new"), kPlace, std::nullopt);
  const auto second = files.place(target(memory.path("a/b/key")), Secret::of_public(std::string_view{"k\0y\n", 4}), kPlace, std::nullopt);
  ::umask(before);
  REQUIRE(first);
  REQUIRE(second);
  CHECK(second.value().path == memory.path("a/b/key"));
  CHECK(!second.value().memfd);
  CHECK(contents(memory.path("old")) == "new");
  CHECK(contents(memory.path("a/b/key")) == std::string("k\0y\n", 4));
  CHECK(mode(memory.path("old")) == 0440);
  CHECK(mode(memory.path("a/b/key")) == 0400);
  CHECK(mode(memory.path("a/b")) == 0755);
  CHECK(memory.names() == std::vector<std::string>{"a", "a/b", "a/b/key", "old"});
  files.traces().remove();
  CHECK(memory.names().empty());
}

TEST_CASE("a refused target leaves nothing, and what was written before it is still known") {
  const Memory memory;
  std::filesystem::create_symlink("nowhere", memory.path("link"));
  FilePlacer files = placer();
  REQUIRE(files.place(target(memory.path("key")), Secret::of_public("value"), kPlace, std::nullopt));
  const auto refused = files.place(target(memory.path("link")), Secret::of_public("value"), kPlace, std::nullopt);
  REQUIRE(!refused);
  CHECK(refused.error().code == Code::target_refused);
  files.traces().remove();
  CHECK(memory.names() == std::vector<std::string>{"link"});
}

TEST_CASE("with nobody to remove it an absolute file is refused, unless we are PID 1") {
  const Memory memory;
  FilePlacer files{Remover::nobody, ::geteuid(), ::getegid()};
  const auto refused = files.place(target(memory.path("key")), Secret::of_public("value"), kPlace, std::nullopt);
  REQUIRE(!refused);
  CHECK(refused.error().code == Code::target_unremovable);
  CHECK(memory.names().empty());
}

TEST_CASE("a memfd is sealed, inherited, has its mode, and a number of at least ten") {
  FilePlacer files{Remover::nobody, ::geteuid(), ::getegid()};
  ToFile asked = target("gcp.json");
  asked.as = FileConfig::As::memfd;
  asked.mode = 0440;
  const auto placed = files.place(asked, Secret::of_public("value"), kPlace, std::nullopt);
  REQUIRE(placed);
  REQUIRE(placed.value().memfd);
  const Fd memfd = Fd::adopt(*placed.value().memfd);
  CHECK(memfd.number() >= 10);
  CHECK(placed.value().path == "/proc/self/fd/" + std::to_string(memfd.number()));
  CHECK(contents(placed.value().path) == "value");
  CHECK((::fcntl(memfd.number(), F_GETFD) & FD_CLOEXEC) == 0);
  constexpr int kSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
  CHECK((::fcntl(memfd.number(), F_GET_SEALS) & kSeals) == kSeals);
  CHECK(::write(memfd.number(), "x", 1) < 0);
  struct stat status {};
  REQUIRE(::fstat(memfd.number(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0440);
  CHECK(!files.private_directory());
}

}  // namespace
}  // namespace hushrun
