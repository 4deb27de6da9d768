#pragma once
// How encoders spell bytes: who leaves what as it is, and what becomes of the rest. encodings.h says which of it a value is looked for in.

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "leak/encodings.h"

namespace hushrun::leak {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool is_alnum(char c) { return is_digit(c) || is_letter(c); }
constexpr bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
constexpr unsigned byte_of(char c) { return static_cast<unsigned char>(c); }

// Bytes, as bits. What a rule changes, and what a value holds: where they do not meet, the rule is not even tried.
class ByteSet {
 public:
  constexpr ByteSet() = default;
  constexpr ByteSet(std::string_view bytes) {  // NOLINT: rules are written as strings
    for (char c : bytes) add(byte_of(c));
  }
  static constexpr ByteSet range(unsigned first, unsigned last) {
    ByteSet set;
    for (unsigned byte = first; byte <= last; ++byte) set.add(byte);
    return set;
  }
  constexpr void add(unsigned byte) { words_[byte / 64] |= std::uint64_t{1} << (byte % 64); }
  constexpr bool has(char c) const { return (words_[byte_of(c) / 64] >> (byte_of(c) % 64) & 1) != 0; }
  constexpr bool empty() const { return *this == ByteSet{}; }
  constexpr bool operator==(const ByteSet&) const = default;
  friend constexpr ByteSet operator|(ByteSet a, const ByteSet& b) {
    for (std::size_t i = 0; i < 4; ++i) a.words_[i] |= b.words_[i];
    return a;
  }
  friend constexpr ByteSet operator&(ByteSet a, const ByteSet& b) {
    for (std::size_t i = 0; i < 4; ++i) a.words_[i] &= b.words_[i];
    return a;
  }
  friend constexpr ByteSet operator~(ByteSet a) {
    for (std::uint64_t& word : a.words_) word = ~word;
    return a;
  }

 private:
  std::array<std::uint64_t, 4> words_ = {};
};

inline constexpr ByteSet kAlnums = ByteSet::range('0', '9') | ByteSet::range('A', 'Z') | ByteSet::range('a', 'z');
inline constexpr ByteSet kSchemeBytes = kAlnums | ByteSet{"+-."};
inline constexpr ByteSet kControls = ByteSet::range(0, 0x1f);
inline constexpr ByteSet kHigh = ByteSet::range(0x80, 0xff);

// ---- base64 and hexadecimal ----

inline constexpr char kLower[] = "0123456789abcdef";
inline constexpr char kUpper[] = "0123456789ABCDEF";
inline constexpr char kBase64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
inline constexpr char kBase64Url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void write_hex(LockedBytes& out, unsigned number, int digits, const char* alphabet);
/// The characters that `value` alone decides when it follows `offset` (0, 1 or 2, modulo 3) unknown bytes: a character on
/// either side also holds bits of the neighbours, so it is left out, and any ending is found.
void write_base64_core(LockedBytes& out, std::string_view value, std::size_t offset, const char* alphabet);

// ---- percent (URLs and forms) ----

struct PercentRule {
  constexpr PercentRule(std::string_view safe, bool plus) : changed{~(kAlnums | safe)}, plus_for_blank{plus} {}
  ByteSet changed;  // all but letters, digits and what is safe besides
  bool plus_for_blank;
};
extern const std::span<const PercentRule> kPercentRules;
void write_percent(LockedBytes& out, std::string_view value, const PercentRule& rule, const char* alphabet);

// ---- backslashes (JSON, shells, programming languages) ----

enum class Odd : std::uint8_t { keep, x, octal, u, U };  // as it is, \x1b, \033, \u001b, \u001B

struct BackslashRule {
  constexpr BackslashRule(Disguise d, std::string_view quote, std::string_view letter, std::string_view unicode, Odd c, Odd e,
                          Odd h)
      : disguise{d}, quoted{quote}, letters{letter}, as_unicode{unicode}, control{c}, del{e}, high{h} {
    changed = quoted | as_unicode;
    for (std::size_t i = 0; i < letters.size(); i += 2) changed.add(byte_of(letters[i]));
    if (control != Odd::keep) changed = changed | kControls;
    if (del != Odd::keep) changed.add(0x7f);
    if (high != Odd::keep) changed = changed | kHigh;
  }
  Disguise disguise;
  ByteSet quoted;            // get a backslash in front
  std::string_view letters;  // pairs: the byte, the letter that stands for it after a backslash
  ByteSet as_unicode;        // ASCII that is written as \u00xx all the same
  Odd control;               // other control bytes
  Odd del;                   // 0x7f
  Odd high;                  // beyond ASCII: x and octal by byte, u by UTF-16 unit
  ByteSet changed;           // all of them
};
extern const std::span<const BackslashRule> kJsonRules, kShellRules, kCodeRules;
/// False where the value has no such form: characters are asked for, and it is not UTF-8.
bool write_backslashed(LockedBytes& out, std::string_view value, const BackslashRule& rule);

// ---- replacements (HTML, XML, quotes inside a shell's quotes) ----

struct Swap {
  char from;
  std::string_view to;
};
struct SwapRule {
  constexpr SwapRule(Disguise d, std::array<Swap, 5> s) : disguise{d}, swaps{s} {
    for (const Swap& swap : swaps) {
      if (!swap.to.empty()) changed.add(byte_of(swap.from));
    }
  }
  Disguise disguise;
  std::array<Swap, 5> swaps;
  ByteSet changed;
};
extern const std::span<const SwapRule> kSwapRules;
void write_swapped(LockedBytes& out, std::string_view value, const SwapRule& rule);

// ---- lines ----

void write_with_newlines(LockedBytes& out, std::string_view value, std::string_view newline);
/// What an unquoted $VARIABLE becomes in a shell: words, one blank between them.
void write_as_words(LockedBytes& out, std::string_view value);

}  // namespace hushrun::leak
