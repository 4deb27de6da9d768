#pragma once
// Stage 1 of 7 · options · argv, environment → Options · what was asked for on the command line and by HUSHRUN_* variables.

#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "source/source.h"

namespace hushrun {

struct Options {
  enum class Action { launch, dry_run, check, copy, help, version };
  Action action = Action::launch;

  std::optional<std::string> config;  // --config
  Place config_place;
  bool no_config = false;
  std::optional<std::string> profile;
  std::vector<SourceConfig> sources;      // in front of the configured ones
  std::vector<KeyPlace> identities;       // in front of those of each sealed source
  std::optional<KeyPlace> passphrase;     // instead of theirs
  std::vector<VariableConfig> variables;  // over the configured ones of that name
  std::vector<FileConfig> files;          // over the configured ones of that path
  std::optional<UserConfig> user;
  std::optional<Mode> mode;
  std::optional<std::chrono::milliseconds> stop_timeout;
  bool group = false;
  bool redact = false;
  std::vector<SignalRewrite> rewrite;
  std::optional<Place> supervise_only;  // where the command line asks for something that --exec cannot do
  std::optional<log::Level> log_level;
  std::optional<log::Format> log_format;
  std::string copy_to;
  char* const* command = nullptr;  // ends in a null pointer; empty if there is none
};

/// Option beats environment. All mistakes are reported together, one line each. What was typed is never quoted: it may be
/// a pasted secret. Sets the log up, as far as options and environment say how.
Result<Options, Problems> parse_options(int argc, char** argv, const Environment& environment);

}  // namespace hushrun
