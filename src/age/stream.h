#pragma once
// The payload: 64 KiB chunks, each sealed for itself, numbered, and the last one marked.

#include "age/bytes.h"
#include "age/primitives.h"

namespace hushrun::age {

inline constexpr std::size_t kChunkSize = 64 * 1024;
inline constexpr std::size_t kSealedChunkSize = kChunkSize + kTagSize;
inline constexpr std::size_t kPayloadNonceSize = 16;

/// Chunks in a batch: fewer reads, and two batches still fit a core's second-level cache.
inline constexpr std::size_t kBatchChunks = 4;
inline constexpr std::size_t kBatchSize = kBatchChunks * kSealedChunkSize;
/// The same where two threads share the work: whoever waits for the other waits less often.
inline constexpr std::size_t kLargeBatchChunks = 16;
inline constexpr std::size_t kLargeBatchSize = kLargeBatchChunks * kSealedChunkSize;

enum class Position { middle, last };

/// Numbers the chunks: 11 bytes, big-endian, and a byte that marks the last.
class ChunkCounter {
 public:
  Nonce nonce(Position position) const;
  void advance(std::uint64_t chunks = 1) { number_ += chunks; }
  bool at_first() const { return number_ == 0; }

 private:
  std::uint64_t number_ = 0;  // 2^64 chunks are more than any disk holds
};

/// The key of the payload.
Secret payload_key(const Secret& file_key, const Bytes16& nonce);

/// A few chunks in a row, sealed or opened where they lie.
struct Batch {
  Secret room;                // one byte more than the batch may have
  std::size_t size = 0;       // bytes in it, tags included
  ChunkCounter first;         // number of its first chunk
  bool ends = false;          // the payload's last chunk is in it
};

/// Verifying alone costs less than half, and gives nothing.
enum class Work { open, verify };

/// Opens one payload, batch after batch, in three steps: `take` and `deliver` in the order of the file, `open` in any.
class PayloadOpening {
 public:
  /// Reads the nonce.
  static Result<PayloadOpening, Failure> begin(const Secret& file_key, Reader& payload, Work work);

  enum class Room { announced, large };
  /// A batch to work with: no larger than the payload was announced to be, or a large one.
  Batch batch(Room room) const;

  /// The next chunks. One byte of look-ahead tells whether the payload ends.
  Result<void, Failure> take(Batch& batch);
  /// Verifies and opens all of a batch. Touches nothing but the batch.
  Result<void, Failure> open(Batch& batch) const;
  Result<void, Failure> deliver(const Batch& batch, Writer& content) const;
  /// What was taken is given to nobody, so that nobody's turn is waited for.
  bool gives_nothing() const { return work_ == Work::verify; }

 private:
  PayloadOpening(Secret key, Reader& payload, Work work) : key_{std::move(key)}, payload_{&payload}, work_{work} {}
  bool passes(unsigned char* bytes, std::size_t size, const Nonce& nonce) const;
  Result<void, Failure> open_chunk(unsigned char* bytes, std::size_t size, const ChunkCounter& counter, Position position) const;

  Secret key_;
  Reader* payload_;
  Work work_;
  ChunkCounter counter_;
  std::optional<char> ahead_;
};

/// Opens a payload (nonce included) batch by batch, each verified before `content` sees it, in locked memory.
///
/// DANGER: the end is verified last. Until this answers without a failure, what `content` was given may have been cut
/// off: nobody else may see it yet.
Result<void, Failure> open_payload(const Secret& file_key, Reader& payload, Writer& content);

/// The same without opening: `content` is given nothing.
Result<void, Failure> verify_payload(const Secret& file_key, Reader& payload, Writer& content);

/// Bytes of content in a payload of `size` bytes; nothing if no payload has that size.
std::optional<std::uint64_t> content_size(std::uint64_t payload_size);

}  // namespace hushrun::age
