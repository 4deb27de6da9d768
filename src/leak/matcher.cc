#include "leak/matcher.h"

#include <algorithm>
#include <cstring>

namespace hushrun::leak {
namespace {

constexpr bool is_word_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

constexpr unsigned byte_of(char c) { return static_cast<unsigned char>(c); }

std::uint64_t load64(const char* at) {
  std::uint64_t bytes;
  std::memcpy(&bytes, at, sizeof bytes);
  return bytes;
}

Secret zeros(std::size_t count) {
  return Secret::filled_by(count, [](char* room, std::size_t size) {
    std::memset(room, 0, size);
    return size;
  });
}

}  // namespace

Matcher::Matcher(const Needles& needles)
    : needles_{needles}, runs_(needles.first_word_), borders_(needles.first_word_), history_{zeros(kHistory)} {}

// The longest border (a beginning that is also an end) of the first `matched` bytes of a pattern. The table is made when a pattern
// is first missed by a little: most never are. It tells where a value repeats itself, not what it is.
std::size_t Matcher::border(std::uint32_t pattern, std::size_t matched) {
  if (matched < 2) return 0;
  std::unique_ptr<std::uint32_t[]>& table = borders_[pattern];
  if (table == nullptr) {
    const Form& form = needles_.patterns_[pattern];
    table = std::make_unique<std::uint32_t[]>(form.size + std::size_t{1});
    std::uint32_t length = 0;
    for (std::uint32_t i = 1; i < form.size; ++i) {
      const unsigned char next = needles_.byte(form, i);
      while (length > 0 && needles_.byte(form, length) != next) length = table[length];
      if (needles_.byte(form, length) == next) ++length;
      table[i + 1] = length;
    }
  }
  return table[matched];
}

// Takes a run over `bytes`, which stand at `at`, until they end or nothing of the pattern is left matched.
void Matcher::follow(std::uint32_t pattern, std::string_view bytes, std::uint64_t at, std::vector<Match>& found) {
  const Form& form = needles_.patterns_[pattern];
  const char* table = needles_.table_->expose().data() + form.start;
  const char* pad = needles_.pad_->expose().data() + form.start;
  Run& run = runs_[pattern];
  std::size_t matched = run.matched;
  for (std::size_t i = 0; i < bytes.size();) {
    if (form.size - matched >= 8 && bytes.size() - i >= 8 &&
        (load64(table + matched) ^ load64(pad + matched)) == load64(bytes.data() + i)) {
      matched += 8;
      i += 8;
    } else {
      const char next = bytes[i++];
      while (matched > 0 && (table[matched] ^ pad[matched]) != next) matched = border(pattern, matched);
      if ((table[matched] ^ pad[matched]) == next) ++matched;
    }
    if (matched == form.size) {
      found.push_back({at + i - form.size, at + i, form.needle, form.disguise});
      matched = border(pattern, matched);
    }
    if (matched == 0) {
      run = {at + i, 0};
      return;
    }
  }
  run = {at + bytes.size(), static_cast<std::uint32_t>(matched)};
}

// Follows a pattern from `begin`, unless a run has been over it.
void Matcher::start(std::uint32_t pattern, std::uint64_t begin, std::string_view chunk, std::vector<Match>& found) {
  Run& run = runs_[pattern];
  if (begin < run.end) return;
  run.matched = 0;
  if (begin < position_) {
    follow(pattern, last(position_ - begin), begin, found);
    if (run.matched == 0) return;
    follow(pattern, chunk, position_, found);
  } else {
    follow(pattern, chunk.substr(begin - position_), begin, found);
  }
  if (run.matched > 0) alive_.push_back(pattern);
}

// A sample looks like part of some patterns. What they share is compared once, and few are left to be followed: being sorted,
// those that agree with the text so far are neighbours. Patterns that share more than kSharedDepth bytes are followed each by
// itself, or a text that repeats those bytes would have them compared again from every position.
void Matcher::compare(const GramFilter::Candidate& candidate, std::uint64_t sample, std::string_view chunk,
                      std::vector<Match>& found) {
  if (sample < candidate.offset) return;
  const std::uint64_t begin = sample - candidate.offset;
  const std::size_t before = begin < position_ ? position_ - begin : 0;
  if (before > tail_) return;  // what was in front of the tail began no pattern
  std::uint32_t first = candidate.first, last_one = candidate.last;
  while (first < last_one && begin < runs_[first].end) ++first;
  const std::size_t skipped = begin < position_ ? 0 : begin - position_;
  for (std::size_t depth = 0; last_one - first > 1 && depth < kSharedDepth; ++depth) {
    if (depth >= before && depth - before + skipped >= chunk.size()) break;
    const auto next = static_cast<unsigned char>(depth < before ? last(before)[depth] : chunk[depth - before + skipped]);
    const auto at_depth = [&](const Form& pattern) { return needles_.byte(pattern, depth); };
    const auto patterns = needles_.patterns_.begin();
    if (patterns[first].size <= depth) start(first++, begin, chunk, found);  // matches; the others are longer
    if (at_depth(patterns[first]) == next && at_depth(patterns[last_one - 1]) == next) continue;
    const auto end = patterns + last_one;
    const auto low = std::partition_point(patterns + first, end, [&](const Form& one) { return at_depth(one) < next; });
    const auto high = std::partition_point(low, end, [&](const Form& one) { return at_depth(one) == next; });
    first = static_cast<std::uint32_t>(low - patterns);
    last_one = static_cast<std::uint32_t>(high - patterns);
  }
  for (; first < last_one; ++first) start(first, begin, chunk, found);
}

// Samples and words that begin before the chunk and end in it.
void Matcher::scan_seam(std::string_view chunk, std::vector<Match>& found) {
  if (tail_ == 0 && needles_.first_word_ == needles_.patterns_.size()) {
    // Nothing in front of the chunk can matter: on with the first sample inside.
    const std::size_t stride = needles_.filter_.stride();
    while (next_sample_ < position_) next_sample_ += stride;
    return;
  }
  char seam[2 * kHistory];
  const std::size_t size = kHistory + std::min(chunk.size(), kHistory);
  std::memcpy(seam, history(), kHistory);
  std::memcpy(seam + kHistory, chunk.data(), size - kHistory);

  while (next_sample_ < position_) {
    const std::size_t at = kHistory - (position_ - next_sample_);
    if (at + GramFilter::kGram > size) break;
    for (const GramFilter::Candidate& candidate : needles_.filter_.candidates(seam + at)) {
      compare(candidate, next_sample_, chunk, found);
    }
    next_sample_ += needles_.filter_.stride();
  }
  for (std::size_t at = kHistory - word_; at <= kHistory; ++at) words_at({seam, size}, at, position_ - kHistory, found);
  wipe(seam, size);
}

void Matcher::scan(std::string_view chunk, std::vector<Match>& found) {
  const GramFilter& filter = needles_.filter_;
  if (next_sample_ >= position_) {
    std::size_t at = next_sample_ - position_;
    for (; (at = filter.next(chunk, at)) + GramFilter::kGram <= chunk.size(); at += filter.stride()) {
      for (const GramFilter::Candidate& candidate : filter.candidates(chunk.data() + at)) {
        compare(candidate, position_ + at, chunk, found);
      }
    }
    next_sample_ = position_ + at;
  }
  if (needles_.first_word_ < needles_.patterns_.size()) scan_words(chunk, found);
}

// Words that begin in the chunk and not with it. Samples are counted from its first byte here: one per beginning.
void Matcher::scan_words(std::string_view chunk, std::vector<Match>& found) const {
  const GramFilter& filter = needles_.word_filter_;
  if (filter.empty()) {
    // Somebody insists (Policy::always) on words of less than four bytes.
    for (std::size_t at = 1; at + 1 < chunk.size(); ++at) words_at(chunk, at, position_, found);
    return;
  }
  for (std::size_t at = 1; (at = filter.next(chunk, at)) + GramFilter::kGram <= chunk.size(); at += filter.stride()) {
    for (std::size_t offset = std::min(filter.stride(), at); offset-- > 0;) words_at(chunk, at - offset, position_, found);
  }
}

// Words at text[at], which stands at base + at in the stream. `text` goes on to the end of the chunk, or far enough.
void Matcher::words_at(std::string_view text, std::size_t at, std::uint64_t base, std::vector<Match>& found) const {
  if (at + 1 >= text.size()) return;
  if (!needles_.word_beginnings_[byte_of(text[at]) << 8 | byte_of(text[at + 1])] || is_word_byte(text[at - 1])) return;
  for (std::size_t i = needles_.first_word_; i < needles_.patterns_.size(); ++i) {
    const Form& word = needles_.patterns_[i];
    const std::size_t end = at + word.size;
    if (end >= text.size() || is_word_byte(text[end])) continue;
    if (base + end < position_) continue;  // its neighbour came earlier, and so did its match
    if (needles_.equals(word, 0, text.substr(at, word.size))) found.push_back({base + at, base + end, word.needle, word.disguise});
  }
}

void Matcher::feed(std::string_view chunk, std::vector<Match>& found) {
  if (chunk.empty() || needles_.empty()) {
    position_ += chunk.size();
    return;
  }
  const auto first = static_cast<std::ptrdiff_t>(found.size());
  std::size_t kept = 0;
  for (std::size_t i = 0; i < alive_.size(); ++i) {
    follow(alive_[i], chunk, position_, found);
    if (runs_[alive_[i]].matched > 0) alive_[kept++] = alive_[i];
  }
  alive_.resize(kept);
  scan_seam(chunk, found);
  scan(chunk, found);
  remember(chunk);
  std::sort(found.begin() + first, found.end(), [](const Match& left, const Match& right) {
    return left.end != right.end ? left.end < right.end : left.begin < right.begin;
  });
}

void Matcher::remember(std::string_view chunk) {
  history_.change([&](char* history, std::size_t) {
    const std::size_t taken = std::min(chunk.size(), kHistory);
    std::memmove(history, history + taken, kHistory - taken);
    std::memcpy(history + kHistory - taken, chunk.data() + chunk.size() - taken, taken);
  });
  position_ += chunk.size();
  // What is open now was open before, as far as it had been seen: further back the history holds nothing.
  tail_ = open_tail(tail_ + chunk.size());
  word_ = open_word(word_ + chunk.size());
  open_ = std::max(tail_, word_);
  history_.change([&](char* history, std::size_t) {
    const std::size_t rest = kHistory - open_;
    const char stand_in = is_word_byte(history[rest - 1]) ? '_' : '\0';
    std::memset(history, 0, rest);
    history[rest - 1] = stand_in;
  });
  for (const std::uint32_t pattern : alive_) open_ = std::max<std::size_t>(open_, runs_[pattern].matched);
}

// A longer beginning has been met by a sample, and is followed by a run.
std::size_t Matcher::open_tail(std::size_t most) const {
  std::size_t length = std::min(needles_.filter_.longest_unmet(), most);
  for (; length > 0; --length) {
    const Needles::Range range = needles_.beginning_with(last(length));
    if (range.first < range.last) break;
  }
  return length;
}

std::size_t Matcher::open_word(std::size_t most) const {
  if (needles_.first_word_ == needles_.patterns_.size()) return 0;
  std::size_t length = std::min(kLongestWord, most);
  for (; length > 0; --length) {
    if (is_word_byte(history()[kHistory - length - 1])) continue;
    for (std::size_t i = needles_.first_word_; i < needles_.patterns_.size(); ++i) {
      const Form& word = needles_.patterns_[i];
      if (word.size >= length && needles_.equals(word, 0, last(length))) return length;
    }
  }
  return 0;
}

std::optional<Match> Matcher::awaiting() const {
  std::vector<Match> complete;
  finish(complete);
  if (complete.empty()) return std::nullopt;
  return complete.front();
}

void Matcher::finish(std::vector<Match>& found) const {
  for (std::size_t length = word_; length > 0; --length) {
    if (is_word_byte(history()[kHistory - length - 1])) continue;
    for (std::size_t i = needles_.first_word_; i < needles_.patterns_.size(); ++i) {
      const Form& word = needles_.patterns_[i];
      if (word.size != length || !needles_.equals(word, 0, last(length))) continue;
      found.push_back({position_ - length, position_, word.needle, word.disguise});
    }
  }
}

std::optional<Match> Matcher::unfinished() const {
  std::optional<Match> longest;
  const auto consider = [&](const Form& form, std::size_t matched) {
    if (matched < Forms::kShortest || matched <= form.public_size) return;
    const std::uint64_t begin = position_ - matched;
    if (longest && (begin > longest->begin || (begin == longest->begin && form.needle >= longest->needle))) return;
    longest = Match{begin, position_, form.needle, form.disguise};
  };
  for (const std::uint32_t pattern : alive_) consider(needles_.patterns_[pattern], runs_[pattern].matched);
  for (std::size_t length = tail_; length >= Forms::kShortest; --length) {
    const Needles::Range range = needles_.beginning_with(last(length));
    for (std::uint32_t i = range.first; i < range.last; ++i) consider(needles_.patterns_[i], length);
  }
  return longest;
}

}  // namespace hushrun::leak
