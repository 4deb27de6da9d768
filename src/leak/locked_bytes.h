#pragma once
// Bytes that grow, in the pages of Secret: for work on values, and for what a stream holds back.

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include "core/secret.h"

namespace hushrun::leak {

/// Like std::string, but locked, in no core dump, and wiped wherever it has been. Views into it end with the next append.
class LockedBytes {
 public:
  LockedBytes() = default;
  LockedBytes(LockedBytes&& other) noexcept { swap(other); }
  LockedBytes& operator=(LockedBytes&& other) noexcept {
    swap(other);
    return *this;
  }
  LockedBytes(const LockedBytes&) = delete;
  LockedBytes& operator=(const LockedBytes&) = delete;

  std::size_t size() const { return size_; }
  std::size_t capacity() const { return capacity_; }
  std::string_view view(std::size_t from, std::size_t count) const { return {data_ + from, count}; }
  std::string_view view() const { return {data_, size_}; }

  void append(char byte) {
    if (size_ == capacity_) reserve(size_ + 1);
    data_[size_++] = byte;
  }
  void append(std::string_view bytes) {
    if (bytes.empty()) return;
    if (capacity_ - size_ < bytes.size()) reserve(size_ + bytes.size());
    std::memcpy(data_ + size_, bytes.data(), bytes.size());
    size_ += bytes.size();
  }
  /// Room for `wanted` bytes in all; doubles at least, so that appending byte by byte is linear.
  void reserve(std::size_t wanted) {
    if (wanted <= capacity_) return;
    const std::size_t capacity = std::max({wanted, 2 * capacity_, std::size_t{256}});
    char* room = nullptr;
    Secret grown = Secret::filled_by(capacity, [&](char* memory, std::size_t all) {
      room = memory;
      return all;
    });
    if (size_ > 0) std::memcpy(room, data_, size_);
    memory_ = std::move(grown);
    data_ = room;
    capacity_ = capacity;
  }
  /// Cuts to the first `size` bytes and wipes the rest.
  void truncate(std::size_t size) {
    if (size == size_) return;
    wipe(data_ + size, size_ - size);
    size_ = size;
  }

 private:
  void swap(LockedBytes& other) {
    std::swap(memory_, other.memory_);
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }

  std::optional<Secret> memory_;
  char* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace hushrun::leak
