#include "config/suggest.h"

#include <algorithm>
#include <array>
#include <string>

namespace hushrun {
namespace {

// Longer than any word we offer, so that a pasted key costs nothing.
constexpr std::size_t kLongest = 32;

std::string folded(std::string_view text) {
  std::string out{text};
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    if (c == '-') c = '_';
  }
  return out;
}

// Optimal string alignment distance: Levenshtein's, where two swapped neighbours count one.
std::size_t distance(std::string_view a, std::string_view b) {
  std::array<std::array<std::size_t, kLongest + 1>, kLongest + 1> cost;
  for (std::size_t i = 0; i <= a.size(); ++i) cost[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) cost[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + (a[i - 1] != b[j - 1])});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
    }
  }
  return cost[a.size()][b.size()];
}

}  // namespace

std::optional<std::string_view> suggest(std::string_view given, std::span<const std::string_view> candidates) {
  if (given.size() > kLongest) return std::nullopt;
  const std::string wanted = folded(given);
  std::optional<std::string_view> best;
  std::size_t least = 3;
  for (const std::string_view candidate : candidates) {
    if (candidate.size() > kLongest) continue;
    const std::size_t steps = distance(wanted, folded(candidate));
    if (steps >= least || steps * 2 >= std::max(wanted.size(), candidate.size())) continue;
    best = candidate;
    least = steps;
  }
  return best;
}

}  // namespace hushrun
