#include "audit/patterns.h"

#include <algorithm>
#include <string>

#include "core/json.h"
#include "core/sys_process.h"

namespace hushrun::audit {
namespace {

constexpr char kBase64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr char kBase64Url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr char kLower[] = "0123456789abcdef";
constexpr char kUpper[] = "0123456789ABCDEF";

// The filter steps by 8 over windows of 11 bytes, by 5, 3 and 1 over shorter ones.
constexpr std::array<std::size_t, 4> kWindows = {11, 8, 6, 4};
// Where an anchor may lie in a long value: the comparer has to go back to its beginning.
constexpr std::size_t kAnchorWithin = 512;
// A value of more is no credential; its parts are not looked for one by one.
constexpr std::size_t kMostParts = 1024;
constexpr std::size_t kShortestPart = 16;
constexpr std::size_t kLarge = 65536;

constexpr int kind_of(char c) {
  return c >= '0' && c <= '9' ? 1 : c >= 'a' && c <= 'z' ? 2 : c >= 'A' && c <= 'Z' ? 3 : 0;
}

// How little a window looks like a word that others use as well: kinds of characters that follow each other, and different ones.
int rarity(std::string_view window) {
  int score = 0;
  std::uint64_t seen[4] = {};
  for (std::size_t i = 0; i < window.size(); ++i) {
    const unsigned byte = byte_of(window[i]);
    if ((seen[byte / 64] >> (byte % 64) & 1) == 0) ++score;
    seen[byte / 64] |= std::uint64_t{1} << (byte % 64);
    if (i > 0 && kind_of(window[i]) != kind_of(window[i - 1])) score += 2;
  }
  return score;
}

struct Window {
  std::size_t at;
  std::size_t size;
};

// Up to two windows of letters and digits: the longest kind there is, of these the rarest, and the rarest that does not overlap it.
template <class Admit>
std::vector<Window> windows_in(std::string_view text, Admit&& admit) {
  const std::string_view head = text.substr(0, kAnchorWithin);
  for (const std::string_view where : {head, text}) {
    for (const std::size_t size : kWindows) {
      std::vector<Window> chosen;
      for (int turn = 0; turn < 2; ++turn) {
        int best = -1;
        Window window{0, size};
        std::size_t run = 0;
        for (std::size_t end = 1; end <= where.size(); ++end) {
          run = admit(where[end - 1]) ? run + 1 : 0;
          if (run < size) continue;
          const std::size_t at = end - size;
          if (!chosen.empty() && at < chosen[0].at + size && chosen[0].at < end) continue;
          const int score = rarity(where.substr(at, size));
          if (score > best) best = score, window.at = at;
        }
        if (best >= 0) chosen.push_back(window);
      }
      if (!chosen.empty()) return chosen;
    }
    if (head.size() == text.size()) break;
  }
  return {};
}

bool is_pem_line(std::string_view line) {
  return line.size() >= 32 && std::all_of(line.begin(), line.end(), [](char c) { return kind_of(c) != 0 || c == '+' || c == '/' || c == '='; });
}

}  // namespace

Sextet sextet(std::string_view value, std::size_t offset, std::size_t number) {
  // In bits, counted from the beginning of the value; the first sextet may begin before it, the last end behind it.
  const auto first = static_cast<std::ptrdiff_t>(6 * (8 * offset / 6 + number)) - static_cast<std::ptrdiff_t>(8 * offset);
  Sextet out{0, 0};
  for (std::ptrdiff_t bit = first; bit < first + 6; ++bit) {
    out.bits <<= 1;
    out.mask <<= 1;
    if (bit < 0 || bit >= static_cast<std::ptrdiff_t>(8 * value.size())) continue;
    out.mask |= 1;
    out.bits |= byte_of(value[static_cast<std::size_t>(bit / 8)]) >> (7 - bit % 8) & 1;
  }
  return out;
}

Patterns::Patterns(std::span<const leak::Delivered> values) {
  std::vector<leak::Delivered> odd;
  // The comparer's own rules for what cannot be looked for are those of the redactor: one definition.
  const leak::Needles judged{values};
  for (const leak::Weak& weak : judged.weak()) {
    if (weak.weakness != leak::Weakness::large) weak_.push_back({weak.name, weak.weakness == leak::Weakness::common});
  }
  const auto is_weak = [&](Public name) { return std::any_of(weak_.begin(), weak_.end(), [&](const Weak& weak) { return weak.name == name; }); };
  for (const leak::Delivered& one : values) {
    const auto needle = static_cast<std::uint32_t>(names_.size());
    names_.push_back(one.name);
    const Exposed exposed = one.value->expose();
    const std::string_view value = leak::trimmed({exposed.data(), exposed.size()});
    if (value.size() < kShortest || is_weak(one.name)) continue;
    longest_ = std::max(longest_, value.size());
    const std::size_t plain_anchors = anchors_.size();
    add_value(value, needle, false);
    add_parts(value, needle);
    const bool anchored = std::any_of(anchors_.begin() + static_cast<std::ptrdiff_t>(plain_anchors), anchors_.end(), [&](const Anchor& anchor) {
      const Pattern& pattern = patterns_[anchor.pattern];
      return pattern.alphabet == Alphabet::bytes && !pattern.part;
    });
    if (!anchored) {
      odd.push_back({one.name, one.value, leak::Policy::always});
      enumerated_numbers_.push_back(needle);
    }
  }
  if (!odd.empty()) enumerated_.emplace(odd);
  seal();
}

void Patterns::anchor(std::string_view text, std::uint32_t element) {
  const auto number = static_cast<std::uint32_t>(patterns_.size() - 1);
  anchors_.push_back({static_cast<std::uint32_t>(pool_.size()), static_cast<std::uint32_t>(text.size()), number, element});
  pool_.append(text);
  reach_back_ = std::max(reach_back_, kGrowth * element + 64);
}

void Patterns::add_pattern(Pattern pattern) {
  patterns_.push_back(pattern);
  const std::string_view value = bytes(pattern);
  const auto plain = [](char c) { return kind_of(c) != 0; };
  leak::LockedBytes text;
  switch (pattern.alphabet) {
    case Alphabet::bytes:
      for (const Window& window : windows_in(value, plain)) anchor(value.substr(window.at, window.size), static_cast<std::uint32_t>(window.at));
      return;
    case Alphabet::wide: {
      // "a\0b\0c" is part of both byte orders.
      for (const Window& window : windows_in(value, plain)) {
        text.truncate(0);
        const std::size_t characters = std::min<std::size_t>(window.size, 6);
        for (std::size_t i = 0; i < characters; ++i) {
          if (i > 0) text.append('\0');
          text.append(value[window.at + i]);
        }
        anchor(text.view(), static_cast<std::uint32_t>(window.at));
      }
      return;
    }
    case Alphabet::sextets: {
      // The characters that the value alone decides, as far as anchors are taken from.
      const std::size_t first = sextet(value, pattern.offset, 0).mask == 63 ? 0 : 1;
      std::size_t last = std::min(elements(pattern), first + kAnchorWithin);
      while (last > first && sextet(value, pattern.offset, last - 1).mask != 63) --last;
      const auto spell = [&](const char* alphabet) {
        text.truncate(0);
        for (std::size_t i = first; i < last; ++i) text.append(alphabet[sextet(value, pattern.offset, i).bits]);
      };
      spell(kBase64);
      std::vector<Window> windows = windows_in(text.view(), plain);
      if (!windows.empty() && windows[0].size >= std::min<std::size_t>(kWindows[1], last - first)) {
        for (const Window& window : windows) anchor(text.view(window.at, window.size), static_cast<std::uint32_t>(first + window.at));
        return;
      }
      windows = windows_in(text.view(), [](char) { return true; });
      for (const char* alphabet : {kBase64, kBase64Url}) {
        spell(alphabet);
        for (const Window& window : windows) anchor(text.view(window.at, window.size), static_cast<std::uint32_t>(first + window.at));
      }
      return;
    }
    case Alphabet::nibbles:
      for (const char* alphabet : {kLower, kUpper}) {
        text.truncate(0);
        for (char c : value.substr(0, kAnchorWithin / 2)) text.append(alphabet[byte_of(c) >> 4]), text.append(alphabet[byte_of(c) & 15]);
        for (const Window& window : windows_in(text.view(), [](char) { return true; })) {
          anchor(text.view(window.at, window.size), static_cast<std::uint32_t>(window.at));
        }
      }
      return;
  }
}

void Patterns::add_value(std::string_view value, std::uint32_t needle, bool part) {
  const auto start = static_cast<std::uint32_t>(values_.size());
  values_.append(value);
  // Line ends, and blanks in a row, may be gone from a text.
  const auto blanks = static_cast<std::size_t>(std::count_if(value.begin(), value.end(), [](char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }));
  shortest_ = std::min(shortest_, value.size() - blanks);
  const auto add = [&](Alphabet alphabet, unsigned offset) {
    add_pattern({start, static_cast<std::uint32_t>(value.size()), needle, alphabet, static_cast<std::uint8_t>(offset), part});
  };
  add(Alphabet::bytes, 0);
  for (unsigned offset = 0; offset < 3; ++offset) add(Alphabet::sextets, offset);
  if (part || value.size() > kLarge) return;
  add(Alphabet::nibbles, 0);
  add(Alphabet::wide, 0);
}

// What is itself shaped like a credential counts on its own: the body of a PEM file line by line, a key in a document of several
// members. A line such as `"type": "account"` is everybody's.
void Patterns::add_parts(std::string_view value, std::uint32_t needle) {
  std::size_t parts = 0;
  const auto add = [&](std::string_view part) {
    if (part.size() < kShortestPart || part.size() == value.size() || ++parts > kMostParts) return;
    add_value(part, needle, true);
  };
  if (value.front() == '{' || value.front() == '[') {
    const bool parsed = json::scalars(value, [&](const json::Scalar& one) {
      const std::string_view trimmed = leak::trimmed(one.text);
      if (one.kind != json::Scalar::Kind::string) return;
      if (trimmed.starts_with("-----BEGIN ") || could_be_a_key(trimmed)) {
        add(trimmed);
        if (trimmed.find('\n') == std::string_view::npos) return;
        for (std::string_view rest = trimmed; !rest.empty();) {
          const std::size_t end = rest.find('\n');
          const std::string_view line = leak::trimmed(rest.substr(0, end));
          if (is_pem_line(line)) add(line);
          rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
        }
      }
    });
    if (parsed) return;
  }
  if (value.find('\n') == std::string_view::npos) return;
  for (std::string_view rest = value; !rest.empty();) {
    const std::size_t end = rest.find('\n');
    const std::string_view line = leak::trimmed(rest.substr(0, end));
    if (is_pem_line(line) || (!line.starts_with("-----") && could_be_a_key(line))) add(line);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
}

void Patterns::seal() {
  // A seed from the kernel, so that nobody can write a text that is all false candidates.
  const std::string random = sys::random_name();
  std::uint64_t seed = 0;
  for (char c : random) seed = seed * 31 + byte_of(c);
  for (std::size_t i = 0; i < kWindows.size(); ++i) {
    Sieve sieve;
    const std::size_t from = kWindows[i], below = i == 0 ? SIZE_MAX : kWindows[i - 1];
    for (const Anchor& one : anchors_) {
      if (one.size >= from && one.size < below) sieve.anchors.push_back(one);
    }
    if (sieve.anchors.empty()) continue;
    std::sort(sieve.anchors.begin(), sieve.anchors.end(), [&](const Anchor& a, const Anchor& b) { return bytes(a) < bytes(b); });
    std::vector<leak::GramFilter::Pattern> texts;
    for (const Anchor& one : sieve.anchors) {
      texts.push_back({bytes(one)});
      sieve.longest = std::max<std::size_t>(sieve.longest, one.size);
    }
    sieve.filter = leak::GramFilter{texts, seed};
    sieves_.push_back(std::move(sieve));
  }
  anchors_.clear();
}

}  // namespace hushrun::audit
