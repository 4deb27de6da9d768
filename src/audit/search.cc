#include "audit/search.h"

#include <algorithm>

namespace hushrun::audit {
namespace {

// A name, an attribute or a string of a document is one line; where in it says nothing.
bool has_lines(Place place) {
  switch (place) {
    case Place::layer_file:
    case Place::orphan_blob:
    case Place::git_blob:
    case Place::git_commit:
    case Place::git_tag:
    case Place::git_config:
    case Place::git_reflog:
    case Place::context_file:
    case Place::log:
    case Place::file: return true;
    default: return false;
  }
}

}  // namespace

Scanner::Scanner(const Patterns& patterns) : patterns_{patterns}, comparer_{patterns} {
  for (const Patterns::Sieve& sieve : patterns.sieves()) longest_anchor_ = std::max(longest_anchor_, sieve.longest);
}

void Scanner::scan(std::string_view text, std::size_t seen, bool ended, std::vector<Occurrence>& found, std::vector<Pending>& pending) {
  for (const Patterns::Sieve& sieve : patterns_.sieves()) {
    std::size_t at = seen > sieve.longest ? seen - sieve.longest : 0;
    for (; (at = sieve.filter.next(text, at)) + leak::GramFilter::kGram <= text.size(); at += sieve.filter.stride()) {
      for (const leak::GramFilter::Candidate& candidate : sieve.filter.candidates(text.data() + at)) {
        if (candidate.offset > at) continue;
        const std::size_t begin = at - candidate.offset;
        for (std::uint32_t i = candidate.first; i < candidate.last; ++i) {
          const Anchor& anchor = sieve.anchors[i];
          if (begin + anchor.size <= seen || text.substr(begin, anchor.size) != patterns_.bytes(anchor)) continue;
          verify({&anchor, begin}, text, ended, found, pending);
        }
      }
    }
  }
}

void Scanner::verify(const Pending& one, std::string_view text, bool ended, std::vector<Occurrence>& found, std::vector<Pending>& pending) {
  const Pattern& pattern = patterns_.pattern(one.anchor->pattern);
  const std::size_t element = one.anchor->element;
  const std::size_t plain = pattern.alphabet == Alphabet::wide ? 2 * element : element;
  const std::size_t lowest = one.at - std::min(one.at, kGrowth * element + 64);
  bool hungry = false;
  const auto matches_at = [&](std::size_t from) {
    const Comparer::Answer answer = comparer_.compare(pattern, text, from, ended);
    hungry |= answer.verdict == Comparer::Verdict::hungry;
    if (answer.verdict != Comparer::Verdict::yes || answer.end <= one.at) return false;
    found.push_back({from, answer.end, pattern.needle, pattern.part, answer.shape});
    return true;
  };
  // Most stand as they are in front of the anchor; else whatever spelling they have there is longer.
  if (one.at >= plain && matches_at(one.at - plain)) return;
  if (plain > 0 || pattern.alphabet == Alphabet::wide) {
    for (std::size_t from = one.at + 1; from-- > lowest;) {
      if (from + plain != one.at && matches_at(from)) return;
    }
  }
  if (hungry) pending.push_back(one);
}

Search::Search(const Patterns& patterns)
    : patterns_{patterns}, scanner_{patterns}, runs_{DecodedRuns{patterns.shortest(), patterns.longest()}, DecodedRuns{patterns.shortest(), patterns.longest()}}, firsts_(patterns.needles()) {
  window_.reserve(kWindow);
}

void Search::begin(const Locator& where) {
  where_ = where;
  window_.clear();
  window_at_ = lines_ = 0;
  seen_ = runs_seen_ = 0;
  pending_.clear();
  if (patterns_.enumerated() != nullptr) enumerated_ = std::make_unique<leak::Matcher>(*patterns_.enumerated());
}

void Search::feed(std::string_view chunk) {
  totals_.bytes += chunk.size();
  while (!chunk.empty()) {
    // What had to be kept may be long: a value of a megabyte that goes on.
    const std::size_t room = std::max(kWindow, 2 * window_.size()) - window_.size();
    const std::string_view some = chunk.substr(0, room);
    window_.append(some);
    chunk.remove_prefix(some.size());
    if (some.size() == room) scan(false);
  }
}

void Search::note(const Occurrence& occurrence) {
  First& first = firsts_[occurrence.needle];
  const std::uint64_t begin = window_at_ + occurrence.begin, end = window_at_ + occurrence.end;
  if (first.any && begin < first.last_end && first.part <= occurrence.part) return;
  const bool again = first.any && first.part == occurrence.part;
  if (again) {
    first.repeats += occurrence.part ? 0 : 1;
    first.last_end = std::max(first.last_end, end);
    return;
  }
  if (first.any && !first.part) return;
  if (!first.any) touched_.push_back(occurrence.needle);
  const auto newlines = std::count(window_.begin(), window_.begin() + static_cast<std::ptrdiff_t>(std::min(occurrence.begin, window_.size())), '\n');
  first = {true, occurrence.part, occurrence.shape, begin, static_cast<std::uint32_t>(std::min<std::uint64_t>(lines_ + static_cast<std::uint64_t>(newlines) + 1, UINT32_MAX)), end, 0};
}

// Looks for values in a text, and in what its runs of digits mean. Occurrences in a run count where the run begins, and are what the
// scanner has found among the digits themselves.
void Search::look_into(std::string_view text, std::size_t from, std::size_t origin, bool ended, const Shape& outer, int depth, std::size_t& stop) {
  stop = runs_[static_cast<std::size_t>(depth)].find(text, from, ended, [&](const DecodedRuns::Run& run) {
    Shape shape;
    shape.add(run.step);
    shape.add(outer);
    const std::size_t begin = depth == 0 ? run.begin : origin;
    const std::size_t digits = run.step == Step::hex ? 2 * run.text.size() : run.text.size() + run.text.size() / 3;
    std::vector<Occurrence> found;
    std::vector<Scanner::Pending> none;
    scanner_.scan(run.text, 0, true, found, none);
    for (Occurrence& one : found) {
      one.shape.add(shape);
      one.begin = begin;
      one.end = begin + (depth == 0 ? digits : 1);
      found_.push_back(one);
    }
    std::size_t ignored = 0;
    if (depth + 1 < kDepth) look_into(run.text, 0, begin, true, shape, depth + 1, ignored);
  });
}

void Search::scan(bool ended) {
  const std::string_view text = window_;
  found_.clear();
  std::vector<Scanner::Pending> again;
  for (const Scanner::Pending& one : pending_) scanner_.verify(one, text, ended, found_, again);
  scanner_.scan(text, seen_, ended, found_, again);
  pending_ = std::move(again);
  if (enumerated_) {
    std::vector<leak::Match> matches;
    enumerated_->feed(text.substr(seen_), matches);
    if (ended) enumerated_->finish(matches);
    for (const leak::Match& match : matches) {
      Shape shape;
      if (match.disguise != leak::Disguise::plain) shape.add(Step::enumerated);
      const std::uint64_t begin = std::max(match.begin, window_at_);
      found_.push_back({begin - window_at_, match.end - window_at_, patterns_.enumerated_needle(match.needle), false, shape});
    }
  }
  std::size_t stop = text.size();
  if (!patterns_.empty()) look_into(text, runs_seen_, 0, ended, {}, 0, stop);
  // In the order of the text, the longest reading of a place first.
  std::sort(found_.begin(), found_.end(), [](const Occurrence& a, const Occurrence& b) {
    if (a.needle != b.needle) return a.needle < b.needle;
    if (a.part != b.part) return a.part < b.part;
    return a.begin != b.begin ? a.begin < b.begin : a.end > b.end;
  });
  for (const Occurrence& one : found_) note(one);
  seen_ = text.size();
  runs_seen_ = stop;
  if (ended) return;

  std::size_t keep = text.size() - std::min(text.size(), scanner_.reach_back());
  keep = std::min(keep, runs_seen_);
  for (const Scanner::Pending& one : pending_) keep = std::min(keep, one.at - std::min(one.at, patterns_.reach_back()));
  lines_ += static_cast<std::uint64_t>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(keep), '\n'));
  window_.erase(0, keep);
  window_at_ += keep;
  seen_ -= keep;
  runs_seen_ -= keep;
  for (Scanner::Pending& one : pending_) one.at -= keep;
}

void Search::end() {
  // Many names are shorter than any value.
  if (window_at_ > 0 || window_.size() >= patterns_.shortest()) scan(true);
  for (std::uint32_t needle : touched_) {
    First& first = firsts_[needle];
    if (hits_.size() < kMostHits) {
      Hit hit;
      hit.needle = needle;
      hit.shape = first.shape;
      hit.where = where_;
      hit.where.offset = where_.offset + first.offset;
      if (has_lines(where_.place)) hit.where.line = where_.line > 0 ? where_.line + first.line - 1 : first.line;
      hit.repeats = first.repeats;
      hits_.push_back(std::move(hit));
    } else if (hits_.size() == kMostHits) {
      gap({Gap::Kind::limit, where_, "more findings than are kept", {}});
    }
    first = {};
  }
  touched_.clear();
  if (window_.capacity() > 4 * kWindow) std::string{}.swap(window_);
  window_.clear();
}

void Search::gap(Gap gap) { gaps_.push_back(std::move(gap)); }
void Search::count(const Totals& more) { totals_ += more; }

}  // namespace hushrun::audit
