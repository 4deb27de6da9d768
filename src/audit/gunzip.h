#pragma once
// gzip (RFC 1952), with its checksums: libarchive reads it too, and does not look at them. zlib stops at gunzip.cc.

#include <cstdint>
#include <memory>

#include "audit/bytes.h"

namespace hushrun::audit {

/// What a gzip stream holds: of several members (estargz), one after the other. What stands behind the last is left in `from`.
class GunzipBytes : public Bytes {
 public:
  explicit GunzipBytes(Bytes& from);
  ~GunzipBytes() override;

  /// Damaged, cut off, or a checksum that is wrong.
  bool broken() const override { return broken_ || bomb_; }
  /// Given up, for it grew to more than the bounds of unpack.h allow.
  bool bomb() const { return bomb_; }
  /// What was read of the source and is no gzip any more.
  std::string_view rest() const { return input_; }

 protected:
  std::string_view more() override;

 private:
  struct State;
  std::unique_ptr<State> state_;
  Bytes& from_;
  std::string_view input_;
  std::string room_;
  std::uint64_t consumed_ = 0;
  std::uint64_t produced_ = 0;
  bool broken_ = false;
  bool bomb_ = false;
  bool done_ = false;
};

}  // namespace hushrun::audit
