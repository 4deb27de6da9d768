#pragma once
// Finds every needle, in every disguise, in a stream that arrives in arbitrary chunks. Pure: bytes in, intervals out.

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "leak/needle.h"

namespace hushrun::leak {

/// One occurrence: bytes [begin, end) of the stream.
struct Match {
  std::uint64_t begin;
  std::uint64_t end;
  std::uint32_t needle;
  Disguise disguise;
  bool operator==(const Match&) const = default;
};

/// The state of one stream. Not thread-safe; the Needles must outlive it and stay where they are.
///
/// Exact: reports the same matches however the stream is cut. The filter (filter.h) names candidates, those are compared
/// as far as there are bytes; a pattern that reaches the end of the chunk is followed into the next. Of a pattern only the
/// longest beginning is followed, the shorter ones are found through its borders (Knuth, Morris, Pratt), so no text costs
/// more than a few steps per byte and pattern that begins like it, and a value of 100 KiB that comes byte by byte costs
/// no more than one that comes at once.
class Matcher {
 public:
  /// The longest beginning that the filter may not have met yet.
  static constexpr std::size_t kLongestUnmet = 80;

  explicit Matcher(const Needles& needles);

  /// Appends the matches which this chunk completes, in order of their ends.
  void feed(std::string_view chunk, std::vector<Match>& found);
  /// Appends those which only the end of the stream completes: a word needs to know its neighbour.
  void finish(std::vector<Match>& found) const;

  /// Bytes seen.
  std::uint64_t position() const { return position_; }
  /// Where the longest suffix begins that may still become a match, or be part of one; position() if there is none.
  std::uint64_t open_from() const { return position_ - open_; }
  /// A word that is complete but for its right neighbour.
  std::optional<Match> awaiting() const;
  /// The longest beginning of a pattern at the end of what was seen that gives the value away: 8 bytes or more, and more than
  /// everybody may see of it.
  std::optional<Match> unfinished() const;

 private:
  // How far a pattern has been followed.
  struct Run {
    std::uint64_t end = 0;      // no occurrence that begins before it is still unknown
    std::uint32_t matched = 0;  // bytes of the pattern that stand at `end`; 0 unless `end` is position()
  };
  static constexpr std::size_t kHistory = kLongestUnmet + 16;  // or a word, each with its left neighbour, and some
  static constexpr std::size_t kSharedDepth = 64;
  static constexpr std::size_t kLongestWord = Forms::kShortest - 1;

  void follow(std::uint32_t pattern, std::string_view bytes, std::uint64_t at, std::vector<Match>& found);
  void start(std::uint32_t pattern, std::uint64_t begin, std::string_view chunk, std::vector<Match>& found);
  void compare(const GramFilter::Candidate& candidate, std::uint64_t sample, std::string_view chunk, std::vector<Match>& found);
  void scan_seam(std::string_view chunk, std::vector<Match>& found);
  void scan(std::string_view chunk, std::vector<Match>& found);
  void scan_words(std::string_view chunk, std::vector<Match>& found) const;
  void words_at(std::string_view text, std::size_t at, std::uint64_t base, std::vector<Match>& found) const;
  void remember(std::string_view chunk);
  std::size_t open_tail(std::size_t most) const;
  std::size_t open_word(std::size_t most) const;
  std::size_t border(std::uint32_t pattern, std::size_t matched);
  std::string_view last(std::size_t count) const { return {history() + kHistory - count, count}; }
  const char* history() const { return history_.expose().data(); }

  const Needles& needles_;
  std::uint64_t position_ = 0;
  std::uint64_t next_sample_ = 0;
  std::vector<Run> runs_;
  std::vector<std::uint32_t> alive_;  // patterns with matched > 0
  std::vector<std::unique_ptr<std::uint32_t[]>> borders_;
  std::size_t open_ = 0;  // length of the longest beginning at the end; the maximum of alive_ and of the next two
  std::size_t tail_ = 0;  // of one so short that no sample may have met it yet
  std::size_t word_ = 0;  // of a word, or of a complete one
  // The last bytes of the stream, as far as they belong to tail_ or word_; in front of them `_` for a letter, digit or
  // underscore and NUL for anything else; then NULs. A needle that has just been found does not stay here.
  Secret history_;  // kHistory bytes
};

}  // namespace hushrun::leak
