#pragma once
// The payload: 64 KiB chunks, each sealed for itself, numbered, and the last one marked.

#include "age/bytes.h"
#include "age/primitives.h"

namespace hushrun::age {

inline constexpr std::size_t kChunkSize = 64 * 1024;
inline constexpr std::size_t kSealedChunkSize = kChunkSize + kTagSize;
inline constexpr std::size_t kPayloadNonceSize = 16;

enum class Position { middle, last };

/// Numbers the chunks: 11 bytes, big-endian, and a byte that marks the last.
class ChunkCounter {
 public:
  Nonce nonce(Position position) const;
  void advance() { ++number_; }
  bool at_first() const { return number_ == 0; }

 private:
  std::uint64_t number_ = 0;  // 2^64 chunks are more than any disk holds
};

/// The key of the payload.
Secret payload_key(const Secret& file_key, const Bytes16& nonce);

/// Opens a payload (nonce included) chunk by chunk, each verified before `content` sees it, in locked memory.
///
/// DANGER: the end is verified last. Until this answers without a failure, what `content` was given may have been cut
/// off: nobody else may see it yet.
Result<void, Failure> open_payload(const Secret& file_key, Reader& payload, Writer& content);

/// Bytes of content in a payload of `size` bytes; nothing if no payload has that size.
std::optional<std::uint64_t> content_size(std::uint64_t payload_size);

}  // namespace hushrun::age
