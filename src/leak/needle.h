#pragma once
// A value to look for, and all of them together, prepared for looking.

#include <bitset>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/secret.h"
#include "core/text.h"
#include "leak/encodings.h"
#include "leak/filter.h"

namespace hushrun::leak {

/// `redact:` of a secret.
enum class Policy : std::uint8_t {
  automatic,  // masked, if that can be done without shredding ordinary text
  always,     // masked even so; up to 7 bytes still only as a word of its own, or nothing could be read any more
  never,
};

/// A value that was given to the application.
struct Delivered {
  Public name;
  const Secret* value;
  Policy policy = Policy::automatic;
};

/// Why a value is not masked, or not everywhere.
enum class Weakness : std::uint8_t {
  too_short,   // 1 to 3 bytes: not masked
  common,      // `true`, `localhost`, `8080`, `changeme`, the name of a secret, one character repeated: not masked
  word_only,   // 4 to 7 bytes: masked as it is, where no letter, digit or underscore is next to it
  large,       // some of its disguises found no room
};
Literal words(Weakness weakness);

struct Weak {
  Public name;
  Weakness weakness;
  bool operator==(const Weak&) const = default;
};

/// Everything that must not come out. Built once, never changed, shared by all streams.
///
/// Holds no value in plain: the bytes of all patterns lie XOR-ed with a random pad, both in locked memory. That keeps them
/// out of dumps, swap and accidental copies. It does not stop who can read our memory at will: whoever can tell whether
/// a beginning fits, as holding back requires, can give the value away byte by byte.
class Needles {
 public:
  explicit Needles(std::span<const Delivered> delivered);
  Needles(Needles&&) noexcept = default;
  Needles& operator=(Needles&&) noexcept = default;
  Needles(const Needles&) = delete;
  Needles& operator=(const Needles&) = delete;

  /// Values that could not be made safe, for a warning. Blank ones are not among them: there is nothing to hide.
  std::span<const Weak> weak() const { return weak_; }

  /// True if there is nothing to look for.
  bool empty() const { return patterns_.empty(); }
  /// How many patterns: all disguises of all values.
  std::size_t patterns() const { return patterns_.size(); }
  /// How many values were delivered; a match names one by its number.
  std::size_t size() const { return marks_.size(); }
  Public name(std::uint32_t needle) const { return names_[needle]; }
  /// "[REDACTED:name]". Lives as long as the Needles do.
  std::string_view mark(std::uint32_t needle) const { return marks_[needle]; }

 private:
  friend class Matcher;

  // From first_word_ on the patterns are words; those before stand in the order of their bytes.
  struct Range {
    std::uint32_t first;
    std::uint32_t last;
  };
  unsigned char byte(const Form& pattern, std::size_t at) const {
    return static_cast<unsigned char>(table_->expose().data()[pattern.start + at] ^ pad_->expose().data()[pattern.start + at]);
  }
  /// True if `text` stands at `from` in the pattern; the pattern is long enough.
  bool equals(const Form& pattern, std::size_t from, std::string_view text) const;
  /// The patterns, words aside, that are longer than `text` and begin with it.
  Range beginning_with(std::string_view text) const;

  void classify(const Delivered& delivered, std::uint32_t needle, std::span<const Delivered> all, Forms& forms);
  void note(Public name, Weakness weakness);
  void seal(const Forms& forms);

  std::vector<Form> patterns_;
  std::uint32_t first_word_ = 0;
  std::optional<Secret> table_;
  std::optional<Secret> pad_;
  GramFilter filter_;
  std::bitset<256> first_bytes_;        // of the patterns, words aside
  std::bitset<65536> beginnings_;       // their first two
  GramFilter word_filter_;              // of the words, unless one is too short for it
  std::bitset<65536> word_beginnings_;  // the first two bytes of words
  std::vector<Public> names_;
  std::vector<std::string> marks_;
  std::vector<Weak> weak_;
};

}  // namespace hushrun::leak
