#pragma once
// Compose's `$VARIABLE` in the values of a compose file. Pure.

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/error.h"

namespace hushrun {

struct NotInterpolated {
  Literal why;       // never quotes the text
  Public variable;   // the one that is required and missing, where that is why
};

using VariableLookup = std::function<std::optional<std::string>(std::string_view name)>;

/// $VAR and ${VAR} (empty if not set, as in Compose), ${VAR:-default} ${VAR-default} ${VAR:?message} ${VAR?message}
/// ${VAR:+other} ${VAR+other}, where what follows is interpolated as well, and $$ for a dollar. With the colon an empty variable
/// counts as not set. Any other dollar is an error. Compose: docs "Interpolation", compose-go template.
Result<std::string, NotInterpolated> interpolate(std::string_view text, const VariableLookup& variables);

}  // namespace hushrun
