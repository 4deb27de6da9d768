#pragma once
// Findings that somebody looked at and accepts for a time. A YAML or JSON file that is committed; it holds names, places and a
// digest of where, never a value or a hash of one:
//
//   version: 1
//   accepted:
//     - secret: db_password          # "" for a lint
//       place: git-blob              # the rule: a place, what was not searched (`weak`, `limit` …), or a lint's rule
//       locator: 5f0c…               # as in --format json: fingerprint
//       reason: rotated in May, the old value opens nothing
//       expires: 2026-12-31          # the last day on which it holds

#include <string>
#include <string_view>
#include <vector>

#include "audit/report.h"
#include "core/error.h"
#include "core/result.h"

namespace hushrun::audit {

class Baseline {
 public:
  struct Entry {
    std::string secret;
    std::string rule;
    std::string locator;
    std::string reason;
    std::string expires;
  };

  /// Strict: a missing reason, a date that is none and an unknown key are an error each, with line and column.
  static Result<Baseline, Problems> parse(std::string_view text, Public where);

  /// Takes out of the outcome what is accepted on the day `today`. An entry whose day is over accepts nothing any more, and is
  /// said; so is one that meets nothing, so that the file can shrink.
  Report apply(Outcome outcome, std::string_view today, const Guard& guard) const;

  const std::vector<Entry>& entries() const { return entries_; }

 private:
  std::vector<Entry> entries_;
};

/// A baseline that would accept all that is in the report, and keeps what it accepts already; reasons are left for a person
/// to write, and until then it does not parse.
std::string write_baseline(const Report& report, std::string_view expires, const Guard& guard);

/// `2026-12-31` in UTC, so many days from now.
std::string date_in(unsigned days);

}  // namespace hushrun::audit
