#pragma once
// "Did you mean": the one word of a fixed list that was probably meant.

#include <optional>
#include <span>
#include <string_view>

namespace hushrun {

/// The candidate nearest to `given`: at most two letters wrong, missing, too many or swapped, and less than half of the word;
/// letter case and `-` for `_` count nothing. The answer is one of the candidates, so to show it shows nothing of what was given.
std::optional<std::string_view> suggest(std::string_view given, std::span<const std::string_view> candidates);

}  // namespace hushrun
