#include "launcher/users.h"

#include <cerrno>
#include <charconv>
#include <optional>

#include "core/sys_file.h"

namespace hushrun {
namespace {

/// Tens of thousands of users; a larger file was not meant as one.
constexpr std::size_t kFileLimit = 16 * 1024 * 1024;

template <class Id>
std::optional<Id> number_in(std::string_view text) {
  Id value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  // 4294967295 is -1: "no change" to setresuid(2).
  if (error != std::errc{} || end != text.data() + text.size() || text.empty() || value == static_cast<Id>(-1)) return std::nullopt;
  return value;
}

std::string_view next_line(std::string_view& rest) {
  const std::size_t end = std::min(rest.find('\n'), rest.size());
  std::string_view line = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

// The field of that index; empty where the line is too short.
std::string_view field(std::string_view line, std::size_t index) {
  for (; index > 0; --index) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return {};
    line.remove_prefix(colon + 1);
  }
  return line.substr(0, line.find(':'));
}

struct Entry {
  std::string_view name, home;
  uid_t uid;
  gid_t gid;
};

// The first line that fits: lines with too few fields or bad numbers are skipped.
template <class Fits>
std::optional<Entry> find_entry(std::string_view passwd, Fits&& fits) {
  while (!passwd.empty()) {
    const std::string_view line = next_line(passwd);
    const auto uid = number_in<uid_t>(field(line, 2));
    const auto gid = number_in<gid_t>(field(line, 3));
    if (!uid || !gid) continue;
    const Entry entry{field(line, 0), field(line, 5), *uid, *gid};
    if (fits(entry)) return entry;
  }
  return std::nullopt;
}

std::optional<gid_t> find_group(std::string_view group, std::string_view name) {
  while (!group.empty()) {
    const std::string_view line = next_line(group);
    if (field(line, 0) != name) continue;
    if (const auto gid = number_in<gid_t>(field(line, 2))) return gid;
  }
  return std::nullopt;
}

std::vector<gid_t> groups_listing(std::string_view group, std::string_view name) {
  std::vector<gid_t> groups;
  while (!group.empty()) {
    const std::string_view line = next_line(group);
    const auto gid = number_in<gid_t>(field(line, 2));
    if (!gid) continue;
    std::string_view members = field(line, 3);
    while (!members.empty()) {
      const std::string_view member = members.substr(0, members.find(','));
      members.remove_prefix(std::min(member.size() + 1, members.size()));
      if (member != name) continue;
      groups.push_back(*gid);
      break;
    }
  }
  return groups;
}

Error unknown(const UserConfig& asked, Why why, Public fix) { return {Code::user_unknown, "cannot run as the user asked for", asked.place.shown(), why, fix}; }

// Nothing where there is no such file. One that cannot be read is an error: without it the application would lack its groups.
Result<std::string> contents(const UserConfig& asked, const char* path) {
  const auto failed = [&](Errno error) {
    return Error{Code::user_unknown, "cannot run as the user asked for", asked.place.shown(), Public::path(path) + ": " + Why{error}.words(),
                 "make it readable for the user that starts hushrun"};
  };
  sys::Answer<Fd> file = sys::open_file(path);
  if (!file && (file.error().value == ENOENT || file.error().value == ENOTDIR)) return std::string{};
  if (!file) return failed(file.error());
  return sys::read_text(file.value(), kFileLimit).or_error(failed);
}

}  // namespace

Result<User, Error> find_user(const UserConfig& asked, std::string_view passwd, std::string_view group) {
  const std::optional<uid_t> number = number_in<uid_t>(asked.user);
  const std::optional<Entry> entry = number ? find_entry(passwd, [&](const Entry& line) { return line.uid == *number; })
                                            : find_entry(passwd, [&](const Entry& line) { return line.name == asked.user; });
  if (!entry && !number) return unknown(asked, "the image's /etc/passwd has no such name", "correct the name, or give numbers: 1000:1000");

  User user{number.value_or(entry ? entry->uid : 0), 0, {}, {}, "/", entry.has_value()};
  if (entry) {
    user.gid = entry->gid;
    user.name = entry->name;
    if (!entry->home.empty()) user.home = entry->home;
  }
  if (asked.group) {
    const std::optional<gid_t> gid = number_in<gid_t>(*asked.group);
    const std::optional<gid_t> found = gid ? gid : find_group(group, *asked.group);
    if (!found) return unknown(asked, "the image's /etc/group has no such group", "correct the group, or give its number");
    user.gid = *found;
    return user;
  }
  if (!entry) return unknown(asked, "a number without an entry in /etc/passwd has no group; it would be root's", "say the group as well: 1000:1000");
  user.groups = groups_listing(group, user.name);
  return user;
}

Result<User, Error> find_user(const UserConfig& asked) {
  const std::string passwd = TRY(contents(asked, "/etc/passwd"));
  const std::string group = TRY(contents(asked, "/etc/group"));
  return find_user(asked, passwd, group);
}

}  // namespace hushrun
