#include "config/scalars.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

namespace hushrun {
namespace {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }

// capabilities(7) in the order of their numbers, as of Linux 5.9; there has been no new one since.
constexpr std::array<std::string_view, 41> kCapabilities = {
    "CHOWN",          "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER",        "FSETID",     "KILL",          "SETGID",
    "SETUID",         "SETPCAP",      "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW",
    "IPC_LOCK",       "IPC_OWNER",    "SYS_MODULE",      "SYS_RAWIO",     "SYS_CHROOT", "SYS_PTRACE",    "SYS_PACCT",
    "SYS_ADMIN",      "SYS_BOOT",     "SYS_NICE",        "SYS_RESOURCE",  "SYS_TIME",   "SYS_TTY_CONFIG", "MKNOD",
    "LEASE",          "AUDIT_WRITE",  "AUDIT_CONTROL",   "SETFCAP",       "MAC_OVERRIDE", "MAC_ADMIN",   "SYSLOG",
    "WAKE_ALARM",     "BLOCK_SUSPEND", "AUDIT_READ",     "PERFMON",       "BPF",        "CHECKPOINT_RESTORE"};

bool is_user_or_group(std::string_view text) {
  if (text.empty() || text.size() > 256 || text[0] == '-') return false;
  if (std::all_of(text.begin(), text.end(), is_digit)) {
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc{} && number != UINT32_MAX;
  }
  return std::none_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f || c == '/' || c == ',' || c == ':';
  });
}

}  // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  struct Unit {
    std::string_view word;
    std::uint64_t milliseconds;
  };
  // Larger first; `ms` before `m` and `s`, neither of which may take its letters.
  constexpr std::array<Unit, 4> kUnits = {{{"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};
  constexpr std::uint64_t kLongest = 24 * 3'600'000;

  std::uint64_t total = 0;
  std::size_t next_unit = 0;
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    const auto digits = static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_digit) - text.begin());
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + digits, number);
    if (digits == 0 || error != std::errc{} || number > kLongest) return std::nullopt;
    text.remove_prefix(digits);
    const std::string_view word = text.substr(0, std::min(text.find_first_of("0123456789"), text.size()));
    while (next_unit < kUnits.size() && kUnits[next_unit].word != word) ++next_unit;
    if (next_unit == kUnits.size()) return std::nullopt;
    total += number * kUnits[next_unit++].milliseconds;
    text.remove_prefix(word.size());
  }
  if (total > kLongest) return std::nullopt;
  return std::chrono::milliseconds{total};
}

std::optional<UserConfig> parse_user(std::string_view text) {
  const std::size_t colon = text.find(':');
  const std::string_view user = text.substr(0, colon);
  if (!is_user_or_group(user)) return std::nullopt;
  if (colon == text.npos) return UserConfig{std::string{user}, std::nullopt, {}};
  const std::string_view group = text.substr(colon + 1);
  if (!is_user_or_group(group)) return std::nullopt;
  return UserConfig{std::string{user}, std::string{group}, {}};
}

std::optional<unsigned> parse_file_mode(std::string_view text) {
  if (text.size() < 3 || text.size() > 4 || (text.size() == 4 && text[0] != '0')) return std::nullopt;
  unsigned mode = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), mode, 8);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return mode;
}

std::optional<unsigned> parse_capability(std::string_view text) {
  std::string word{text};
  std::transform(word.begin(), word.end(), word.begin(), upper);
  if (word.starts_with("CAP_")) word.erase(0, 4);
  const auto found = std::find(kCapabilities.begin(), kCapabilities.end(), word);
  if (found == kCapabilities.end()) return std::nullopt;
  return static_cast<unsigned>(found - kCapabilities.begin());
}

Literal flaw_of_target(std::string_view path) {
  if (path.empty()) return "it is empty";
  if (std::any_of(path.begin(), path.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; })) {
    return "it holds a line break or control character";
  }
  if (path.size() >= 4096) return "it is longer than Linux takes";  // PATH_MAX
  std::string_view last;
  for (std::size_t start = 0; start <= path.size(); start += last.size() + 1) {
    last = path.substr(start, path.find('/', start) - start);
    if (last == "..") return "it leads out by ..";
  }
  if (last.empty() || last == ".") return "it names a directory";
  return "";
}

}  // namespace hushrun
