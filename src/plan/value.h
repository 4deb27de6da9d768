#pragma once
// What happens to a value between its source and its target: newlines, JSON pointers, filters, and the look of it. Pure.

#include <optional>

#include "config/config.h"
#include "core/secret.h"

namespace hushrun {

/// Cuts newlines at the end: one `\n` or `\r\n` (strip), all of them (strip_all), none (keep).
void cut_newlines(Secret& value, Newline policy);

/// What is wrong with a value that a filter or pointer was applied to. Fixed text.
struct Unfit {
  Literal why;
  Literal fix;
};

/// The part of `raw` that the reference's pointer names; all of it where there is none.
Result<Secret, Unfit> pointed_part(const Reference& reference, Secret&& raw);
/// `value` with the reference's filters applied, from left to right.
Result<Secret, Unfit> filtered(const Reference& reference, Secret&& value);

/// A second newline at the end, a CR, a BOM, blanks around it, quotes around all of it: said by name, without the value. Empty if nothing is.
Literal suspicious_look(const Secret& value);

/// What `expect` says that `value` is not; empty if it is as expected.
Literal unexpected(const Secret& value, const Expectation& expect);

/// True if the value holds a NUL, which no variable can.
bool holds_nul(const Secret& value);

}  // namespace hushrun
