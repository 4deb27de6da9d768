#pragma once
// Puts armor on: the other direction of armor.h.

#include <array>
#include <string>

#include "age/armor.h"

namespace hushrun::age {

class ArmorWriter final : public Writer {
 public:
  explicit ArmorWriter(Writer& text) : text_{text} {}
  Result<void, Failure> write(const char* bytes, std::size_t size) override;
  /// The last line and the END line.
  Result<void, Failure> finish();

 private:
  Result<void, Failure> begin();

  Writer& text_;
  std::array<char, kArmorLineBytes> line_;  // bytes that do not fill a line yet
  std::size_t held_ = 0;
  bool begun_ = false;
};

}  // namespace hushrun::age
