#pragma once
// Stage 3 of 7 · plan · Config → Plan · each binding: one value, one target, no clashes. Pure. Printable.

#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "config/config.h"
#include "source/sources.h"

namespace hushrun {

/// A variable of the application.
struct ToVariable {
  VariableName name;
  bool keep_existing = false;
};

/// A file in memory, and the variable that holds its path, if one was asked for.
struct ToFile {
  std::string path;
  FileConfig::As as = FileConfig::As::file;
  unsigned mode = 0400;
  std::optional<UserConfig> owner;
  std::optional<VariableName> variable;
  bool disk_allowed = false;
};

/// What an `X_FILE` variable pointed at, and the name of that entry, which is taken out: "DB_PASSWORD_FILE".
struct Pointed {
  Located file;
  std::string entry;
};

/// The target as an error names it: DB_PASSWORD, or a path.
Public target_shown(const std::variant<ToVariable, ToFile>& target);

/// How a binding came about; explicit ones win over claims, claims over automatic ones (users.md §5.5).
enum class Origin { written, claimed, automatic };

struct Binding {
  std::variant<Wanted, Pointed> value;
  std::variant<ToVariable, ToFile> target;
  Origin origin = Origin::written;
  Place place;

  Public target_shown() const { return hushrun::target_shown(target); }
};

/// What the automatism found, see plan/automatic.h.
struct Automatic {
  std::vector<Binding> bindings;
  std::vector<std::string> taken_out;  // `_FILE` entries that the application does not get
  std::vector<Error> warnings;
};

/// Most bindings of one run; argv and environment are full long before.
inline constexpr std::size_t kBindingsLimit = 4096;

/// A checked Config. What is in it can be done as far as anybody can know without reading a secret.
class Plan {
 public:
  /// Fills in the default sources (/run/secrets and $CREDENTIALS_DIRECTORY, both optional) where none are given, and refuses what
  /// clashes: one variable or path written twice, more than kBindingsLimit bindings.
  static Result<Plan, Problems> from(Config&& config, const Environment& environment);

  std::span<const SourceConfig> sources() const { return sources_; }
  std::span<const Binding> bindings() const { return bindings_; }
  const ProcessConfig& process() const { return process_; }
  /// True if names that sources offer become variables by themselves.
  bool automatic() const { return automatic_; }

  /// Variables of our environment that the application does not get: claimed `_FILE` entries (see also Sources::variables).
  std::span<const std::string> taken_out() const { return taken_out_; }

  /// Adds bindings and entries to take out; the warnings are the caller's to show.
  void add(Automatic&& found);
  /// For who looks at values and delivers none: an empty one is no mistake then.
  void allow_empty();

 private:
  Plan() = default;
  std::vector<SourceConfig> sources_;
  std::vector<Binding> bindings_;
  std::vector<std::string> taken_out_;
  ProcessConfig process_;
  bool automatic_ = false;
};

}  // namespace hushrun
