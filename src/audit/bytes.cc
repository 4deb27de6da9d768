#include "audit/bytes.h"

#include <cstdint>

#include "core/sys_file.h"

namespace hushrun::audit {
namespace {

constexpr std::size_t kChunk = 256 * 1024;

}  // namespace

// Filled up: a pipe gives little at a time, and who looks at the beginning wants to see enough of it.
std::string_view FileBytes::more() {
  room_.resize(kChunk);
  std::size_t size = 0;
  while (size < kChunk) {
    const auto got = sys::read_some(file_, room_.data() + size, kChunk - size);
    broken_ |= !got;
    if (!got || got.value() == 0) break;
    size += got.value();
    if (from_ == From::busy_pipe && size < kChunk) sys::let_it_fill();
  }
  return {room_.data(), size};
}

std::string_view SharedFileBytes::more() {
  room_.resize(kChunk);
  const auto got = sys::read_at(file_, room_.data(), kChunk, at_);
  broken_ |= !got;
  const std::size_t size = got ? got.value() : 0;
  at_ += size;
  return {room_.data(), size};
}

// Never behind the end, which would hide that it came too early: the last byte that is left out must be there. (Confined as we are,
// fstat(2) is refused: the C library makes newfstatat(2) of it.)
std::uint64_t SharedFileBytes::skip(std::uint64_t most) {
  char last;
  if (most == 0 || most > INT64_MAX - at_) return 0;
  const auto got = sys::read_at(file_, &last, 1, at_ + most - 1);
  if (!got || got.value() != 1) return 0;
  at_ += most;
  return most;
}

}  // namespace hushrun::audit
