#pragma once
// Bytes coming in and going out, a piece at a time: files of any size pass through a buffer of fixed size.

#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "age/failure.h"
#include "core/fd.h"
#include "core/secret.h"

namespace hushrun::age {

class Reader {
 public:
  virtual ~Reader() = default;
  /// Up to `size` bytes into `room`. 0 only at the end, and then always.
  virtual Result<std::size_t, Failure> read(char* room, std::size_t size) = 0;
  /// How many bytes will come, where that is known: buffers are made no larger than the file, for page faults, not
  /// cryptography, are what a small file costs. A hint, never trusted.
  virtual std::optional<std::uint64_t> size() const { return std::nullopt; }

  /// Reads until `size` bytes are there or the end comes.
  Result<std::size_t, Failure> read_full(char* room, std::size_t size);
};

class Writer {
 public:
  virtual ~Writer() = default;
  virtual Result<void, Failure> write(const char* bytes, std::size_t size) = 0;
};

/// A file, pipe or socket.
class FdReader final : public Reader {
 public:
  explicit FdReader(const Fd& file) : file_{file} {}
  Result<std::size_t, Failure> read(char* room, std::size_t size) override;
  std::optional<std::uint64_t> size() const override;

 private:
  const Fd& file_;
};

class FdWriter final : public Writer {
 public:
  explicit FdWriter(const Fd& file) : file_{file} {}
  Result<void, Failure> write(const char* bytes, std::size_t size) override;

 private:
  const Fd& file_;
};

/// Bytes that are in memory already; they outlive the reader.
class MemoryReader final : public Reader {
 public:
  explicit MemoryReader(std::string_view bytes) : rest_{bytes} {}
  Result<std::size_t, Failure> read(char* room, std::size_t size) override {
    const std::size_t taken = rest_.copy(room, size);
    rest_.remove_prefix(taken);
    return taken;
  }
  std::optional<std::uint64_t> size() const override { return rest_.size(); }

 private:
  std::string_view rest_;
};

/// Bytes that were read too far, and then the rest of `after`.
class Resumed final : public Reader {
 public:
  Resumed(std::string_view first, Reader& after) : first_{first}, after_{after} {}
  Result<std::size_t, Failure> read(char* room, std::size_t size) override {
    if (first_.empty()) return after_.read(room, size);
    const std::size_t taken = first_.copy(room, size);
    first_.remove_prefix(taken);
    return taken;
  }
  std::optional<std::uint64_t> size() const override {
    const auto rest = after_.size();
    if (!rest) return std::nullopt;
    return *rest + first_.size();
  }

 private:
  std::string_view first_;
  Reader& after_;
};

/// Fills a room that somebody else owns, such as the inside of a Secret. More than fits is Failed::too_large.
class RoomWriter final : public Writer {
 public:
  RoomWriter(char* room, std::size_t size) : room_{room}, size_{size} {}
  Result<void, Failure> write(const char* bytes, std::size_t size) override;
  std::size_t used() const { return used_; }

 private:
  char* room_;
  std::size_t size_;
  std::size_t used_ = 0;
};

}  // namespace hushrun::age
