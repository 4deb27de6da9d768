#pragma once
// The last door of our own log: behind all types, every line is searched for every value before it is written.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "leak/needle.h"
#include "leak/redactor.h"
#include "plan/resolve.h"

namespace hushrun {

/// Which values are looked for: all that are known, or as `redact:` says of each.
enum class Masked { all, as_configured };
std::vector<leak::Delivered> delivered_values(std::span<const ResolvedBinding> bindings, std::span<const Resolved::Raw> raw,
                                              std::span<const Chatter> chatter, Masked which);

/// While it lives, no line of our log can hold a value that `resolved` was made of, in any disguise leak/ knows. The values must
/// outlive it; they may be moved along with their vectors. Searching is prepared when the first line is written: most runs write none.
class LogGuard {
 public:
  explicit LogGuard(const Resolved& resolved);
  LogGuard(const LogGuard&) = delete;
  LogGuard& operator=(const LogGuard&) = delete;
  ~LogGuard();

  /// What source programs wrote to standard error, line by line, as warnings: it is theirs to say.
  void pass_on(std::span<const Chatter> chatter) const;

 private:
  std::string masked(std::string_view text) const;

  std::span<const ResolvedBinding> bindings_;
  std::span<const Resolved::Raw> raw_;
  std::span<const Chatter> chatter_;
  mutable std::optional<leak::Needles> needles_;
};

}  // namespace hushrun
