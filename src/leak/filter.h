#pragma once
// Where a pattern may begin: four bytes at every S-th position are looked up in a bitmap, all else is skipped.

#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

namespace hushrun::leak {

/// The strided 4-gram filter.
///
/// Let m be the length of the shortest pattern, and S at most m - 3: 8, 5, 3 or 1. Of the positions 0, S, 2S … of a text exactly
/// one falls on the first S bytes of an occurrence, wherever that begins, and the four bytes there belong to the pattern.
/// So the 4-grams at offsets 0 … S-1 of all patterns are all that has to be known, and most of the text is never loaded.
/// An automaton (Aho–Corasick) would be simpler, costs twelve times as much per byte, and keeps the patterns in plain.
///
/// The S offsets may begin anywhere in a pattern. What everybody's logs are full of (a URL's scheme, the header of a token) makes
/// a bad beginning, so each pattern says where it has none (`Pattern::window`); it is met that much later.
///
/// Nothing can be missed; a hit is a candidate that must be compared. Holds hash bits and pattern numbers, no bytes.
class GramFilter {
 public:
  static constexpr std::size_t kGram = 4;
  static constexpr std::size_t kLongestStride = 8;

  /// Patterns that may lie here, `offset` bytes before the sample: those from `first` up to `last`, which are one as far as the
  /// sample reaches. Many are: most disguises of a value change only what comes later, and all database URLs begin alike.
  struct Candidate {
    std::uint32_t first;
    std::uint32_t last;
    std::uint32_t offset;
  };

  struct Pattern {
    std::string_view bytes;
    std::size_t window = 0;  // where its grams are taken from
  };
  /// The stride for patterns of which the shortest has this length.
  static std::size_t stride_for(std::size_t shortest);

  GramFilter() = default;
  /// Patterns of 4 bytes or more, sorted; from each window on there are stride_for(shortest) + 3 bytes. `seed` decides the hash,
  /// so that nobody can write a text that is all false candidates.
  GramFilter(std::span<const Pattern> patterns, std::uint64_t seed);

  bool empty() const { return candidates_.empty(); }
  /// S. Samples lie at the multiples of it, counted from the beginning of the stream.
  std::size_t stride() const { return stride_; }
  /// The longest beginning of a pattern that no sample may have met yet.
  std::size_t longest_unmet() const { return last_window_ + stride_ + kGram - 2; }
  /// The first of the positions at, at + S, at + 2S … that may be a hit; if there is none, the first with fewer than four bytes
  /// left.
  std::size_t next(std::string_view text, std::size_t at) const;
  /// What hashes like the four bytes at `gram`; of one pattern, what begins earliest comes first.
  std::span<const Candidate> candidates(const char* gram) const;

 private:
  static std::uint32_t load(const char* at) {
    std::uint32_t gram;
    std::memcpy(&gram, at, sizeof gram);  // one load, aligned or not
    return gram;
  }
  // Multiply and shift (Dietzfelbinger et al. 1997): for an odd factor drawn at random, no set of grams is bad.
  std::uint64_t hash(std::uint32_t gram) const { return gram * factor_; }

  template <std::size_t S>
  std::size_t next_by(std::string_view text, std::size_t at) const;

  std::uint64_t factor_ = 1;
  std::size_t stride_ = kLongestStride;
  std::size_t last_window_ = 0;
  std::uint64_t bitmap_mask_ = 0;  // of the upper kMostBits of the hash
  int bucket_shift_ = 0;
  std::vector<std::uint64_t> bitmap_;
  std::vector<std::uint32_t> bucket_start_;  // of candidates_, by the upper bits of the hash; one more at the end
  std::vector<Candidate> candidates_;
};

}  // namespace hushrun::leak
