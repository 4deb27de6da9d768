#pragma once
// Stage 2 of 7 · config · Options → Config · what is written: names and places. There is no field a secret could be
// written into.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/reference.h"
#include "config/scalars.h"
#include "core/log.h"
#include "core/sys_process.h"

namespace hushrun {

// ── sources ──────────────────────────────────────────────────────────────────────────────────────────────────────
// Paths are absolute or relative to the working directory: a config's own relative paths are joined to its directory
// when it is read.

struct DirectorySource { std::string path; };
struct DotenvSource { std::string path; };
struct EnvironmentSource { std::vector<VariableName> names; };
struct ComposeSource { std::string path; std::string service; };
struct CommandSource { std::vector<std::string> argv; Name name; std::chrono::milliseconds timeout{10'000}; };

/// A sealed file, and where the keys that may open it are.
struct AgeSource { std::string path; std::vector<KeyPlace> identities; std::optional<KeyPlace> passphrase; };
/// `key_directory` holds a file per public key; unset: $EJSON_KEYDIR, else /opt/ejson/keys, as with ejson itself.
struct EjsonSource { std::string path; std::vector<KeyPlace> identities; std::optional<std::string> key_directory; };

struct SourceConfig {
  std::variant<DirectorySource, DotenvSource, EnvironmentSource, ComposeSource, CommandSource, AgeSource, EjsonSource> kind;
  bool optional = false;  // not there: forgiven. Unreadable: never.
  Place place;
};

// ── values ───────────────────────────────────────────────────────────────────────────────────────────────────────

/// What happens to newlines at the end of a value. Unset: strip for variables and templates, keep for files.
enum class Newline { strip, strip_all, keep };

/// What a value must look like; checked by length and beginning, reported by name only.
struct Expectation {
  std::string prefix;
  std::optional<std::size_t> min_length, max_length;  // bytes
};

struct TemplateFile { std::string path; };

/// One value as the config asks for it.
struct Wanted {
  std::variant<Reference, Template, TemplateFile> from;
  bool optional = false;      // missing is forgiven; unreadable is not
  bool allow_empty = false;
  std::optional<std::string> fallback{};  // `default`: for a missing secret. Public: it stands in the config
  std::optional<Newline> newline{};
  Expectation expect{};
};

// ── targets ──────────────────────────────────────────────────────────────────────────────────────────────────────

struct VariableConfig {
  VariableName name;
  Wanted wanted;
  bool keep_existing = false;
  Place place;
};

struct FileConfig {
  std::string path;  // relative: in our private directory
  Wanted wanted;
  enum class As { file, memfd } as = As::file;
  unsigned mode = 0400;
  std::optional<UserConfig> owner{};     // else the application's user
  std::optional<VariableName> variable{};  // gets the path
  bool disk_allowed = false;
  Place place{};
};

// ── process ──────────────────────────────────────────────────────────────────────────────────────────────────────

enum class Mode {
  exec,       // we become the application
  supervise,  // we stay above it
};

/// What the application can no longer open after delivery.
struct ShieldConfig {
  bool sources = false;            // whatever values were read from, and the identity
  std::vector<std::string> paths;  // these
  bool empty() const { return !sources && paths.empty(); }
};

struct ProcessConfig {
  Mode mode = Mode::exec;
  std::chrono::milliseconds stop_timeout{10'000};  // from TERM to KILL; as docker stop
  bool group = false;                              // signals go to the application's process group
  std::vector<SignalRewrite> rewrite;
  bool die_with_parent = false;
  ShieldConfig shield;
  std::optional<UserConfig> user;
  bool no_new_privs = false;
  std::optional<sys::CapabilitySet> drop_capabilities;  // CAP_* numbers as in <linux/capability.h>
  bool core_dumps = false;
  bool close_fds = false;
  bool clear_environment = false;
  std::vector<VariableName> keep;  // with clear_environment
};

struct LogConfig {
  std::optional<log::Level> level;
  std::optional<log::Format> format;
};

/// Everything that was asked for, options and profile applied.
struct Config {
  std::vector<SourceConfig> sources;
  std::vector<VariableConfig> variables;
  std::vector<FileConfig> files;
  std::optional<bool> automatic;  // `auto:`; unset: on when nothing is mapped
  ProcessConfig process;
  LogConfig log;
};

/// Largest hushrun.yaml: 4096 variables of 200 bytes each. yaml-cpp needs up to a hundred times as much for an odd one.
inline constexpr std::size_t kConfigLimit = 1024 * 1024;

/// Reads the text of a hushrun.yaml and applies `profile`, if any. All problems at once, each with file:line:column and the field's
/// name, a "did you mean" for unknown keys, and never the text found there. Every profile is checked, chosen or not.
/// `path` is how the file is named in messages; relative paths inside are joined to its directory.
Result<Config, Problems> parse_config(std::string_view text, const std::string& path, const std::optional<std::string>& profile);

}  // namespace hushrun
