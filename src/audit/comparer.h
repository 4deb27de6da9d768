#pragma once
// Whether a pattern stands at a place of a text, in whatever spelling. Pure.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "audit/patterns.h"

namespace hushrun::audit {

/// Compares one element of a pattern after the other with what the text may mean there.
///
/// Decoders lie on top of each other, three deep: each reads the characters of the one below, and passes on what it does not
/// understand. They know %XX, `+` for a blank, backslashes (letters, octal, \x, \u with surrogates, \U), entities, quotes, dollars,
/// percent signs and braces doubled, '\'', quoted-printable; base64 and hexadecimal digits may be broken into lines. So JSON in
/// JSON in a URL needs no rule of its own. A text is ambiguous (`+` may be a blank or a plus), so a set of places is kept, and each
/// is moved on as long as it spells the value. Nothing but a spelling of the whole value is a match.
class Comparer {
 public:
  explicit Comparer(const Patterns& patterns) : patterns_{patterns} {}

  enum class Verdict : std::uint8_t {
    no,
    yes,
    hungry,  // so far, and the text ends here
  };
  struct Answer {
    Verdict verdict;
    std::size_t end = 0;  // yes: behind the last byte
    Shape shape{};
  };
  /// `ended`: there is nothing behind `text`.
  Answer compare(const Pattern& pattern, std::string_view text, std::size_t from, bool ended);

 private:
  // What a decoder says: some bytes, and where the text goes on.
  struct Unit {
    char bytes[4];
    std::uint8_t size;
    std::size_t next;
    std::uint16_t steps;  // a bit per Step
  };
  struct Spot {
    std::size_t at;
    std::uint16_t steps;
  };
  using Spots = std::vector<Spot>;
  static constexpr int kLevels = 3;
  static constexpr std::size_t kMostSpots = 64;
  static constexpr std::size_t kMostBlanks = 256;  // of a line's indentation

  static Unit unit_of(unsigned byte, std::size_t next, unsigned steps) {
    return {{static_cast<char>(byte)}, 1, next, static_cast<std::uint16_t>(steps)};
  }
  static Unit character(unsigned number, std::size_t next, unsigned steps);
  bool there(std::size_t at);
  std::size_t width() const { return wide_ ? 2 : 1; }
  char letter(std::size_t at);
  std::optional<unsigned> digits(std::size_t at, std::size_t count, unsigned base);
  // Who takes what a decoder says. No template: decoders call each other, and every reader would be compiled anew for each.
  template <class... Arguments>
  class Taker {
   public:
    template <class Function>
    Taker(const Function& function)  // NOLINT: a lambda is meant to convert
        : function_{&function}, call_{[](const void* one, Arguments... arguments) { (*static_cast<const Function*>(one))(arguments...); }} {}
    void operator()(Arguments... arguments) const { call_(function_, arguments...); }

   private:
    const void* function_;
    void (*call_)(const void*, Arguments...);
  };
  using Then = Taker<const Unit&>;
  using Next = Taker<std::size_t, unsigned>;  // where the text goes on, and the steps so far

  void raw(std::size_t at, Then then);
  void units(int level, std::size_t at, Then then);
  void expect(int level, std::string_view wanted, std::size_t at, unsigned steps, Next next);
  void decode(int level, const Unit& first, Then then);
  void backslash(int below, const Unit& first, Then then);
  void entity(int below, const Unit& first, Then then);

  void put(Spots& spots, std::size_t at, unsigned steps);
  void soft_breaks(Spots& spots);
  void blanks(Spots& spots, bool newline_needed);
  bool walk_bytes(std::string_view value, std::size_t from, Answer& answer);
  bool walk_digits(const Pattern& pattern, std::string_view value, std::size_t from, Answer& answer);

  const Patterns& patterns_;
  std::string_view text_;
  bool ended_ = false;
  bool hungry_ = false;
  bool wide_ = false;
  bool big_end_first_ = false;
};

}  // namespace hushrun::audit
