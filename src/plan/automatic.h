#pragma once
// The zero-configuration case: names that sources offer become variables, and `X_FILE` variables become `X`. Pure.

#include <span>
#include <string_view>
#include <vector>

#include "plan/plan.h"
#include "source/source.h"

namespace hushrun {

/// An `X_FILE=/path` or `FILE__X=/path` of the environment that points below one of our directory sources.
struct PointedAt {
  std::string_view entry;     // "DB_PASSWORD_FILE" or "FILE__DB_PASSWORD"
  std::string_view variable;  // "DB_PASSWORD"
  Located file;
};

/// `X_FILE` → `X`, `FILE__X` → `X`; nothing if the entry's name has neither form, or X is no variable's name.
std::optional<std::string_view> pointed_variable(std::string_view entry_name);

/// DB_PASSWORD for `db-password`; nothing for a name no variable can have.
std::optional<VariableName> variable_for(std::string_view secret_name);

/// True for a variable that steers a loader, a shell or an interpreter: never written by the automatism, an explicit
/// mapping may.
bool steers_a_program(std::string_view variable);

/// What the automatism delivers beside the plan's own bindings.
///
/// `offers` are the sources' names, in source order, `pointed` the `_FILE` entries. Errors: `X` and `X_FILE` both set (as in the
/// official images), `X_FILE` and `FILE__X` both set, two names that fall on one variable. Warnings: a name that no variable can
/// have, a variable that steers a program.
Result<Automatic, Problems> automatic_bindings(const Plan& plan, const Environment& environment, std::span<const Offer> offers,
                                               std::span<const PointedAt> pointed);

}  // namespace hushrun
