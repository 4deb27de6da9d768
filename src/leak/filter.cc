#include "leak/filter.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace hushrun::leak {
namespace {

constexpr int kFewestBits = 17;
constexpr int kMostBits = 20;

}  // namespace

std::size_t GramFilter::stride_for(std::size_t shortest) {
  std::size_t stride = kLongestStride;
  while (stride > shortest - (kGram - 1)) stride = stride == 8 ? 5 : stride == 5 ? 3 : 1;
  return stride;
}

GramFilter::GramFilter(std::span<const Pattern> patterns, std::uint64_t seed) : factor_{seed | 1} {
  for (const Pattern& pattern : patterns) {
    stride_ = std::min(stride_, stride_for(pattern.bytes.size()));
    last_window_ = std::max(last_window_, pattern.window);
  }

  // A candidate for every offset and every different beginning that reaches up to the end of the gram there.
  std::vector<Candidate> unsorted;
  unsorted.reserve(patterns.size() * stride_);
  for (std::size_t offset = last_window_ + stride_; offset-- > 0;) {
    const auto has_gram_there = [&](std::uint32_t i) { return patterns[i].window <= offset && offset < patterns[i].window + stride_; };
    for (std::uint32_t first = 0, next; first < patterns.size(); first = next) {
      next = first + 1;
      if (!has_gram_there(first)) continue;
      const char* beginning = patterns[first].bytes.data();
      const auto begins_alike = [&](std::uint32_t i) { return std::memcmp(patterns[i].bytes.data(), beginning, offset + kGram) == 0; };
      while (next < patterns.size() && has_gram_there(next) && begins_alike(next)) ++next;
      unsorted.push_back({first, next, static_cast<std::uint32_t>(offset)});
    }
  }

  // One bit in 256 set, or so: a false candidate costs as much as thirty samples. The smallest bitmap lies in the first-level
  // cache beside the text, the largest, for a thousand patterns and more, in the second.
  const int bits = std::clamp(static_cast<int>(std::bit_width(256 * unsorted.size())), kFewestBits, kMostBits);
  bitmap_mask_ = (std::uint64_t{1} << bits) - 1;
  bitmap_.resize((std::size_t{1} << bits) / 64);

  // A counting sort by bucket; stable, so that within a bucket the larger offsets come first.
  const int bucket_bits = static_cast<int>(std::bit_width(std::max<std::size_t>(unsorted.size(), 64)));
  bucket_shift_ = 64 - bucket_bits;
  bucket_start_.resize((std::size_t{1} << bucket_bits) + 2);
  candidates_.resize(unsorted.size());
  const auto hash_of = [&](const Candidate& one) { return hash(load(patterns[one.first].bytes.data() + one.offset)); };
  for (const Candidate& one : unsorted) {
    const std::uint64_t hashed = hash_of(one);
    const std::uint64_t bit = hashed >> (64 - kMostBits) & bitmap_mask_;
    bitmap_[bit / 64] |= std::uint64_t{1} << (bit % 64);
    ++bucket_start_[(hashed >> bucket_shift_) + 2];
  }
  for (std::size_t i = 2; i < bucket_start_.size(); ++i) bucket_start_[i] += bucket_start_[i - 1];
  for (const Candidate& one : unsorted) candidates_[bucket_start_[(hash_of(one) >> bucket_shift_) + 1]++] = one;
}

template <std::size_t S>
std::size_t GramFilter::next_by(std::string_view text, std::size_t at) const {
  const std::uint64_t factor = factor_, mask = bitmap_mask_;
  const std::uint64_t* const bitmap = bitmap_.data();
  const auto may_be = [=](const char* gram) {
    const std::uint64_t bit = load(gram) * factor >> (64 - kMostBits) & mask;
    return bitmap[bit / 64] >> (bit % 64) & 1;
  };
  // Sixteen samples and one branch, in straight code: the loads do not wait for each other.
  constexpr std::size_t kAtOnce = 16;
  constexpr std::size_t kSpan = (kAtOnce - 1) * S + kGram;
  const auto any_of = [&]<std::size_t... I>(const char* from, std::index_sequence<I...>) { return (may_be(from + I * S) | ...); };
  while (at + kSpan <= text.size() && any_of(text.data() + at, std::make_index_sequence<kAtOnce>{}) == 0) at += kAtOnce * S;
  while (at + kGram <= text.size() && may_be(text.data() + at) == 0) at += S;
  return at;
}

std::size_t GramFilter::next(std::string_view text, std::size_t at) const {
  if (candidates_.empty()) return at + kGram > text.size() ? at : at + ((text.size() - kGram - at) / stride_ + 1) * stride_;
  switch (stride_) {  // a constant in the loop, for the price of one loop each
    case 1:
      return next_by<1>(text, at);
    case 3:
      return next_by<3>(text, at);
    case 5:
      return next_by<5>(text, at);
    default:
      return next_by<8>(text, at);
  }
}

std::span<const GramFilter::Candidate> GramFilter::candidates(const char* gram) const {
  const std::uint64_t bucket = hash(load(gram)) >> bucket_shift_;
  return std::span{candidates_}.subspan(bucket_start_[bucket], bucket_start_[bucket + 1] - bucket_start_[bucket]);
}

}  // namespace hushrun::leak
