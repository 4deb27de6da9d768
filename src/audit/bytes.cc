#include "audit/bytes.h"

#include "core/sys_file.h"

namespace hushrun::audit {

// Filled up: a pipe gives little at a time, and who looks at the beginning wants to see enough of it.
std::string_view FileBytes::more() {
  room_.resize(kChunk);
  std::size_t size = 0;
  while (size < kChunk) {
    const auto got = sys::read_some(file_, room_.data() + size, kChunk - size);
    broken_ |= !got;
    if (!got || got.value() == 0) break;
    size += got.value();
  }
  return {room_.data(), size};
}

}  // namespace hushrun::audit
