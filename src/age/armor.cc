#include "age/armor.h"

#include <algorithm>

#include "age/primitives.h"

namespace hushrun::age {
namespace {

Failure malformed(Literal why) { return {Failed::armor, why}; }

constexpr bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_all_blank(std::string_view text) { return std::all_of(text.begin(), text.end(), is_blank); }

}  // namespace

bool looks_armored(std::string_view beginning) {
  const auto first = std::find_if_not(beginning.begin(), beginning.end(), is_blank);
  return first != beginning.end() && *first == '-';
}

std::optional<std::uint64_t> ArmorReader::size() const {
  const auto text = text_.size();
  if (!text) return std::nullopt;
  // Every full line has an end. A shorter one, and one that waits in line_, may come on top.
  return (*text + end_ - start_) / (kArmorColumns + 1) * kArmorLineBytes + 2 * kArmorLineBytes;
}

// The next line without its end, LF or CR LF; nothing when the text is used up. Valid until the next call.
Result<std::optional<std::string_view>, Failure> ArmorReader::take_line() {
  for (;;) {
    const std::string_view there{buffer_.data() + start_, end_ - start_};
    const std::size_t length = there.find('\n');
    if (length != std::string_view::npos || (exhausted_ && !there.empty())) {
      std::string_view line = there.substr(0, length);
      start_ += std::min(line.size() + 1, there.size());
      if (line.ends_with('\r')) line.remove_suffix(1);
      return std::optional{line};
    }
    if (exhausted_) return std::optional<std::string_view>{};
    if (there.size() == buffer_.size()) return malformed("a line is longer than 64 columns");
    std::memmove(buffer_.data(), there.data(), there.size());
    end_ -= start_;
    start_ = 0;
    const std::size_t got = TRY(text_.read(buffer_.data() + end_, buffer_.size() - end_));
    end_ += got;
    exhausted_ = got == 0;
  }
}

Result<void, Failure> ArmorReader::find_begin() {
  std::size_t blanks = 0;
  for (;;) {
    const auto line = TRY(take_line());
    if (!line) return malformed("the BEGIN line is missing");
    if (*line == kArmorBegin) return {};
    if (!is_all_blank(*line)) return malformed("the first line is not the BEGIN line");
    blanks += line->size() + 1;
    if (blanks > kArmorBlanks) return malformed("more than 1023 blanks stand before the BEGIN line");
  }
}

// One line of the inside; the END line takes the rest of the text with it.
Result<void, Failure> ArmorReader::decode_line() {
  const auto line = TRY(take_line());
  if (!line) return malformed("it is cut off before the END line");
  if (*line == kArmorEnd) {
    state_ = State::ended;
    return expect_only_blanks();
  }
  if (state_ == State::at_end) return malformed("a line before the last is shorter than 64 columns");
  if (line->empty()) return malformed("an empty line stands inside");
  if (line->size() > kArmorColumns) return malformed("a line is longer than 64 columns");
  const auto used = base64_decode(*line, Padding::required, line_.data(), line_.size());
  if (!used) return malformed("a line is not canonical base64");
  if (*used < kArmorLineBytes) state_ = State::at_end;
  given_ = 0;
  decoded_ = *used;
  return {};
}

Result<void, Failure> ArmorReader::expect_only_blanks() {
  std::size_t blanks = 0;
  for (;;) {
    const auto line = TRY(take_line());
    if (!line) return {};
    if (!is_all_blank(*line)) return malformed("something follows the END line");
    blanks += line->size() + 1;
    if (blanks > kArmorBlanks) return malformed("more than 1023 blanks follow the END line");
  }
}

Result<std::size_t, Failure> ArmorReader::read(char* room, std::size_t size) {
  if (state_ == State::before) {
    TRY(find_begin());
    state_ = State::inside;
  }
  std::size_t used = 0;
  while (used < size) {
    if (given_ == decoded_) {
      if (state_ == State::ended) break;
      TRY(decode_line());
    }
    const std::size_t taken = std::min(size - used, decoded_ - given_);
    std::memcpy(room + used, line_.data() + given_, taken);
    given_ += taken;
    used += taken;
  }
  return used;
}

}  // namespace hushrun::age
