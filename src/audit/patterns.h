#pragma once
// What is looked for: every value once, in a form from which the comparer tells all its spellings, and a few bytes of each by which
// the filter finds candidates.

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "audit/shape.h"
#include "core/secret.h"
#include "leak/filter.h"
#include "leak/locked_bytes.h"
#include "leak/needle.h"

namespace hushrun::audit {

/// What an element of a pattern is, and how a text shows it.
enum class Alphabet : std::uint8_t {
  bytes,    // a byte, as itself or in any of the spellings of comparer.h
  wide,     // the same in UTF-16, little or big end first
  sextets,  // six bits, as a character of base64 or base64url
  nibbles,  // four bits, as a hexadecimal digit
};

/// A value, or a part of one, in an alphabet.
struct Pattern {
  std::uint32_t start;  // its bytes, among those of all
  std::uint32_t size;
  std::uint32_t needle;
  Alphabet alphabet;
  std::uint8_t offset;  // sextets: bytes in front of it in what was encoded, modulo 3
  bool part;
};

/// Bytes that stand in a text as they are wherever the pattern does.
struct Anchor {
  std::uint32_t start;    // among those of all anchors
  std::uint32_t size;
  std::uint32_t pattern;
  std::uint32_t element;  // where in the pattern it begins
};

/// All values, prepared for searching. Plain bytes, all in locked memory, so in no core dump and no swap.
///
/// Spellings are not enumerated. Most encodings leave letters and digits alone: a run of them is found by the filter in one pass, and
/// the comparer, from there, accepts whatever spelling stands around it. Base64 has three runs, one an alignment; hexadecimal two.
class Patterns {
 public:
  /// No shorter value is looked for: five characters of base64 turn up by chance.
  static constexpr std::size_t kShortest = 8;
  /// Anchors of one stride: longer ones let the filter skip more. A short one slows down its own filter only.
  struct Sieve {
    leak::GramFilter filter;
    std::vector<Anchor> anchors;
    std::size_t longest = 0;
  };

  explicit Patterns(std::span<const leak::Delivered> values);
  Patterns(Patterns&&) = delete;

  bool empty() const { return patterns_.empty(); }
  std::size_t needles() const { return names_.size(); }
  Public name(std::uint32_t needle) const { return names_[needle]; }
  /// A value that is not looked for.
  struct Weak {
    Public name;
    bool is_common;  // a setting rather than a key (leak/needle.h); else it is shorter than kShortest
  };
  std::span<const Weak> weak() const { return weak_; }

  const Pattern& pattern(std::uint32_t number) const { return patterns_[number]; }
  std::string_view bytes(const Pattern& pattern) const { return values_.view(pattern.start, pattern.size); }
  std::string_view bytes(const Anchor& anchor) const { return pool_.view(anchor.start, anchor.size); }
  std::span<const Sieve> sieves() const { return sieves_; }
  /// Values with no letters or digits in a row: these are looked for in the spellings of leak/encodings.h.
  const leak::Needles* enumerated() const { return enumerated_ ? &*enumerated_ : nullptr; }
  std::uint32_t enumerated_needle(std::uint32_t number) const { return enumerated_numbers_[number]; }

  /// The shortest value or part of one, the longest value; how many bytes of a text in front of an anchor its pattern may begin.
  std::size_t shortest() const { return shortest_; }
  std::size_t longest() const { return longest_; }
  std::size_t reach_back() const { return reach_back_; }

 private:
  void add_value(std::string_view value, std::uint32_t needle, bool part);
  void add_parts(std::string_view value, std::uint32_t needle);
  void add_pattern(Pattern pattern);
  void anchor(std::string_view text, std::uint32_t element);
  void seal();

  leak::LockedBytes values_;
  leak::LockedBytes pool_;
  std::vector<Pattern> patterns_;
  std::vector<Anchor> anchors_;
  std::vector<Sieve> sieves_;
  std::vector<Public> names_;
  std::vector<Weak> weak_;
  std::optional<leak::Needles> enumerated_;
  std::vector<std::uint32_t> enumerated_numbers_;
  std::size_t shortest_ = SIZE_MAX / 8;
  std::size_t longest_ = 0;
  std::size_t reach_back_ = 0;
};

/// How a text in which a pattern stands may have grown: `\u005c\u0022` is twelve bytes for one, with a level more it is more.
inline constexpr std::size_t kGrowth = 16;

// ── elements ─────────────────────────────────────────────────────────────────────────────────────────────────────

constexpr unsigned byte_of(char c) { return static_cast<unsigned char>(c); }

/// Of a pattern of sextets: the first that holds a bit of the value, and how many there are.
inline std::size_t sextets(std::size_t bytes, std::size_t offset) { return (8 * (offset + bytes) + 5) / 6 - 8 * offset / 6; }
struct Sextet {
  unsigned bits;
  unsigned mask;  // which of the six belong to the value
};
Sextet sextet(std::string_view value, std::size_t offset, std::size_t number);

inline std::size_t elements(const Pattern& pattern) {
  switch (pattern.alphabet) {
    case Alphabet::sextets: return sextets(pattern.size, pattern.offset);
    case Alphabet::nibbles: return 2 * std::size_t{pattern.size};
    default: return pattern.size;
  }
}

}  // namespace hushrun::audit
