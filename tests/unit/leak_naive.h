#pragma once
// What the redactor must do, written down so simply that it can be believed: every pattern is looked for everywhere in the
// whole text. Shared by the unit tests and the fuzz target.

#include <algorithm>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "leak/needle.h"

namespace hushrun::leak::naive {

struct NamedValue {
  Public name;
  std::string_view value;
};

/// Values of a test, as they would be delivered. Secrets stay where they are.
class Values {
 public:
  Values() = default;
  Values(std::initializer_list<NamedValue> values) : Values{std::span{values.begin(), values.size()}} {}
  explicit Values(std::span<const NamedValue> values) {
    for (const NamedValue& one : values) add(one.name, one.value);
  }
  Values(const Values&) = delete;
  Values& operator=(const Values&) = delete;
  void add(Public name, std::string_view value, Policy policy = Policy::always) {
    secrets_.push_back(Secret::of_public(value));
    delivered_.push_back({name, &secrets_.back(), policy});
  }
  std::span<const Delivered> delivered() const { return delivered_; }
  std::string_view value(std::size_t i) const { return {secrets_[i].expose().data(), secrets_[i].size()}; }

 private:
  std::deque<Secret> secrets_;
  std::vector<Delivered> delivered_;
};

struct Pattern {
  std::string bytes;
  std::size_t public_size;
  std::uint32_t needle;
  bool word;
};

/// All patterns of values under Policy::always.
inline std::vector<Pattern> patterns_of(const Values& values) {
  std::vector<Pattern> patterns;
  for (std::uint32_t i = 0; i < values.delivered().size(); ++i) {
    std::string value{values.value(i)};
    value.erase(0, value.find_first_not_of(" \t\r\n"));
    value.erase(value.find_last_not_of(" \t\r\n") + 1);
    if (value.empty()) continue;
    Forms forms;
    if (value.size() < Forms::kShortest) forms.add_word(value, i);
    else forms.spell(value, i);
    for (const Form& form : forms.list()) {
      patterns.push_back({std::string{forms.bytes(form)}, form.public_size, i, form.disguise == Disguise::word});
    }
  }
  return patterns;
}

inline bool is_word_byte(std::string_view text, std::size_t at) {
  if (at >= text.size()) return false;
  const char c = text[at];
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

struct Found {
  std::size_t begin;
  std::size_t end;
  std::uint32_t needle;
};

inline std::vector<Found> matches(std::string_view text, const std::vector<Pattern>& patterns) {
  std::vector<Found> found;
  for (const Pattern& pattern : patterns) {
    for (std::size_t at = text.find(pattern.bytes); at != std::string_view::npos; at = text.find(pattern.bytes, at + 1)) {
      const std::size_t end = at + pattern.bytes.size();
      if (pattern.word && ((at > 0 && is_word_byte(text, at - 1)) || is_word_byte(text, end))) continue;
      found.push_back({at, end, pattern.needle});
    }
  }
  return found;
}

/// The beginning of a pattern with which the text ends: the longest of 8 bytes or more that is not public.
inline void add_beginning(std::string_view text, const std::vector<Pattern>& patterns, std::vector<Found>& found) {
  for (std::size_t at = 0; at + Forms::kShortest <= text.size(); ++at) {
    const std::string_view end = text.substr(at);
    const Pattern* first = nullptr;
    for (const Pattern& pattern : patterns) {
      if (pattern.word || pattern.bytes.size() <= end.size() || end.size() <= pattern.public_size) continue;
      if (!pattern.bytes.starts_with(end)) continue;
      if (first == nullptr || pattern.needle < first->needle) first = &pattern;
    }
    if (first == nullptr) continue;
    found.push_back({at, text.size(), first->needle});
    return;
  }
}

/// The text with every union of overlapping matches replaced by a mark that names the longest of them.
inline std::string redacted(std::string_view text, const std::vector<Pattern>& patterns, const Needles& needles) {
  std::vector<Found> found = matches(text, patterns);
  add_beginning(text, patterns, found);
  std::sort(found.begin(), found.end(), [](const Found& a, const Found& b) { return a.begin < b.begin; });
  std::string out;
  std::size_t at = 0;
  for (std::size_t i = 0; i < found.size();) {
    std::size_t end = found[i].end;
    Found best = found[i];
    std::size_t next = i;
    for (; next < found.size() && found[next].begin < end; ++next) {
      end = std::max(end, found[next].end);
      const std::size_t length = found[next].end - found[next].begin, longest = best.end - best.begin;
      const bool same_place = length == longest && found[next].begin == best.begin;
      if (length > longest || (same_place && found[next].needle < best.needle)) best = found[next];
    }
    out.append(text.substr(at, found[i].begin - at)).append(needles.mark(best.needle));
    at = end;
    i = next;
  }
  return out.append(text.substr(at));
}

}  // namespace hushrun::leak::naive
