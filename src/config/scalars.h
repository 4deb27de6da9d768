#pragma once
// The small grammars of single values, the same in the config, in options and in HUSHRUN_* variables.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "config/reference.h"

namespace hushrun {

/// A user as written: a number, or a name of the image's own /etc/passwd.
struct UserConfig {
  std::string user;
  std::optional<std::string> group;
  Place place;
};

/// `500ms`, `10s`, `1m30s`, `2h`: whole numbers, each with its unit (ms s m h), larger units first, 24 hours at most. A bare
/// number is refused: seconds to some, milliseconds to others.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

/// USER[:GROUP], each a number below 4294967295 (which setuid(2) takes for "no change") or a name: 256 bytes at most, no blank,
/// slash, comma or control character, no - in front. The place is left empty.
std::optional<UserConfig> parse_user(std::string_view text);

/// Where an identity or a passphrase is: its place, never the thing itself.
struct KeyPlace {
  enum class Kind { file, variable, descriptor, secret };
  Kind kind;
  std::string text;  // path, variable or name
  int number = -1;   // of the descriptor
  Place place{};
  bool operator==(const KeyPlace& other) const { return kind == other.kind && text == other.text && number == other.number; }
};
/// FILE, env:VARIABLE, fd:NUMBER (from 3 on: what stands below is the application's) or /dev/fd/NUMBER, secret:NAME. Nothing for text that is none of them, or
/// that is a key itself. The place is left empty.
std::optional<KeyPlace> parse_key_place(std::string_view text);

/// Permission bits in octal, as chmod(1) takes them: `0400`, `640`. Nothing beyond 0777.
std::optional<unsigned> parse_file_mode(std::string_view text);
constexpr bool is_world_writable(unsigned mode) { return (mode & 0002u) != 0; }

/// The number of a capability (capabilities(7)): with or without CAP_, in any case.
std::optional<unsigned> parse_capability(std::string_view text);

/// The number of a signal: a name with or without SIG, in any case, RTMIN+n or RTMAX-n (34 and 64, as kill(1) counts), or a number from
/// 1 to 64.
std::optional<int> parse_signal(std::string_view text);

/// A signal, and what the application gets in its place: 0 for nothing.
struct SignalRewrite {
  int from;
  int to;
};
/// `TERM` and `QUIT`; the second may be `none`. KILL and STOP cannot be rewritten, as nobody can catch them; CHLD is ours.
std::optional<SignalRewrite> parse_rewrite(std::string_view from, std::string_view to);

/// Why a path cannot be a file's target: empty, too long, with control characters or `..`, or a directory's. Empty if it can.
Literal flaw_of_target(std::string_view path);

}  // namespace hushrun
