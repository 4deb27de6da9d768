#include "age/armor_writer.h"

#include <algorithm>

#include "age/primitives.h"

namespace hushrun::age {

Result<void, Failure> ArmorWriter::begin() {
  if (std::exchange(begun_, true)) return {};
  const std::string line = std::string{kArmorBegin} + "\n";
  return text_.write(line.data(), line.size());
}

Result<void, Failure> ArmorWriter::write(const char* bytes, std::size_t size) {
  TRY(begin());
  std::string lines;
  for (std::size_t at = 0; at < size;) {
    const std::size_t taken = std::min(size - at, line_.size() - held_);
    std::memcpy(line_.data() + held_, bytes + at, taken);
    at += taken;
    held_ += taken;
    if (held_ < line_.size()) break;
    lines.append(base64_encode(line_, Padding::required)).append("\n");
    held_ = 0;
  }
  return text_.write(lines.data(), lines.size());
}

Result<void, Failure> ArmorWriter::finish() {
  TRY(begin());
  std::string lines;
  if (held_ > 0) lines = base64_encode(std::string_view{line_.data(), held_}, Padding::required) + "\n";
  lines.append(kArmorEnd).append("\n");
  return text_.write(lines.data(), lines.size());
}

}  // namespace hushrun::age
