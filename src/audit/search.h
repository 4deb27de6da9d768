#pragma once
// The search, which knows values and no places: takes fragments from walkers and keeps where a value stood.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "audit/comparer.h"
#include "audit/decoded_runs.h"
#include "audit/fragment.h"
#include "audit/patterns.h"
#include "leak/matcher.h"

namespace hushrun::audit {

/// A value in a fragment. A Finding is made of it where it may be printed.
struct Hit {
  std::uint32_t needle = 0;
  Shape shape;
  Locator where;
  Visibility visibility = Visibility::unknown;
  std::uint32_t hidden_by = 0;
  Published published = Published::unknown;
  std::string made_by;
  std::size_t repeats = 0;
};

/// An occurrence in a text.
struct Occurrence {
  std::size_t begin;
  std::size_t end;
  std::uint32_t needle;
  bool part;
  Shape shape;
};

/// Finds occurrences in a text that lies in memory as a whole, or as a window of a stream.
class Scanner {
 public:
  explicit Scanner(const Patterns& patterns);

  /// Something that begins in the text and may go on behind it; to be asked again when there is more.
  struct Pending {
    const Anchor* anchor;
    std::size_t at;  // of the anchor
  };
  /// Anchors that end behind `seen` are compared. Occurrences are appended in no order.
  void scan(std::string_view text, std::size_t seen, bool ended, std::vector<Occurrence>& found, std::vector<Pending>& pending);
  void verify(const Pending& one, std::string_view text, bool ended, std::vector<Occurrence>& found, std::vector<Pending>& pending);
  std::size_t reach_back() const { return patterns_.reach_back() + longest_anchor_; }

 private:
  const Patterns& patterns_;
  Comparer comparer_;
  std::size_t longest_anchor_ = 0;
};

/// One fragment after the other, each in chunks of any size: the answer does not depend on how it was cut. Reports one hit per fragment
/// and value, the value as a whole before a part of it, and counts the rest.
class Search : public Visitor {
 public:
  explicit Search(const Patterns& patterns);

  void begin(const Locator& where) override;
  void feed(std::string_view chunk) override;
  void end() override;
  void gap(Gap gap) override;
  void count(const Totals& more) override;

  std::vector<Hit> take_hits() { return std::exchange(hits_, {}); }
  std::vector<Gap> take_gaps() { return std::exchange(gaps_, {}); }
  const Totals& totals() const { return totals_; }

 private:
  struct First {
    bool any = false;
    bool part = false;
    Shape shape;
    std::uint64_t offset = 0;
    std::uint32_t line = 0;
    std::uint64_t last_end = 0;
    std::size_t repeats = 0;
  };
  static constexpr std::size_t kWindow = 256 * 1024;
  // A spelling in an encoding in an encoding: facts of the field show two, not three.
  static constexpr int kDepth = 2;
  static constexpr std::size_t kMostHits = 100'000;

  void scan(bool ended);
  void look_into(std::string_view text, std::size_t from, std::size_t origin, bool ended, const Shape& outer, int depth, std::size_t& stop);
  void note(const Occurrence& occurrence);

  const Patterns& patterns_;
  Scanner scanner_;
  std::array<DecodedRuns, kDepth> runs_;
  std::unique_ptr<leak::Matcher> enumerated_;

  Locator where_;
  std::string window_;          // the part of the fragment that is looked at
  std::uint64_t window_at_ = 0; // its place in the fragment
  std::size_t seen_ = 0;        // of the window, by the scanner
  std::size_t runs_seen_ = 0;
  std::uint64_t lines_ = 0;     // line ends in front of the window
  std::vector<Scanner::Pending> pending_;
  std::vector<Occurrence> found_;
  std::vector<First> firsts_;
  std::vector<std::uint32_t> touched_;

  std::vector<Hit> hits_;
  std::vector<Gap> gaps_;
  Totals totals_;
};

}  // namespace hushrun::audit
