#pragma once
// Bytes in, bytes out: every needle replaced by a mark, everything else as it came, as soon as it may go.

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "leak/locked_bytes.h"
#include "leak/matcher.h"

namespace hushrun::leak {

/// How often a mark stands in a stream: each is a leak to mend.
struct MarkCount {
  Public name;
  std::uint64_t marks;
};

/// The filter of one stream. Has no clock and makes no system call: the caller says how long it has been quiet, and writes.
///
/// What is held back is exactly the longest suffix that may still become a needle. Overlapping matches are one mark, named
/// after the longest of them; matches that only touch are two. Not thread-safe; the Needles must outlive it and stay
/// where they are.
class Redactor {
 public:
  /// Pieces to be written in this order: of the chunk, of what was held back, and marks. They point into the caller's chunk
  /// where they can, so that clean output is never copied. Valid until the next call.
  using Slices = std::span<const std::string_view>;
  using Duration = std::chrono::milliseconds;

  /// A pause after which a complete match goes out as its mark, and a beginning of at most kShortBeginning bytes as it
  /// is: a prompt may well end like that, and a person is waiting.
  static constexpr Duration kShortPause{50};
  static constexpr std::size_t kShortBeginning = 3;
  /// A pause after which nothing is held any longer. A beginning that gives the value away (Matcher::unfinished) goes out as a
  /// mark, and the mark stays even if the rest is different after all; any other goes out as it is.
  static constexpr Duration kLongPause{2000};

  explicit Redactor(const Needles& needles);

  /// The next bytes, at least one.
  Slices feed(std::string_view chunk);
  /// To be called when deadline() has passed since the last byte. What goes out now is remembered: if it was the beginning
  /// of a needle, the rest is still replaced by a mark, or by nothing where the mark is out already.
  Slices quiet(Duration since_last_byte);
  /// The end of the stream. No byte is lost; the beginning of a needle is treated as after kLongPause.
  Slices finish();

  /// How long after the last byte quiet() has something to do. Nothing: no timer is needed.
  std::optional<Duration> deadline() const;

  /// One entry per name that was masked, in order of delivery.
  std::vector<MarkCount> counts() const;

 private:
  // Matches that overlap, united.
  struct Cover {
    std::uint64_t begin;
    std::uint64_t end;
    Match longest;  // gives the name
  };

  void begin_call();
  void unite(const Match& match);
  void release(std::uint64_t until);
  void release_all();
  void put_bytes(std::uint64_t until);
  void put_mark(const Cover& cover);
  void hold();
  std::uint64_t held_end() const { return held_from_ + held_.size() - held_head_; }
  bool has_mark_to_give() const;

  const Needles& needles_;
  Matcher matcher_;
  std::vector<Match> found_;
  std::vector<Cover> covers_;  // disjoint, in order; those before first_cover_ are done with
  std::size_t first_cover_ = 0;
  std::uint64_t out_ = 0;           // what is before it went out, or is hidden
  std::uint64_t marked_until_ = 0;  // end of what the last mark stands for
  std::uint64_t held_from_ = 0;     // position of held_[held_head_]
  std::size_t held_head_ = 0;
  LockedBytes held_;
  LockedBytes retired_;  // what slices of the last call may still point into
  std::string_view chunk_;
  std::vector<std::string_view> slices_;
  std::vector<std::uint64_t> marks_;  // by needle
};

/// The whole of a text, as a stream that ends there: for our own log lines, and what a command wrote to stderr.
std::string masked(const Needles& needles, std::string_view text);

}  // namespace hushrun::leak
