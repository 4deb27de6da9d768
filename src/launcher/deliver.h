#pragma once
// Stage 5 of 7 · deliver · Resolved → Delivery · an environment block and files in memory, ready for execve.

#include <optional>
#include <vector>

#include "launcher/memory_files.h"
#include "launcher/users.h"
#include "plan/resolve.h"

namespace hushrun {

/// What execve(2) is given, and what has to be taken away again.
class Delivery {
 public:
  Delivery(Delivery&&) = default;
  Delivery& operator=(Delivery&&) = default;
  Delivery(const Delivery&) = delete;
  Delivery& operator=(const Delivery&) = delete;

  std::vector<char*> environment;  // ends in a null pointer; points into `values` and into what we were started with
  std::vector<Secret> values;      // `NAME=value` with its NUL
  std::vector<int> memfds;         // numbers the application inherits
  Traces traces;
  ProcessConfig process;
  std::optional<User> user;

 private:
  friend Result<Delivery, Problems> deliver(Resolved&&, const Environment&, Remover);
  Delivery() = default;
};

/// Writes the files and builds the environment. On failure nothing is left behind.
///
/// The application's environment is ours byte for byte (order, duplicates, entries without `=`), less what it must not get: HUSHRUN_*,
/// what was taken out by the plan, entries that are overridden; with `env: {clear: true}` only what `keep` names is left.
Result<Delivery, Problems> deliver(Resolved&& resolved, const Environment& environment, Remover remover);

}  // namespace hushrun
