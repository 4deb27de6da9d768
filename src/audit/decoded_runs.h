#pragma once
// Runs of base64 or hexadecimal digits that decode to text: a second level in which values may stand, in any spelling.

#include <functional>
#include <string>
#include <string_view>

#include "audit/shape.h"

namespace hushrun::audit {

/// Finds runs of 16 digits or more, decodes those that mean text, and shows what they mean. A run that is too short to hold any value is not
/// even looked at.
class DecodedRuns {
 public:
  struct Run {
    std::size_t begin;  // in the text
    Step step;
    std::string_view text;  // what it means
  };
  /// Finds the next place where a run may be.
  using Next = std::size_t (*)(std::string_view text, std::size_t at);
  using Show = std::function<void(const Run&)>;

  /// How long values are: a run is decoded in pieces that overlap by more than the longest.
  DecodedRuns(std::size_t shortest, std::size_t longest);

  /// Shows the runs that begin at `from` or later. Returns where it stopped: the end, or, if not `ended`, where a run begins that
  /// reaches the end of the text and may go on.
  std::size_t find(std::string_view text, std::size_t from, bool ended, const Show& show);

 private:
  bool is_long_enough(std::string_view text, std::size_t at, bool ended, std::size_t& end, bool& open) const;
  std::size_t collect(std::string_view text, std::size_t at, bool ended, bool& open);
  void decode(std::size_t begin, const Show& show);
  bool decode_base64(std::string_view digits, std::size_t begin, const Show& show);
  bool decode_hex(std::string_view digits, std::size_t begin, const Show& show);

  std::size_t shortest_;  // run, in digits
  std::size_t overlap_;
  std::size_t piece_;     // digits at once
  Next next_;
  std::string digits_;    // of the run at hand, without line ends
  std::string meaning_;
};

}  // namespace hushrun::audit
