#pragma once
// Stage 4 of 7 · resolve · Plan → Resolved · reads every source exactly once; first to hold secret bytes.

#include <optional>
#include <vector>

#include "plan/plan.h"
#include "source/sources.h"

namespace hushrun {

/// A binding that has its value. A value that was optional and missing has no binding here any more.
struct ResolvedBinding {
  std::variant<ToVariable, ToFile> target;
  Secret value;
  Place place;
  Public shown;  // the secret as logs name it; empty for a template, which has only its target's name
  Masking masking = Masking::automatic;

  /// The secret's name, or else the target's.
  Public named() const;
};

/// Every value that will be delivered, and every value that was read on the way (the parts of a template, a JSON document). Cannot be
/// printed, cannot be copied.
class Resolved {
 public:
  Resolved(Resolved&&) = default;
  Resolved& operator=(Resolved&&) = default;
  Resolved(const Resolved&) = delete;
  Resolved& operator=(const Resolved&) = delete;

  struct Raw {
    Public name;
    Secret value;
    Public where;                           // the file or variable it was read from
    std::optional<sys::FileStatus> status;  // of the file
    Masking masking = Masking::automatic;   // what all who ask for it say, if they say the same
  };
  std::vector<ResolvedBinding> bindings;
  std::vector<Raw> raw;
  std::vector<Error> warnings;          // what still looks wrong, by name
  std::vector<Chatter> chatter;         // of source programs
  std::vector<std::string> taken_out;   // variables the application does not get
  ProcessConfig process;

 private:
  friend class Resolver;
  Resolved() = default;
};

/// Adds to `plan` what the automatism finds: names that the opened sources offer, and `_FILE` entries of the environment. With
/// sources opened for their names only (--dry-run) no secret is read. Returns the warnings.
Result<std::vector<Error>, Problems> add_automatic(Plan& plan, Sources& sources, const Environment& environment);

/// Why a run cannot go on, and what could be had all the same: for --check, and to be masked in whatever is still said.
struct Unresolved {
  Problems problems;
  Resolved rest;
};

/// Reads, cuts, filters, renders and checks every value. All problems of the run in one report.
Result<Resolved, Unresolved> resolve(Plan&& plan, Sources& sources, const Environment& environment);

/// True if `keep_existing` applies: the variable is set, and not to nothing.
bool keeps_existing(const Binding& binding, const Environment& environment);

}  // namespace hushrun
