#pragma once
// Bytes that come from somewhere, a chunk after the other: a file, a pipe, a member of an archive.

#include <string>
#include <string_view>

#include "core/fd.h"

namespace hushrun::audit {

/// Chunks point into memory of the source and are good until the next is asked for.
class Bytes {
 public:
  virtual ~Bytes() = default;
  /// The chunk at hand: empty only at the end.
  std::string_view peek() {
    if (chunk_.empty() && !ended_) {
      chunk_ = more();
      ended_ = chunk_.empty();
    }
    return chunk_;
  }
  std::string_view take() {
    const std::string_view chunk = peek();
    chunk_ = {};
    return chunk;
  }
  /// Leaves out up to `most` of what stands behind the chunk at hand, as far as that costs nothing. Returns how many.
  virtual std::uint64_t skip(std::uint64_t most) {
    static_cast<void>(most);
    return 0;
  }
  /// The end came too early, or reading failed.
  virtual bool broken() const { return false; }

 protected:
  virtual std::string_view more() = 0;

 private:
  std::string_view chunk_;
  bool ended_ = false;
};

/// Of an open file.
class FileBytes : public Bytes {
 public:
  /// A program that writes a lot into a pipe is let fill it.
  enum class From { anything, busy_pipe };
  explicit FileBytes(Fd file, From from = From::anything) : file_{std::move(file)}, from_{from} {}
  bool broken() const override { return broken_; }

 protected:
  std::string_view more() override;

 private:
  Fd file_;
  From from_;
  std::string room_;
  bool broken_ = false;
};

/// Of a regular file that other processes read as well, from its beginning.
class SharedFileBytes : public Bytes {
 public:
  explicit SharedFileBytes(Fd file) : file_{std::move(file)} {}
  std::uint64_t skip(std::uint64_t most) override;
  bool broken() const override { return broken_; }

 protected:
  std::string_view more() override;

 private:
  Fd file_;
  std::string room_;
  std::uint64_t at_ = 0;
  bool broken_ = false;
};

/// Of a text in memory.
class TextBytes : public Bytes {
 public:
  explicit TextBytes(std::string_view text) : text_{text} {}

 protected:
  std::string_view more() override { return std::exchange(text_, {}); }

 private:
  std::string_view text_;
};

}  // namespace hushrun::audit
