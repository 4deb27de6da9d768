// How much memory scrypt may take: read from a tree of our own, as /proc and /sys look in the containers of the field.

#include <catch2/catch.hpp>

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "age/memory.h"

using namespace hushrun::age;

namespace {

constexpr std::uint64_t kMiB = 1024 * 1024;

// A tree of files, gone at the end.
class Tree {
 public:
  explicit Tree(const std::map<std::string, std::string>& files) {
    std::string name = (std::filesystem::temp_directory_path() / "hushrun-memory-XXXXXX").string();
    root_ = ::mkdtemp(name.data());
    for (const auto& [path, text] : files) {
      const auto full = root_ / path;
      std::filesystem::create_directories(full.parent_path());
      std::ofstream{full} << text;
    }
  }
  ~Tree() { std::filesystem::remove_all(root_); }
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;
  std::string root() const { return root_.string() + "/"; }

 private:
  std::filesystem::path root_;
};

const std::string kMountV2 = "25 1 0:22 / /proc rw - proc proc rw\n30 1 0:26 / /sys/fs/cgroup ro,nosuid - cgroup2 cgroup rw,nsdelegate\n";
const std::string kMountV1 = "30 1 0:26 /docker/abc /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu\n"
                             "31 1 0:27 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n";

MemoryRoom room_in(const std::map<std::string, std::string>& files) {
  const Tree tree{files};
  return memory_room(tree.root());
}

}  // namespace

TEST_CASE("a container with a cgroup namespace, v2") {
  const auto room = room_in({{"proc/self/cgroup", "0::/\n"},
                             {"proc/self/mountinfo", kMountV2},
                             {"sys/fs/cgroup/memory.max", "67108864\n"},
                             {"sys/fs/cgroup/memory.current", "10485760\n"}});
  CHECK(room.limit == 64 * kMiB);
  CHECK(room.left == 54 * kMiB);
}

TEST_CASE("page cache counts as free, memory of tmpfs does not") {
  const auto room = room_in({{"proc/self/cgroup", "0::/\n"},
                             {"proc/self/mountinfo", kMountV2},
                             {"sys/fs/cgroup/memory.max", "67108864\n"},
                             {"sys/fs/cgroup/memory.current", "20971520\n"},
                             {"sys/fs/cgroup/memory.stat", "anon 1\nfile 18874368\nshmem 10485760\ninactive_file 5242880\nactive_file 3145728\n"}});
  CHECK(room.left == (64 - 12) * kMiB);
}

TEST_CASE("the tightest of nested groups counts") {
  const std::map<std::string, std::string> files = {
      {"proc/self/cgroup", "0::/a/b/c\n"},
      {"proc/self/mountinfo", kMountV2},
      {"sys/fs/cgroup/a/b/c/memory.max", "max\n"},
      {"sys/fs/cgroup/a/b/memory.max", "104857600\n"},
      {"sys/fs/cgroup/a/b/memory.current", "0\n"},
      {"sys/fs/cgroup/a/memory.max", "209715200\n"},
      {"sys/fs/cgroup/a/memory.current", "157286400\n"},
  };
  const auto room = room_in(files);
  CHECK(room.left == 50 * kMiB);
  CHECK(room.limit == 200 * kMiB);
}

TEST_CASE("a container without a cgroup namespace sees its own group as the mount's root, v1") {
  const auto room = room_in({{"proc/self/cgroup", "5:cpu,cpuacct:/docker/abc\n4:memory:/docker/abc\n0::/system.slice/docker.service\n"},
                             {"proc/self/mountinfo", kMountV1},
                             {"sys/fs/cgroup/memory/memory.limit_in_bytes", "134217728\n"},
                             {"sys/fs/cgroup/memory/memory.usage_in_bytes", "33554432\n"},
                             {"sys/fs/cgroup/memory/memory.stat", "cache 0\ntotal_inactive_file 1048576\ntotal_active_file 0\n"}});
  CHECK(room.limit == 128 * kMiB);
  CHECK(room.left == 97 * kMiB);
}

TEST_CASE("a group inside the container, v1") {
  const auto room = room_in({{"proc/self/cgroup", "4:memory:/docker/abc/inner\n"},
                             {"proc/self/mountinfo", kMountV1},
                             {"sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"},
                             {"sys/fs/cgroup/memory/inner/memory.limit_in_bytes", "16777216\n"},
                             {"sys/fs/cgroup/memory/inner/memory.usage_in_bytes", "0\n"}});
  CHECK(room.left == 16 * kMiB);
}

TEST_CASE("no limit, or nothing to read, bounds nothing") {
  const auto files = GENERATE(values<std::map<std::string, std::string>>({
      {},
      {{"proc/self/cgroup", "0::/\n"}, {"proc/self/mountinfo", kMountV2}, {"sys/fs/cgroup/memory.max", "max\n"}},
      {{"proc/self/cgroup", "4:memory:/docker/abc\n"}, {"proc/self/mountinfo", kMountV1},
       {"sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"}},
      {{"proc/self/cgroup", "garbage"}, {"proc/self/mountinfo", "garbage\n - \n"}},
      {{"proc/self/cgroup", "0::/../../outside\n"}, {"proc/self/mountinfo", kMountV2}},
  }));
  CHECK(room_in(files).left >= std::uint64_t{1} << 60);
}

TEST_CASE("a group that uses more than its limit has nothing left") {
  const auto room = room_in({{"proc/self/cgroup", "0::/\n"},
                             {"proc/self/mountinfo", kMountV2},
                             {"sys/fs/cgroup/memory.max", "1000\n"},
                             {"sys/fs/cgroup/memory.current", "2000\n"}});
  CHECK(room.left == 0);
}

TEST_CASE("what the machine has left is a bound as well, swap included") {
  const auto room = room_in({{"proc/meminfo", "MemTotal:        1048576 kB\nMemFree:  1 kB\nMemAvailable:     102400 kB\nSwapTotal:  51200 kB\nSwapFree:    51200 kB\n"}});
  CHECK(room.left == 150 * kMiB);
  CHECK(room.limit == 1074 * kMiB);
}

TEST_CASE("the real machine gives an answer") {
  const auto room = memory_room();
  CHECK(room.left > 0);
  CHECK(room.left <= room.limit);
}
