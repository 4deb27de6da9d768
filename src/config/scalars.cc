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

// signal(7): numbers of x86-64 and aarch64, which are the same. SIGIOT, SIGCLD and SIGPOLL are older names.
struct SignalName {
  std::string_view word;
  int number;
};
constexpr std::array<SignalName, 34> kSignalNames = {{
    {"HUP", 1},   {"INT", 2},   {"QUIT", 3},  {"ILL", 4},     {"TRAP", 5}, {"ABRT", 6},  {"IOT", 6},   {"BUS", 7},   {"FPE", 8},
    {"KILL", 9},  {"USR1", 10}, {"SEGV", 11}, {"USR2", 12},   {"PIPE", 13}, {"ALRM", 14}, {"TERM", 15}, {"STKFLT", 16}, {"CHLD", 17},
    {"CLD", 17},  {"CONT", 18}, {"STOP", 19}, {"TSTP", 20},   {"TTIN", 21}, {"TTOU", 22}, {"URG", 23},  {"XCPU", 24}, {"XFSZ", 25},
    {"VTALRM", 26}, {"PROF", 27}, {"WINCH", 28}, {"IO", 29}, {"POLL", 29}, {"PWR", 30}, {"SYS", 31},
}};
constexpr int kFirstRealTime = 34, kLastSignal = 64;

std::optional<int> number_up_to(std::string_view text, int most) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || !is_digit(text[0]) || error != std::errc{} || end != text.data() + text.size() || number > most) return std::nullopt;
  return number;
}

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

std::optional<int> parse_signal(std::string_view text) {
  if (const auto number = number_up_to(text, kLastSignal)) return *number == 0 ? std::nullopt : number;
  std::string word;
  for (const char c : text.substr(0, 16)) word += upper(c);
  if (word.starts_with("SIG")) word.erase(0, 3);
  for (const SignalName& known : kSignalNames) {
    if (known.word == word) return known.number;
  }
  constexpr int kSpan = kLastSignal - kFirstRealTime;
  if (word == "RTMIN") return kFirstRealTime;
  if (word == "RTMAX") return kLastSignal;
  const int offset = word.size() > 6 ? number_up_to(std::string_view{word}.substr(6), kSpan).value_or(-1) : -1;
  if (offset >= 0 && word.starts_with("RTMIN+")) return kFirstRealTime + offset;
  if (offset >= 0 && word.starts_with("RTMAX-")) return kLastSignal - offset;
  return std::nullopt;
}

std::optional<SignalRewrite> parse_rewrite(std::string_view from, std::string_view to) {
  constexpr int kKill = 9, kChild = 17, kStop = 19;
  const auto received = parse_signal(from);
  if (!received || *received == kKill || *received == kChild || *received == kStop) return std::nullopt;
  if (to == "none") return SignalRewrite{*received, 0};
  const auto sent = parse_signal(to);
  if (!sent) return std::nullopt;
  return SignalRewrite{*received, *sent};
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

std::optional<KeyPlace> parse_key_place(std::string_view text) {
  const std::size_t colon = text.find(':');
  const std::string_view kind = text.substr(0, colon == std::string_view::npos ? 0 : colon);
  const std::string_view rest = colon == std::string_view::npos ? text : text.substr(colon + 1);
  if (kind == "env") {
    const std::optional<VariableName> name = VariableName::parse(rest);
    if (!name) return std::nullopt;
    return KeyPlace{KeyPlace::Kind::variable, name->text()};
  }
  if (kind == "fd") {
    int number = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    if (error != std::errc{} || end != rest.data() + rest.size() || number < 3) return std::nullopt;
    return KeyPlace{KeyPlace::Kind::descriptor, {}, number};
  }
  if (kind == "secret") {
    const std::optional<Name> name = Name::parse(rest);
    if (!name) return std::nullopt;
    return KeyPlace{KeyPlace::Kind::secret, name->text()};
  }
  // What <(command) of a shell gives: the same descriptor by another name, and the application would inherit it.
  if (text.starts_with("/dev/fd/")) return parse_key_place("fd:" + std::string{text.substr(8)});
  const bool is_path = std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  if (text.empty() || !is_path || text.starts_with("AGE-SECRET-KEY-") || text.starts_with("-----BEGIN ")) return std::nullopt;
  return KeyPlace{KeyPlace::Kind::file, std::string{text}};
}

}  // namespace hushrun
