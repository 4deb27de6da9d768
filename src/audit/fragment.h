#pragma once
// The seam between walkers, which know places and no values, and the search, which knows values and no places.

#include <string_view>

#include "audit/finding.h"

namespace hushrun::audit {

/// Takes what a walker finds on its way. A fragment is begun, fed in chunks of any size, and ended; fragments of one Visitor do not
/// overlap. Names are fragments too: Visitor::text(). Nothing is kept of `chunk` or `where` after the call unless it is a finding's.
class Visitor {
 public:
  virtual ~Visitor() = default;
  virtual void begin(const Locator& where) = 0;
  virtual void feed(std::string_view chunk) = 0;
  virtual void end() = 0;
  virtual void gap(Gap gap) = 0;
  /// What counts; added up by the search.
  virtual void count(const Totals& more) = 0;

  /// A whole fragment at once.
  void text(const Locator& where, std::string_view all) {
    begin(where);
    feed(all);
    end();
  }
};

}  // namespace hushrun::audit
