#include "leak/redactor.h"

#include <algorithm>

namespace hushrun::leak {

Redactor::Redactor(const Needles& needles) : needles_{needles}, matcher_{needles}, marks_(needles.size()) {}

void Redactor::begin_call() {
  slices_.clear();
  chunk_ = {};
  retired_.truncate(0);
  if (held_head_ == held_.size()) {
    held_.truncate(0);
    held_head_ = 0;
  }
  if (first_cover_ == covers_.size()) {
    covers_.clear();
    first_cover_ = 0;
  }
}

// Matches come in order of their ends, so a new one can only overlap the last covers: each is absorbed once at most.
void Redactor::unite(const Match& match) {
  Cover cover{match.begin, match.end, match};
  while (covers_.size() > first_cover_ && covers_.back().end > cover.begin) {
    const Cover& last = covers_.back();
    const std::uint64_t length = cover.longest.end - cover.longest.begin;
    const std::uint64_t last_length = last.longest.end - last.longest.begin;
    const bool last_is_better = last_length != length                     ? last_length > length
                                : last.longest.begin != cover.longest.begin ? last.longest.begin < cover.longest.begin
                                                                            : last.longest.needle < cover.longest.needle;
    if (last_is_better) cover.longest = last.longest;
    cover.begin = std::min(cover.begin, last.begin);
    cover.end = std::max(cover.end, last.end);
    covers_.pop_back();
  }
  covers_.push_back(cover);
}

// Bytes as they are, from where we are to `until`.
void Redactor::put_bytes(std::uint64_t until) {
  if (until <= out_) return;
  const std::uint64_t seam = held_end();
  if (out_ < seam) {
    const std::uint64_t end = std::min(until, seam);
    slices_.push_back(held_.view(held_head_ + (out_ - held_from_), end - out_));
    out_ = end;
  }
  if (out_ < until) slices_.push_back(chunk_.substr(out_ - seam, until - out_));
  out_ = until;
}

// A cover that overlaps what a mark already stands for needs none of its own: the mark went out before all was seen. It does if
// bytes went out after that mark, or what is hidden would be missing without a trace.
void Redactor::put_mark(const Cover& cover) {
  put_bytes(cover.begin);
  const bool continues_mark = cover.begin < marked_until_ && out_ == marked_until_;
  if (cover.end > out_ && !continues_mark) {
    slices_.push_back(needles_.mark(cover.longest.needle));
    ++marks_[cover.longest.needle];
  }
  marked_until_ = std::max(marked_until_, cover.end);
  out_ = std::max(out_, cover.end);
}

// Everything before `until`, which no later match can reach.
void Redactor::release(std::uint64_t until) {
  while (first_cover_ < covers_.size() && covers_[first_cover_].end <= until) put_mark(covers_[first_cover_++]);
  if (first_cover_ < covers_.size() && covers_[first_cover_].begin < until) {
    // A cover that may still grow. Its bytes are hidden whatever comes; only the mark waits.
    const std::uint64_t begin = covers_[first_cover_].begin;
    put_bytes(begin);
    const bool continues_mark = begin < marked_until_ && out_ == marked_until_;
    out_ = std::max(out_, until);
    if (continues_mark) marked_until_ = out_;
  } else {
    put_bytes(until);
  }
}

void Redactor::release_all() {
  if (const auto beginning = matcher_.unfinished()) unite(*beginning);
  release(matcher_.position());
}

// Keeps what has not gone out. Appending may not move bytes that slices point at, so a full buffer is retired, not grown:
// what still counts moves to the other one, at most half of what was written since it moved last.
void Redactor::hold() {
  const std::uint64_t seam = held_end();
  if (out_ < seam) {
    held_head_ += out_ - held_from_;
    held_from_ = out_;
  } else {
    held_head_ = held_.size();
    held_from_ = out_;
  }
  const std::string_view rest = chunk_.substr(std::min(chunk_.size(), held_end() - seam));
  if (held_.capacity() - held_.size() < rest.size()) {
    const std::string_view kept = held_.view(held_head_, held_.size() - held_head_);
    retired_.reserve(2 * (kept.size() + rest.size()));
    retired_.append(kept);
    std::swap(held_, retired_);
    held_head_ = 0;
  }
  held_.append(rest);
}

Redactor::Slices Redactor::feed(std::string_view chunk) {
  begin_call();
  chunk_ = chunk;
  found_.clear();
  matcher_.feed(chunk, found_);
  for (const Match& match : found_) unite(match);
  release(matcher_.open_from());
  hold();
  return slices_;
}

Redactor::Slices Redactor::quiet(Duration since_last_byte) {
  begin_call();
  if (since_last_byte < kShortPause) return slices_;
  const std::uint64_t open = matcher_.open_from();
  const auto word = matcher_.awaiting();
  if (since_last_byte >= kLongPause) {
    if (word) unite(*word);
    release_all();
  } else if (matcher_.position() - open <= kShortBeginning) {
    if (word) unite(*word);
    release(matcher_.position());
  } else {
    if (word && word->begin <= open) unite(*word);
    if (has_mark_to_give()) put_mark(covers_[first_cover_++]);
  }
  hold();
  return slices_;
}

// A complete match with nothing in front of it that is held.
bool Redactor::has_mark_to_give() const {
  return first_cover_ < covers_.size() && covers_[first_cover_].begin <= matcher_.open_from();
}

Redactor::Slices Redactor::finish() {
  begin_call();
  found_.clear();
  matcher_.finish(found_);
  for (const Match& match : found_) unite(match);
  release_all();
  hold();
  return slices_;
}

std::optional<Redactor::Duration> Redactor::deadline() const {
  if (out_ == matcher_.position() && first_cover_ == covers_.size()) return std::nullopt;
  if (matcher_.position() - matcher_.open_from() <= kShortBeginning || has_mark_to_give()) return kShortPause;
  const auto word = matcher_.awaiting();
  return word && word->begin <= matcher_.open_from() ? kShortPause : kLongPause;
}

std::vector<MarkCount> Redactor::counts() const {
  std::vector<MarkCount> counts;
  for (std::uint32_t needle = 0; needle < marks_.size(); ++needle) {
    if (marks_[needle] == 0) continue;
    const auto is_same = [&](const MarkCount& one) { return one.name == needles_.name(needle); };
    const auto same = std::find_if(counts.begin(), counts.end(), is_same);
    if (same != counts.end()) {
      same->marks += marks_[needle];
    } else {
      counts.push_back({needles_.name(needle), marks_[needle]});
    }
  }
  return counts;
}

std::string masked(const Needles& needles, std::string_view text) {
  std::string out;
  if (needles.empty() || text.empty()) return std::string{text};
  Redactor redactor{needles};
  for (std::string_view slice : redactor.feed(text)) out.append(slice);
  for (std::string_view slice : redactor.finish()) out.append(slice);
  return out;
}

}  // namespace hushrun::leak
