#include "age/memory.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>
#include <vector>

#include "core/sys_file.h"

namespace hushrun::age {
namespace {

// Files of /proc and /sys are small; mountinfo of a busy host is the largest of them.
constexpr std::size_t kFileLimit = 1024 * 1024;

std::optional<std::string> read(const std::string& path) {
  auto file = sys::open_file(path);
  if (!file) return std::nullopt;
  auto text = sys::read_text(file.value(), kFileLimit);
  if (!text) return std::nullopt;
  return std::move(text).value();
}

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end == text.data()) return std::nullopt;
  return value;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t end = std::min(text.find(separator, start), text.size());
    parts.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return parts;
}

bool has_word(std::string_view list, std::string_view word) {
  const auto words = split(list, ',');
  return std::find(words.begin(), words.end(), word) != words.end();
}

// The number behind `name` in a file of lines "name number", such as memory.stat and meminfo.
std::uint64_t field(std::string_view text, std::string_view name) {
  for (std::string_view line : split(text, '\n')) {
    if (!line.starts_with(name)) continue;
    line.remove_prefix(name.size());
    if (!line.starts_with(' ')) continue;
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    return number(line).value_or(0);
  }
  return 0;
}

// The two hierarchies and how they call the same things (Documentation/admin-guide/cgroup-v2.rst, cgroup-v1/memory.rst).
struct Hierarchy {
  const char* limit;
  const char* usage;
  const char* inactive;  // page cache, which is given up under pressure; memory of tmpfs is not in these two
  const char* active;
};
constexpr Hierarchy kV2{"memory.max", "memory.current", "inactive_file", "active_file"};
constexpr Hierarchy kV1{"memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file", "total_active_file"};

// v1 writes "no limit" as the largest number of whole pages.
constexpr std::uint64_t kNoLimit = std::uint64_t{1} << 62;

// Where the memory controller is mounted, and which part of its tree is seen there.
struct Mount {
  std::string root, point;
};

// proc(5), mountinfo: "36 35 98:0 /root /point options... - type source super-options".
std::optional<Mount> find_mount(std::string_view mountinfo, bool v2) {
  for (std::string_view line : split(mountinfo, '\n')) {
    const std::size_t dash = line.find(" - ");
    if (dash == std::string_view::npos) continue;
    const auto left = split(line.substr(0, dash), ' ');
    const auto right = split(line.substr(dash + 3), ' ');
    if (left.size() < 5 || right.size() < 3) continue;
    if (v2 ? right[0] != "cgroup2" : right[0] != "cgroup" || !has_word(right[2], "memory")) continue;
    return Mount{std::string{left[3]}, std::string{left[4]}};
  }
  return std::nullopt;
}

// cgroups(7): "0::/path" of v2, "4:memory:/path" of v1.
std::optional<std::string> find_group(std::string_view groups, bool v2) {
  for (std::string_view line : split(groups, '\n')) {
    const std::size_t first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string_view::npos || second == std::string_view::npos) continue;
    const std::string_view controllers = line.substr(first + 1, second - first - 1);
    if (v2 ? line.substr(0, second) == "0:" : has_word(controllers, "memory")) return std::string{line.substr(second + 1)};
  }
  return std::nullopt;
}

void tighten(MemoryRoom& room, const MemoryRoom& other) {
  if (other.left < room.left) room = other;
}

void look_at_group(MemoryRoom& room, const std::string& directory, const Hierarchy& names) {
  const auto limit_text = read(directory + "/" + names.limit);
  const auto limit = limit_text ? number(*limit_text) : std::nullopt;  // "max" is no number
  if (!limit || *limit >= kNoLimit) return;
  const auto usage_text = read(directory + "/" + names.usage);
  const std::uint64_t usage = usage_text ? number(*usage_text).value_or(0) : 0;
  const std::string stat = read(directory + "/memory.stat").value_or("");
  const std::uint64_t cache = std::min(usage, field(stat, names.inactive) + field(stat, names.active));
  tighten(room, {*limit - std::min(*limit, usage - cache), *limit, "the memory limit of the container (cgroup)"});
}

void look_at_groups(MemoryRoom& room, const std::string& root, bool v2) {
  const auto groups = read(root + "proc/self/cgroup");
  const auto mounts = read(root + "proc/self/mountinfo");
  if (!groups || !mounts) return;
  const auto group = find_group(*groups, v2);
  const auto mount = find_mount(*mounts, v2);
  if (!group || !mount) return;

  // Our group as a path below the mount. In a container without a cgroup namespace the mount shows our group itself
  // as its root; what lies outside of it cannot be seen.
  std::string below = *group;
  if (mount->root != "/") below = below.starts_with(mount->root) ? below.substr(mount->root.size()) : "";
  if (below.find("..") != std::string::npos) below.clear();
  const Hierarchy& names = v2 ? kV2 : kV1;
  const std::string top = root + mount->point.substr(1);
  while (!below.empty() && below != "/") {
    look_at_group(room, top + below, names);
    below.resize(below.rfind('/') == std::string::npos ? 0 : below.rfind('/'));
  }
  look_at_group(room, top, names);
}

}  // namespace

MemoryRoom memory_room(const std::string& root) {
  MemoryRoom room{kNoLimit, kNoLimit, "no limit"};
  look_at_groups(room, root, true);
  look_at_groups(room, root, false);

  struct rlimit bound {};
  if (::getrlimit(RLIMIT_AS, &bound) == 0 && bound.rlim_cur != RLIM_INFINITY) {
    // proc(5), statm: the first number is the size of the address space, in pages.
    const std::uint64_t pages = number(read(root + "proc/self/statm").value_or("")).value_or(0);
    const std::uint64_t taken = std::min<std::uint64_t>(bound.rlim_cur, pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)));
    tighten(room, {bound.rlim_cur - taken, bound.rlim_cur, "the process's limit on address space (ulimit -v)"});
  }

  const std::string machine = read(root + "proc/meminfo").value_or("");
  if (const std::uint64_t available = field(machine, "MemAvailable:"); available > 0) {
    const std::uint64_t total = field(machine, "MemTotal:") + field(machine, "SwapTotal:");
    tighten(room, {(available + field(machine, "SwapFree:")) * 1024, total * 1024, "the machine's memory and swap"});
  }
  return room;
}

}  // namespace hushrun::age
