#pragma once
// In which disguise a value was found: encodings on top of each other, named from the inside out.

#include <array>
#include <cstdint>
#include <span>

#include "core/text.h"

namespace hushrun::audit {

enum class Step : std::uint8_t {
  part,      // a line of a value of several, a member of a JSON document
  base64,
  base64url,
  hex,
  utf16,
  percent,
  escaped,   // backslashes: JSON, shells, programming languages
  markup,    // entities of HTML and XML
  quoted,    // quotes, dollars or braces doubled, or a shell's '\''
  wrapped,   // broken into lines, or lines joined
  printable, // quoted-printable
  enumerated,  // found by the list of leak/encodings.h
};
inline constexpr unsigned kSteps = 12;

/// A few steps; what is beyond the room is dropped, for nobody reads that far.
class Shape {
 public:
  void add(Step step) {
    if (count_ < steps_.size() && (count_ == 0 || steps_[count_ - 1] != step)) steps_[count_++] = step;
  }
  void add(const Shape& outer) {
    for (Step step : outer.steps()) add(step);
  }
  std::span<const Step> steps() const { return {steps_.data(), count_}; }
  bool operator==(const Shape&) const = default;

 private:
  std::array<Step, 7> steps_ = {};
  std::uint8_t count_ = 0;
};

/// "in base64, escaped with backslashes"; empty for the value as it is.
Public words(const Shape& shape);

}  // namespace hushrun::audit
