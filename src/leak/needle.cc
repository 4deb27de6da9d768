#include "leak/needle.h"

#include "leak/matcher.h"

#include <sys/auxv.h>

#include <algorithm>
#include <cstring>

namespace hushrun::leak {
namespace {

constexpr std::size_t kShortestWord = 4;
constexpr std::size_t kShortestNumber = 6;

// Values that logs are full of, and passwords that images, examples and packages are full of: masking them hides nothing and destroys
// much, and finding them tells nothing.
constexpr std::string_view kCommon[] = {
    "true",     "false",     "null",      "none",     "undefined", "default",   "localhost", "127.0.0.1",   "production",  "development",   "disabled",
    "password", "password1", "password123", "passw0rd", "changeme",  "change-me", "changeit",  "12345678",    "123456789",   "example1",      "username",
    "testtest", "default1",  "anonymous", "postgres", "administrator"};

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
// `db-password` becomes the variable DB_PASSWORD.
constexpr char as_in_a_name(char c) { return c == '-' || c == '.' ? '_' : lower(c); }

template <class Fold>
bool same(std::string_view left, std::string_view right, Fold fold) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(), [&](char a, char b) { return fold(a) == fold(b); });
}

bool is_common(std::string_view value, std::span<const Delivered> all) {
  if (value.size() < kShortestNumber && std::all_of(value.begin(), value.end(), is_digit)) return true;
  if (std::all_of(value.begin(), value.end(), [&](char c) { return c == value[0]; })) return true;
  for (std::string_view word : kCommon) {
    if (same(value, word, lower)) return true;
  }
  return std::any_of(all.begin(), all.end(), [&](const Delivered& other) { return same(value, other.name.view(), as_in_a_name); });
}

// Of what a byte is in ordinary text: words, numbers and signs in between follow each other in runs, keys do not.
int kind_of(char c) { return is_digit(c) ? 0 : c >= 'a' && c <= 'z' ? 1 : c >= 'A' && c <= 'Z' ? 2 : 3; }

// Where in a pattern `size` bytes stand that logs are least full of: behind what is public, and where kinds of bytes change most often. Not
// far from the beginning, as all before it is compared by itself at the end of every piece.
std::size_t telling_window(std::string_view bytes, std::size_t public_size, std::size_t size) {
  constexpr std::size_t kFarthest = Matcher::kLongestUnmet - (GramFilter::kLongestStride + GramFilter::kGram - 1);
  const std::size_t last = std::min(bytes.size() - size, kFarthest);
  const auto changes = [&](std::size_t at) { return kind_of(bytes[at]) != kind_of(bytes[at + 1]) ? 1 : 0; };
  std::size_t best = std::min(public_size, last);
  int now = 0;
  for (std::size_t i = best; i + 1 < best + size; ++i) now += changes(i);
  int most = now;
  for (std::size_t window = best + 1; window <= last; ++window) {
    now += changes(window + size - 2) - changes(window - 1);
    if (now <= most) continue;
    most = now;
    best = window;
  }
  return best;
}

// 64 random bits the kernel gave this process at its start (getauxval(3)): no system call, and none that could fail.
std::uint64_t process_seed() {
  std::uint64_t seed = 0x9e3779b97f4a7c15;
  if (const unsigned long at = getauxval(AT_RANDOM)) std::memcpy(&seed, reinterpret_cast<const void*>(at), sizeof seed);
  return seed;
}

// SplitMix64 (Steele, Lea, Flood 2014). The pad only has to look like nothing; it lies beside what it covers.
std::uint64_t next_random(std::uint64_t& state) {
  std::uint64_t z = state += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

}  // namespace

Literal words(Weakness weakness) {
  switch (weakness) {
    case Weakness::too_short:
      return "too short to be masked: ordinary text is full of it";
    case Weakness::common:
      return "too common to be masked: ordinary text is full of it";
    case Weakness::word_only:
      return "short: masked only where it stands as a word, and in no other spelling";
    case Weakness::large:
      return "large: not masked in all of its spellings";
  }
  return "";
}

Needles::Needles(std::span<const Delivered> delivered) {
  Forms forms;
  std::size_t bytes = 0;
  for (const Delivered& one : delivered) bytes += one.policy == Policy::never ? 0 : one.value->size();
  // What ten forms of a token take; more is found by doubling.
  forms.reserve(std::min(16 * bytes, Forms::kMostBytes));
  names_.reserve(delivered.size());
  marks_.reserve(delivered.size());
  for (const Delivered& one : delivered) {
    const auto needle = static_cast<std::uint32_t>(names_.size());
    names_.push_back(one.name);
    marks_.push_back(std::string{"[REDACTED:"}.append(one.name.view()).append("]"));
    classify(one, needle, delivered, forms);
  }
  if (!forms.list().empty()) seal(forms);
}

void Needles::note(Public name, Weakness weakness) {
  const Weak weak{name, weakness};
  if (std::find(weak_.begin(), weak_.end(), weak) == weak_.end()) weak_.push_back(weak);
}

// Blanks around a value are never part of a pattern: whatever shows them shows the rest as well, in every disguise, and a
// mark that took the line's end with it would run two lines together.
void Needles::classify(const Delivered& delivered, std::uint32_t needle, std::span<const Delivered> all, Forms& forms) {
  if (delivered.policy == Policy::never) return;
  const Exposed exposed = delivered.value->expose();
  const std::string_view value = trimmed({exposed.data(), exposed.size()});
  if (value.empty()) return;
  if (delivered.policy == Policy::automatic) {
    if (is_common(value, all)) return note(delivered.name, Weakness::common);
    if (value.size() < kShortestWord) return note(delivered.name, Weakness::too_short);
    if (value.size() < Forms::kShortest) note(delivered.name, Weakness::word_only);
  }
  if (value.size() < Forms::kShortest) {
    forms.add_word(value, needle);
  } else if (!forms.spell(value, needle)) {
    note(delivered.name, Weakness::large);
  }
}

// Sorts the forms, drops what is there twice (the name delivered first keeps it), and covers the bytes.
void Needles::seal(const Forms& forms) {
  patterns_.assign(forms.list().begin(), forms.list().end());
  const auto is_word = [](const Form& form) { return form.disguise == Disguise::word; };
  std::sort(patterns_.begin(), patterns_.end(), [&](const Form& left, const Form& right) {
    if (is_word(left) != is_word(right)) return is_word(right);
    const int order = forms.bytes(left).compare(forms.bytes(right));
    if (order != 0) return order < 0;
    return left.needle != right.needle ? left.needle < right.needle : left.start < right.start;
  });
  const auto same_bytes = [&](const Form& left, const Form& right) {
    return is_word(left) == is_word(right) && forms.bytes(left) == forms.bytes(right);
  };
  patterns_.erase(std::unique(patterns_.begin(), patterns_.end(), same_bytes), patterns_.end());
  patterns_.shrink_to_fit();
  first_word_ = static_cast<std::uint32_t>(std::find_if(patterns_.begin(), patterns_.end(), is_word) - patterns_.begin());

  std::uint64_t random = process_seed();
  std::vector<GramFilter::Pattern> plain, words;  // views, not copies
  std::size_t total = 0, shortest = Forms::kLarge;
  plain.reserve(first_word_);
  for (std::uint32_t i = 0; i < first_word_; ++i) shortest = std::min<std::size_t>(shortest, patterns_[i].size);
  for (const Form& form : patterns_) {
    const std::string_view bytes = forms.bytes(form);
    total += bytes.size();
    if (is_word(form)) {
      words.push_back({bytes});
      const unsigned first = static_cast<unsigned char>(bytes[0]);
      for (unsigned second = 0; second < 256; ++second) {
        if (bytes.size() == 1 || second == static_cast<unsigned char>(bytes[1])) word_beginnings_.set(first << 8 | second);
      }
    } else {
      plain.push_back({bytes, telling_window(bytes, form.public_size, GramFilter::stride_for(shortest) + GramFilter::kGram - 1)});
      const unsigned first = static_cast<unsigned char>(bytes[0]);
      first_bytes_.set(first);
      beginnings_.set(first << 8 | static_cast<unsigned char>(bytes[1]));
    }
  }
  filter_ = GramFilter{plain, next_random(random)};
  const auto is_short = [](const GramFilter::Pattern& word) { return word.bytes.size() < GramFilter::kGram; };
  if (std::none_of(words.begin(), words.end(), is_short)) word_filter_ = GramFilter{words, next_random(random)};

  pad_ = Secret::filled_by(total, [&](char* room, std::size_t size) {
    for (std::size_t at = 0; at < size; at += sizeof random) {
      const std::uint64_t block = next_random(random);
      std::memcpy(room + at, &block, std::min(sizeof block, size - at));
    }
    return size;
  });
  table_ = Secret::filled_by(total, [&](char* room, std::size_t size) {
    const char* pad = pad_->expose().data();
    std::size_t at = 0;
    for (Form& form : patterns_) {
      const std::string_view bytes = forms.bytes(form);
      form.start = static_cast<std::uint32_t>(at);
      for (char byte : bytes) {
        room[at] = static_cast<char>(byte ^ pad[at]);
        ++at;
      }
    }
    return size;
  });
}

bool Needles::equals(const Form& pattern, std::size_t from, std::string_view text) const {
  const char* table = table_->expose().data() + pattern.start + from;
  const char* pad = pad_->expose().data() + pattern.start + from;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((table[i] ^ pad[i]) != text[i]) return false;
  }
  return true;
}

Needles::Range Needles::beginning_with(std::string_view text) const {
  const unsigned leading = static_cast<unsigned char>(text[0]);
  if (text.size() == 1 ? !first_bytes_.test(leading) : !beginnings_.test(leading << 8 | static_cast<unsigned char>(text[1]))) return {0, 0};
  const auto order = [&](const Form& pattern) {
    for (std::size_t i = 0; i <= text.size(); ++i) {
      if (i == pattern.size) return -1;
      if (i == text.size()) break;
      const int difference = byte(pattern, i) - static_cast<unsigned char>(text[i]);
      if (difference != 0) return difference;
    }
    return 0;
  };
  const auto begin = patterns_.begin();
  const auto end = begin + first_word_;
  const auto first = std::partition_point(begin, end, [&](const Form& pattern) { return order(pattern) < 0; });
  const auto last = std::partition_point(first, end, [&](const Form& pattern) { return order(pattern) <= 0; });
  return {static_cast<std::uint32_t>(first - begin), static_cast<std::uint32_t>(last - begin)};
}

}  // namespace hushrun::leak
