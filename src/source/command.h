#pragma once
// Any program's standard output as one secret: a password store, a cloud's command line, a hardware token.

#include <string>

#include "source/source.h"

namespace hushrun {

/// What a program said on stderr. A secret, for nobody knows what is in it.
struct Chatter {
  Public command;
  Secret text;
  std::optional<Secret> unused;  // what it printed, where that made no value: to be masked like one
};

/// What the program may say on stderr and still be heard.
inline constexpr std::size_t kChatterLimit = 64 * 1024;

class OpenCommandSource {
 public:
  /// Looks the program up and starts nothing. Presence::optional forgives, in find(), a program that is not there; not
  /// one that fails.
  static Opening<OpenCommandSource> open(const CommandSource& config, const Environment& environment, Presence presence);

  /// Runs the program when its name is asked for the first time, and never again. No shell. It gets our
  /// environment without HUSHRUN_*, /dev/null as stdin and no descriptor of ours; exit status 0, in time, or there is
  /// no value.
  Lookup find(const Name& name);

  /// What it said on stderr, once: the caller masks it and passes it on.
  std::optional<Chatter> take_chatter();

  /// Nothing: a program is run for a mapping only.
  Result<Offer, Trouble> offered() const { return Offer{}; }
  std::optional<Public> whereabouts(const Name& name) const;
  Public where() const { return shown_; }

 private:
  OpenCommandSource(const CommandSource& config, const Environment& environment, Presence presence, std::string path, bool executable,
                    Public shown)
      : config_{config}, environment_{environment}, presence_{presence}, path_{std::move(path)}, executable_{executable}, shown_{shown} {}
  Result<std::optional<Secret>, Trouble> run();

  CommandSource config_;
  Environment environment_;
  Presence presence_;
  std::string path_;  // empty: not there
  bool executable_;
  Public shown_;
  std::optional<Result<std::optional<Secret>, Trouble>> answer_;
  std::optional<Chatter> chatter_;
};

}  // namespace hushrun
