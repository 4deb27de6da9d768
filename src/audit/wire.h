#pragma once
// What goes between us and the process that reads hostile files. Either side reads what the other wrote with all bounds checked: it has
// parsed what an attacker made.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "audit/search.h"

namespace hushrun::audit::wire {

class Writer {
 public:
  void number(std::uint64_t value);
  void text(std::string_view text);
  /// What a Writer has made.
  void append(std::string_view written) { out_ += written; }
  void locator(const Locator& where);
  std::string take() { return std::exchange(out_, {}); }
  std::size_t size() const { return out_.size(); }

 private:
  std::string out_;
};

/// After a flaw everything reads as nothing, and ok() is false.
class Reader {
 public:
  explicit Reader(std::string_view in) : in_{in} {}
  std::uint64_t number();
  std::string text();
  Locator locator();
  bool ok() const { return ok_; }
  bool at_end() const { return in_.empty(); }

 private:
  std::string_view in_;
  bool ok_ = true;
};

std::string of(const Hit& hit);
std::optional<Hit> hit_of(Reader& reader, std::size_t needles);
std::string of(const Gap& gap);
std::optional<Gap> gap_of(Reader& reader);
std::string of(const Totals& totals);
std::optional<Totals> totals_of(Reader& reader);

}  // namespace hushrun::audit::wire
