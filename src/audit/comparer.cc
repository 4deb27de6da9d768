#include "audit/comparer.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace hushrun::audit {
namespace {

constexpr unsigned bit(Step step) { return 1U << static_cast<unsigned>(step); }
constexpr bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
constexpr bool is_alnum(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

constexpr int digit_of(char c) {
  return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

constexpr int sextet_of(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

struct Entity {
  std::string_view name;
  char means;
};
constexpr Entity kEntities[] = {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};

// After a backslash. bash writes \E for an escape character.
constexpr std::string_view kLetters = "a\ab\be\x1b" "E\x1b" "f\fn\nr\rt\tv\v";

// From the inside out.
Shape shape_of(unsigned steps) {
  Shape shape;
  for (unsigned step = 0; step < kSteps; ++step) {
    if ((steps >> step & 1) != 0) shape.add(static_cast<Step>(step));
  }
  return shape;
}

}  // namespace

// A character in UTF-8.
Comparer::Unit Comparer::character(unsigned number, std::size_t next, unsigned steps) {
  Unit unit{{}, 0, next, static_cast<std::uint16_t>(steps)};
  const auto tail = [&](int shift) { unit.bytes[unit.size++] = static_cast<char>(0x80 | (number >> shift & 0x3f)); };
  if (number < 0x80) {
    unit.bytes[unit.size++] = static_cast<char>(number);
  } else if (number < 0x800) {
    unit.bytes[unit.size++] = static_cast<char>(0xc0 | number >> 6), tail(0);
  } else if (number < 0x10000) {
    unit.bytes[unit.size++] = static_cast<char>(0xe0 | number >> 12), tail(6), tail(0);
  } else {
    unit.bytes[unit.size++] = static_cast<char>(0xf0 | (number >> 18 & 7)), tail(12), tail(6), tail(0);
  }
  return unit;
}

bool Comparer::there(std::size_t at) {
  if (at < text_.size()) return true;
  hungry_ |= !ended_;
  return false;
}

// A letter or digit, which no encoding changes; a NUL for anything else.
char Comparer::letter(std::size_t at) {
  if (!there(at + width() - 1)) return '\0';
  const char c = text_[at + (wide_ && big_end_first_ ? 1 : 0)];
  return !wide_ || text_[at + (big_end_first_ ? 0 : 1)] == '\0' ? c : '\0';
}

std::optional<unsigned> Comparer::digits(std::size_t at, std::size_t count, unsigned base) {
  unsigned number = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const int digit = digit_of(letter(at + i * width()));
    if (digit < 0 || static_cast<unsigned>(digit) >= base) return std::nullopt;
    number = number * base + static_cast<unsigned>(digit);
  }
  return number;
}

void Comparer::raw(std::size_t at, Then then) {
  if (!wide_) {
    if (there(at)) then(unit_of(byte_of(text_[at]), at + 1, 0));
    return;
  }
  const auto half = [&](std::size_t where) {
    const unsigned low = byte_of(text_[where + (big_end_first_ ? 1 : 0)]), high = byte_of(text_[where + (big_end_first_ ? 0 : 1)]);
    return high << 8 | low;
  };
  if (!there(at + 1)) return;
  const unsigned first = half(at);
  if (first < 0xd800 || first >= 0xdc00) {
    then(character(first, at + 2, 0));
  } else if (there(at + 3) && (half(at + 2) & 0xfc00) == 0xdc00) {
    then(character(0x10000 + ((first & 0x3ff) << 10 | (half(at + 2) & 0x3ff)), at + 4, 0));
  }
}

// Everything that the decoders up to this one may read at a place.
void Comparer::units(int level, std::size_t at, Then then) {
  if (level == 0) return raw(at, then);
  units(level - 1, at, [&](const Unit& unit) {
    then(unit);
    if (unit.size == 1 && !is_alnum(unit.bytes[0]) && byte_of(unit.bytes[0]) < 0x80) decode(level, unit, then);
  });
}

void Comparer::expect(int level, std::string_view wanted, std::size_t at, unsigned steps, Next next) {
  if (wanted.empty()) return next(at, steps);
  units(level, at, [&](const Unit& unit) {
    if (unit.size == 1 && unit.bytes[0] == wanted[0]) expect(level, wanted.substr(1), unit.next, steps | unit.steps, next);
  });
}

void Comparer::backslash(int below, const Unit& first, Then then) {
  const unsigned steps = first.steps | bit(Step::escaped);
  units(below, first.next, [&](const Unit& second) {
    const unsigned all = steps | second.steps;
    if (second.size > 1) return then(Unit{{second.bytes[0], second.bytes[1], second.bytes[2], second.bytes[3]}, second.size, second.next, static_cast<std::uint16_t>(all)});
    const char c = second.bytes[0];
    if (!is_alnum(c)) return then(unit_of(byte_of(c), second.next, all));
    for (std::size_t i = 0; i < kLetters.size(); i += 2) {
      if (kLetters[i] == c) then(unit_of(byte_of(kLetters[i + 1]), second.next, all));
    }
    if (c == 'x') {
      if (const auto number = digits(second.next, 2, 16)) then(unit_of(*number, second.next + 2 * width(), all));
    } else if (c == 'u' || c == 'U') {
      if (c == 'U') {
        if (const auto number = digits(second.next, 8, 16)) then(character(*number, second.next + 8 * width(), all));
      }
      const auto number = digits(second.next, 4, 16);
      if (!number) return;
      if (*number < 0xd800 || *number >= 0xdc00) return then(character(*number, second.next + 4 * width(), all));
      expect(below, "\\u", second.next + 4 * width(), all, [&](std::size_t at, unsigned more) {
        const auto low = digits(at, 4, 16);
        if (low && (*low & 0xfc00) == 0xdc00) then(character(0x10000 + ((*number & 0x3ff) << 10 | (*low & 0x3ff)), at + 4 * width(), more));
      });
    } else if (c >= '0' && c <= '7') {
      for (std::size_t count = 1; count <= 3; ++count) {
        const auto number = digits(second.next - width(), count, 8);
        if (number && *number < 256) then(unit_of(*number, second.next + (count - 1) * width(), all));
      }
    }
  });
}

void Comparer::entity(int below, const Unit& first, Then then) {
  const unsigned steps = first.steps | bit(Step::markup);
  const auto close = [&](std::size_t at, unsigned number, unsigned so_far) {
    expect(below, ";", at, so_far, [&](std::size_t next, unsigned all) { then(character(number, next, all)); });
  };
  for (const Entity& one : kEntities) {
    bool fits = true;
    for (std::size_t i = 0; fits && i < one.name.size(); ++i) fits = letter(first.next + i * width()) == one.name[i];
    if (fits) close(first.next + one.name.size() * width(), byte_of(one.means), steps);
  }
  expect(below, "#", first.next, steps, [&](std::size_t at, unsigned so_far) {
    const bool hex = letter(at) == 'x' || letter(at) == 'X';
    if (hex) at += width();
    for (std::size_t count = 1; count <= 7; ++count) {
      const auto number = digits(at, count, hex ? 16 : 10);
      if (!number) break;
      if (*number < 0x110000) close(at + count * width(), *number, so_far);
    }
  });
}

// `first` is a character that may begin an escape; the rest of it is read from the level below.
void Comparer::decode(int level, const Unit& first, Then then) {
  const int below = level - 1;
  const char c = first.bytes[0];
  const auto doubled = [&] {
    expect(below, {&c, 1}, first.next, first.steps | bit(Step::quoted),
                      [&](std::size_t at, unsigned steps) { then(unit_of(byte_of(c), at, steps)); });
  };
  switch (c) {
    case '%':
      if (const auto number = digits(first.next, 2, 16)) then(unit_of(*number, first.next + 2 * width(), first.steps | bit(Step::percent)));
      return doubled();
    case '+': return then(unit_of(' ', first.next, first.steps | bit(Step::percent)));
    case '=':
      if (const auto number = digits(first.next, 2, 16)) then(unit_of(*number, first.next + 2 * width(), first.steps | bit(Step::printable)));
      return;
    case '\\': return backslash(below, first, then);
    case '&': return entity(below, first, then);
    case '\'':
      for (const std::string_view rest : {"\\''", "\"'\"'"}) {
        expect(below, rest, first.next, first.steps | bit(Step::quoted),
                          [&](std::size_t at, unsigned steps) { then(unit_of('\'', at, steps)); });
      }
      return doubled();
    case '`':  // PowerShell's backslash, and a Dockerfile's
      units(below, first.next, [&](const Unit& second) {
        if (second.size == 1 && !is_alnum(second.bytes[0])) then(unit_of(byte_of(second.bytes[0]), second.next, first.steps | second.steps | bit(Step::quoted)));
      });
      return;
    case '"':
    case '$':
    case '{':
    case '}': return doubled();
    default: return;
  }
}

void Comparer::put(Spots& spots, std::size_t at, unsigned steps) {
  for (const Spot& spot : spots) {
    if (spot.at == at) return;
  }
  if (spots.size() < kMostSpots) spots.push_back({at, static_cast<std::uint16_t>(steps)});
}

// Line ends that mean nothing: behind a backslash, or behind a `=` of quoted-printable.
void Comparer::soft_breaks(Spots& spots) {
  if (wide_) return;
  for (std::size_t i = 0; i < spots.size(); ++i) {
    const Spot spot = spots[i];
    if (!there(spot.at)) continue;
    const char c = text_[spot.at];
    if ((c != '\\' && c != '=') || !there(spot.at + 1)) continue;
    std::size_t at = spot.at + 1;
    if (text_[at] == '\r' && there(at + 1)) ++at;
    if (text_[at] != '\n') continue;
    put(spots, at + 1, spot.steps | bit(Step::wrapped));
    if (c != '\\') continue;
    for (std::size_t blank = at + 1; blank < at + kMostBlanks && there(blank) && (text_[blank] == ' ' || text_[blank] == '\t'); ++blank) {
      put(spots, blank + 1, spot.steps | bit(Step::wrapped));
    }
  }
}

// Where the text is behind any number of blanks and line ends, in whatever spelling.
void Comparer::blanks(Spots& spots, bool newline_needed) {
  const std::size_t before = spots.size();
  Spots all = spots;
  std::vector<bool> broken(all.size(), false);
  for (std::size_t i = 0; i < all.size() && i < kMostBlanks; ++i) {
    const Spot spot = all[i];
    if (!wide_ && there(spot.at) && is_alnum(text_[spot.at])) continue;
    units(kLevels, spot.at, [&](const Unit& unit) {
      if (unit.size != 1 || !is_blank(unit.bytes[0])) return;
      const bool newline = broken[i] || unit.bytes[0] == '\n' || unit.bytes[0] == '\r';
      const std::uint16_t steps = static_cast<std::uint16_t>(spot.steps | unit.steps | bit(Step::wrapped));
      for (std::size_t j = 0; j < all.size(); ++j) {
        if (all[j].at == unit.next) return;
      }
      if (all.size() >= kMostBlanks) return;
      all.push_back({unit.next, steps});
      broken.push_back(newline);
    });
  }
  for (std::size_t i = before; i < all.size(); ++i) {
    if (broken[i] || !newline_needed) put(spots, all[i].at, all[i].steps);
  }
}

bool Comparer::walk_bytes(std::string_view value, std::size_t from, Answer& answer) {
  Spots ring[5];
  ring[0].push_back({from, 0});
  std::size_t i = 0;
  while (i < value.size()) {
    Spots& here = ring[i % 5];
    bool alone = here.size() == 1;
    for (std::size_t ahead = 1; ahead < 5; ++ahead) alone = alone && ring[(i + ahead) % 5].empty();
    const char c = value[i];
    if (alone && !wide_ && is_alnum(c) && there(here[0].at) && text_[here[0].at] == c) {
      // No spelling but this one begins with a letter or digit.
      Spots& next = ring[(i + 1) % 5];
      next.push_back({here[0].at + 1, here[0].steps});
      here.clear();
      ++i;
      continue;
    }
    bool any = false;
    for (const Spots& spots : ring) any |= !spots.empty();
    if (!any) return false;
    if (!here.empty()) {
      soft_breaks(here);
      Spots& next = ring[(i + 1) % 5];
      if (is_blank(c)) {
        // A line end may be any other, or none; between words there may be a line end.
        const bool line_end = c == '\n' || c == '\r';
        if (line_end || (i > 0 && is_blank(value[i - 1]))) {
          for (const Spot& spot : here) put(next, spot.at, spot.steps | bit(Step::wrapped));
        }
        Spots behind = here;
        blanks(behind, c == ' ' || c == '\t');
        for (std::size_t j = here.size(); j < behind.size(); ++j) put(next, behind[j].at, behind[j].steps);
      }
      for (const Spot& spot : Spots{here}) {
        units(kLevels, spot.at, [&](const Unit& unit) {
          if (unit.size == 0 || value.substr(i, unit.size) != std::string_view{unit.bytes, unit.size}) return;
          put(ring[(i + unit.size) % 5], unit.next, spot.steps | unit.steps);
        });
      }
      here.clear();
    }
    ++i;
  }
  const Spots& last = ring[i % 5];
  if (last.empty()) return false;
  // The plainest of all readings.
  const Spot best = *std::min_element(last.begin(), last.end(), [](const Spot& a, const Spot& b) {
    return std::pair{std::popcount(a.steps), a.at} < std::pair{std::popcount(b.steps), b.at};
  });
  answer.end = best.at;
  answer.shape = shape_of(best.steps);
  return true;
}

// Characters of base64, hexadecimal digits: each stands for itself or is escaped, and there may be line ends between them.
bool Comparer::walk_digits(const Pattern& pattern, std::string_view value, std::size_t from, Answer& answer) {
  const std::size_t count = elements(pattern);
  const bool hex = pattern.alphabet == Alphabet::nibbles;
  Spots spots{{from, static_cast<std::uint16_t>(bit(hex ? Step::hex : Step::base64))}};
  Spots next;
  for (std::size_t i = 0; i < count; ++i) {
    unsigned wanted, mask;
    if (hex) {
      mask = 15;
      wanted = byte_of(value[i / 2]) >> (i % 2 == 0 ? 4 : 0) & 15;
    } else {
      const Sextet one = sextet(value, pattern.offset, i);
      wanted = one.bits, mask = one.mask;
    }
    const auto fits = [&](char c) {
      const int digit = hex ? digit_of(c) : sextet_of(c);
      return digit >= 0 && (static_cast<unsigned>(digit) & mask) == wanted;
    };
    if (spots.size() == 1 && there(spots[0].at) && is_alnum(text_[spots[0].at])) {
      if (!fits(text_[spots[0].at])) return false;
      ++spots[0].at;
      continue;
    }
    next.clear();
    if (i > 0) blanks(spots, true);
    for (const Spot& spot : spots) {
      units(kLevels, spot.at, [&](const Unit& unit) {
        if (unit.size != 1 || !fits(unit.bytes[0])) return;
        unsigned steps = spot.steps | unit.steps;
        if (!hex && (unit.bytes[0] == '-' || unit.bytes[0] == '_')) steps = (steps & ~bit(Step::base64)) | bit(Step::base64url);
        put(next, unit.next, steps);
      });
    }
    std::swap(spots, next);
    if (spots.empty()) return false;
  }
  answer.end = spots[0].at;
  answer.shape = shape_of(spots[0].steps);
  return true;
}

Comparer::Answer Comparer::compare(const Pattern& pattern, std::string_view text, std::size_t from, bool ended) {
  const std::string_view value = patterns_.bytes(pattern);
  const std::size_t most = kGrowth * value.size() + 1024;
  text_ = text.substr(0, std::min(text.size(), from + most));
  ended_ = ended || text_.size() < text.size();
  hungry_ = false;
  Answer answer{Verdict::no};
  bool found = false;
  switch (pattern.alphabet) {
    case Alphabet::bytes:
      wide_ = false;
      found = walk_bytes(value, from, answer);
      break;
    case Alphabet::wide:
      wide_ = true;
      for (const bool big : {false, true}) {
        big_end_first_ = big;
        if (!found) found = walk_bytes(value, from, answer);
      }
      wide_ = false;
      break;
    case Alphabet::sextets:
    case Alphabet::nibbles: found = walk_digits(pattern, value, from, answer); break;
  }
  if (found) {
    answer.verdict = Verdict::yes;
    Shape shape;
    if (pattern.part) shape.add(Step::part);
    if (pattern.alphabet == Alphabet::wide) shape.add(Step::utf16);
    shape.add(answer.shape);
    answer.shape = shape;
  } else if (hungry_) {
    answer.verdict = Verdict::hungry;
  }
  return answer;
}

}  // namespace hushrun::audit
