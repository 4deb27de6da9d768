#include "audit/decoded_runs.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

namespace hushrun::audit {
namespace {

constexpr std::size_t kShortest = 16;  // digits, whatever the values are
constexpr std::size_t kProbe = 24;     // digits by which a run is judged
constexpr std::size_t kSmallestPiece = 48 * 1024;
constexpr std::size_t kMostIndent = 64;

constexpr std::array<std::int8_t, 256> digit_table(bool hex) {
  std::array<std::int8_t, 256> table{};
  for (int i = 0; i < 256; ++i) {
    const char c = static_cast<char>(i);
    int digit = -1;
    if (hex) {
      digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
    } else {
      digit = c >= 'A' && c <= 'Z'   ? c - 'A'
              : c >= 'a' && c <= 'z' ? c - 'a' + 26
              : c >= '0' && c <= '9' ? c - '0' + 52
              : c == '+' || c == '-' ? 62
              : c == '/' || c == '_' ? 63
                                     : -1;
    }
    table[static_cast<std::size_t>(i)] = static_cast<std::int8_t>(digit);
  }
  return table;
}
constexpr auto kSextets = digit_table(false);
constexpr auto kNibbles = digit_table(true);
int sextet(char c) { return kSextets[static_cast<unsigned char>(c)]; }
int nibble(char c) { return kNibbles[static_cast<unsigned char>(c)]; }

// Sixteen bytes at once; the compiler makes of it what the processor has. Eight that are all digits of base64 are a word of ones.
using Bytes = unsigned char __attribute__((vector_size(16)));
[[gnu::always_inline]] inline void find_digits(const char* text, std::uint64_t (&words)[2]) {
  Bytes bytes;
  std::memcpy(&bytes, text, sizeof bytes);
  const auto is = (((bytes | 0x20) - 'a') < 26) | ((bytes - '/') < 11) | (bytes == '+') | (bytes == '-') | (bytes == '_');  // '/' stands before '0'
  std::memcpy(words, &is, sizeof words);
}
constexpr std::uint64_t kAll = ~std::uint64_t{0};

std::size_t next_block_at_end(std::string_view text, std::size_t at) {
  for (; at + 8 <= text.size(); at += 8) {
    if (std::all_of(text.begin() + static_cast<std::ptrdiff_t>(at), text.begin() + static_cast<std::ptrdiff_t>(at + 8), [](char c) { return sextet(c) >= 0; })) return at;
  }
  return text.size();
}

// The next aligned eight bytes that are all digits: a run of fifteen holds some.
std::size_t next_block(std::string_view text, std::size_t at) {
  at = (at + 7) & ~std::size_t{7};
  for (; at + 16 <= text.size(); at += 16) {
    std::uint64_t words[2];
    find_digits(text.data() + at, words);
    if (words[0] == kAll) return at;
    if (words[1] == kAll) return at + 8;
  }
  return next_block_at_end(text, at);
}

// The next two such in a row, which a run of twenty-three holds; or the last eight bytes of the text.
std::size_t next_two_blocks(std::string_view text, std::size_t at) {
  at = (at + 7) & ~std::size_t{7};
  std::uint64_t before = 0;
  for (; at + 16 <= text.size(); at += 16) {
    std::uint64_t words[2];
    find_digits(text.data() + at, words);
    if ((before & words[0]) == kAll) return at - 8;
    if ((words[0] & words[1]) == kAll) return at;
    before = words[1];
  }
  return next_block_at_end(text, before == kAll ? at - 8 : at);
}

// What the digits of base64 must not be where they mean printable ASCII: of a group of four the first is 8 to 31, the second has bit 3
// clear, the third bit 1. A byte each, in the order in which a rotation by the digit's place brings them to the group's shift.
constexpr std::array<std::uint32_t, 256> wrong_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::size_t i = 0; i < 256; ++i) {
    const int digit = kSextets[i];
    if (digit < 0) continue;
    const std::uint32_t first = digit < 8 || digit >= 32, second = (digit & 8) != 0, third = (digit & 2) != 0;
    table[i] = first | second << 24 | third << 16;
  }
  return table;
}
constexpr auto kWrong = wrong_table();

// A look at the beginning of a run, before anything is decoded: most are words, paths and hashes.
struct Look {
  std::size_t digits = 0;     // looked at
  std::uint32_t wrong = 0;    // how many are wrong for each of the four shifts, a byte each
  bool all_hex = true;
  bool may_be_text(std::size_t shift) const { return 4 * (wrong >> (8 * shift) & 255) <= digits + 3; }
  bool may_be_text() const { return may_be_text(0) || may_be_text(1) || may_be_text(2) || may_be_text(3); }
};
Look look_at(std::string_view text) {
  Look look;
  const std::size_t most = std::min(text.size(), kProbe);
  for (; look.digits < most && sextet(text[look.digits]) >= 0; ++look.digits) {
    const char c = text[look.digits];
    look.wrong += std::rotl(kWrong[static_cast<unsigned char>(c)], static_cast<int>(8 * (look.digits & 3)));
    look.all_hex &= nibble(c) >= 0;
  }
  return look;
}

// Text in ASCII, or in UTF-16. Random bytes are neither: of 18, seven are printable, give or take four.
bool is_text(std::string_view bytes) {
  std::size_t printable = 0, null = 0;
  for (char c : bytes) {
    printable += (c >= ' ' && c <= '~') || c == '\n' || c == '\r' || c == '\t';
    null += c == '\0';
  }
  return 3 * printable >= 2 * bytes.size() || (8 * null >= 3 * bytes.size() && printable + null == bytes.size());
}

// A digit of base64 that is escaped: %2B, \/, \u002b. Nothing, or how long it is and what it means.
struct Escaped {
  std::size_t size = 0;
  char digit = 0;
};
Escaped escaped_digit(std::string_view text) {
  if (text.starts_with("\\/")) return {2, '/'};
  std::size_t skip = text.starts_with("%") ? 1 : text.starts_with("\\u00") ? 4 : 0;
  if (skip == 0 || text.size() < skip + 2 || text[skip] != '2') return {};
  const char low = text[skip + 1];
  if (low == 'B' || low == 'b') return {skip + 2, '+'};
  return low == 'F' || low == 'f' ? Escaped{skip + 2, '/'} : Escaped{};
}

// A line end and the next line's indentation; the line end may be two characters.
std::size_t line_break(std::string_view text) {
  std::size_t at = 0;
  if (text.starts_with("\r")) at = 1;
  if (text.starts_with("\\r")) at = 2;
  const std::string_view rest = text.substr(at);
  if (rest.starts_with("\n")) {
    ++at;
  } else if (rest.starts_with("\\n")) {
    at += 2;
  } else {
    return 0;
  }
  for (std::size_t blanks = 0; blanks < kMostIndent && at < text.size() && (text[at] == ' ' || text[at] == '\t'); ++blanks) ++at;
  return at;
}

}  // namespace

DecodedRuns::DecodedRuns(std::size_t shortest, std::size_t longest)
    : shortest_{std::max(kShortest, (4 * shortest + 2) / 3)}, overlap_{std::clamp<std::size_t>((4 * longest + 3) & ~std::size_t{3}, 8192, std::size_t{8} << 20)}, piece_{std::max(kSmallestPiece, 4 * overlap_)}, next_{shortest_ < 23 ? next_block : next_two_blocks} {}

// Whether collect() would read as many digits as the shortest value takes. Most runs are names and words and end here, uncopied; `end` is
// then where it stopped, and `open` says whether the run may go on behind the text.
bool DecodedRuns::is_long_enough(std::string_view text, std::size_t at, bool ended, std::size_t& end, bool& open) const {
  std::size_t digits = 0, line = 0;
  open = false;
  for (;;) {
    const std::size_t from = at, most = std::min(text.size(), at + shortest_ - digits);
    while (at + 16 <= most) {
      std::uint64_t words[2];
      find_digits(text.data() + at, words);
      if (words[0] != kAll) break;
      at += words[1] == kAll ? 16 : 8;
      if (words[1] != kAll) break;
    }
    while (at < most && sextet(text[at]) >= 0) ++at;
    digits += at - from;
    line += at - from;
    end = at;
    if (digits >= shortest_) return true;
    const std::string_view rest = text.substr(at);
    if (rest.empty()) {
      open = !ended;
      return false;
    }
    if (rest[0] != '%' && rest[0] != '\\' && rest[0] != '\n' && rest[0] != '\r') return false;
    if (rest.size() < kMostIndent + 8 && !ended) open = true;
    if (const Escaped escaped = escaped_digit(rest); escaped.size > 0) {
      at += escaped.size, ++line, ++digits;
      continue;
    }
    const std::size_t skip = line_break(rest);
    if (skip == 0 || line < kShortest || at + skip >= text.size() || sextet(text[at + skip]) < 0) return false;
    at += skip;
    line = 0;
  }
}

// Reads digits from `at` on, without what lies between them. Returns the end; `open` if the run may go on behind the text.
std::size_t DecodedRuns::collect(std::string_view text, std::size_t at, bool ended, bool& open) {
  digits_.clear();
  std::size_t line = 0;
  open = false;
  while (digits_.size() < piece_) {
    const std::size_t from = at;
    while (at < text.size() && sextet(text[at]) >= 0 && digits_.size() + (at - from) < piece_) ++at;
    digits_.append(text, from, at - from);
    line += at - from;
    if (digits_.size() >= piece_) break;
    const std::string_view rest = text.substr(at);
    if (rest.size() < kMostIndent + 8 && !ended) open = true;
    if (rest.empty()) break;
    const Escaped escaped = escaped_digit(rest);
    if (escaped.size > 0) {
      digits_ += escaped.digit;
      at += escaped.size, ++line;
      continue;
    }
    const std::size_t skip = line_break(rest);
    // Lines of base64 are long; a word at the end of a line of prose is not.
    if (skip == 0 || line < kShortest || at + skip >= text.size() || sextet(text[at + skip]) < 0) break;
    at += skip;
    line = 0;
  }
  return at;
}

bool DecodedRuns::decode_base64(std::string_view digits, std::size_t begin, const Show& show) {
  const std::size_t whole = digits.size() / 4 * 4 + (digits.size() % 4 == 1 ? 0 : digits.size() % 4);
  meaning_.resize(whole * 3 / 4);
  bool url = false;
  std::size_t out = 0;
  std::uint32_t bits = 0;
  int have = 0;
  const auto take = [&](std::string_view some) {
    for (char c : some) {
      bits = bits << 6 | static_cast<std::uint32_t>(sextet(c));
      have += 6;
      url |= c == '-' || c == '_';
      if (have >= 8 && out < meaning_.size()) {
        have -= 8;
        meaning_[out++] = static_cast<char>(bits >> have);
      }
    }
  };
  const std::size_t probe = std::min(whole, kProbe);
  take(digits.substr(0, probe));
  if (!is_text({meaning_.data(), out})) return false;
  take(digits.substr(probe, whole - probe));
  show({begin, url ? Step::base64url : Step::base64, {meaning_.data(), out}});
  return true;
}

bool DecodedRuns::decode_hex(std::string_view digits, std::size_t begin, const Show& show) {
  if (digits.size() < 2 * kShortest || !std::all_of(digits.begin(), digits.begin() + kProbe, [](char c) { return nibble(c) >= 0; })) return false;
  meaning_.clear();
  for (std::size_t i = 0; i + 1 < digits.size() && nibble(digits[i]) >= 0 && nibble(digits[i + 1]) >= 0; i += 2) {
    meaning_ += static_cast<char>(nibble(digits[i]) << 4 | nibble(digits[i + 1]));
    if (i == kProbe && !is_text(meaning_)) return false;
  }
  show({begin, Step::hex, meaning_});
  return true;
}

// Who glued something to the front has shifted the groups of four: each of the four ways is tried, and judged by its beginning.
void DecodedRuns::decode(std::size_t begin, const Show& show) {
  const std::string_view digits = digits_;
  if (decode_hex(digits, begin, show)) return;
  const Look look = look_at(digits);
  for (std::size_t shift = 0; shift < 4 && digits.size() >= shift + kShortest; ++shift) {
    if (look.may_be_text(shift)) decode_base64(digits.substr(shift), begin + shift, show);
  }
}

std::size_t DecodedRuns::find(std::string_view text, std::size_t from, bool ended, const Show& show) {
  std::size_t done = from;
  for (std::size_t at = from; (at = next_(text, at)) < text.size();) {
    std::size_t begin = at;
    while (begin > done && sextet(text[begin - 1]) >= 0) --begin;
    std::size_t behind = begin;
    bool open = false;
    if (!is_long_enough(text, begin, ended, behind, open)) {
      if (open) return begin;
      done = at = behind;
      continue;
    }
    const Look look = look_at(text.substr(begin));
    behind = begin + look.digits;
    const bool goes_on = look.digits == kProbe || behind >= text.size() || text[behind] == '%' || text[behind] == '\\' || text[behind] == '\n' || text[behind] == '\r';
    if (!look.all_hex && !look.may_be_text() && (look.digits == kProbe || !goes_on)) {
      // Nothing of it means text: on behind it. What of it is still to come is judged by itself.
      std::size_t end = behind;
      while (end < text.size() && sextet(text[end]) >= 0) ++end;
      done = at = end;
      continue;
    }
    const std::size_t end = collect(text, begin, ended, open);
    if (open) return begin;
    decode(begin, show);
    // A piece of a longer run: the next one overlaps it, in steps of whole groups.
    done = digits_.size() >= piece_ && end - begin > overlap_ ? begin + (end - begin - overlap_) / 4 * 4 : end;
    at = std::max(done, at + 1);
    if (done < end) at = done;
  }
  if (ended) return text.size();
  std::size_t tail = text.size();
  while (tail > done && text.size() - tail < 32 && sextet(text[tail - 1]) >= 0) --tail;
  return tail;
}

}  // namespace hushrun::audit
