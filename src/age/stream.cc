#include "age/stream.h"

#include <algorithm>

namespace hushrun::age {
namespace {

// Four chunks at a time: fewer reads, and still within a core's second-level cache.
constexpr std::size_t kBatchSize = 4 * kSealedChunkSize;

Failure damaged(Literal why) { return {Failed::payload, why}; }

// Room to work in, in locked memory.
Secret buffer_of(std::size_t size) {
  return Secret::filled_by(size, [](char*, std::size_t all) { return all; });
}

// Opens the chunks of one payload. One byte of look-ahead tells whether a chunk is the last.
class Opening {
 public:
  /// `room`: how much is read at a time, one byte of look-ahead included.
  Opening(Secret key, Reader& payload, Writer& content, std::size_t room)
      : key_{std::move(key)}, payload_{payload}, content_{content}, buffer_{buffer_of(room)} {}

  Result<void, Failure> run() {
    while (!ended_) {
      TRY(fill());
      TRY(buffer_.change([&](char* bytes, std::size_t) { return open_what_is_there(bytes); }));
    }
    return {};
  }

 private:
  Result<void, Failure> fill() {
    if (held_ == buffer_.size()) {
      // The payload is longer than it was announced to be.
      const Secret small = std::exchange(buffer_, buffer_of(kBatchSize + 1));
      buffer_.change([&](char* bytes, std::size_t) { std::memcpy(bytes, View{small}.data(), held_); });
    }
    held_ += TRY(buffer_.change([&](char* bytes, std::size_t size) { return payload_.read_full(bytes + held_, size - held_); }));
    ended_ = held_ < buffer_.size();
    return {};
  }

  Result<void, Failure> open_what_is_there(char* bytes) {
    std::size_t at = 0;
    for (; held_ - at > kSealedChunkSize; at += kSealedChunkSize) TRY(open_chunk(bytes + at, kSealedChunkSize, Position::middle));
    if (ended_) return open_chunk(bytes + at, held_ - at, Position::last);
    held_ -= at;
    std::memmove(bytes, bytes + at, held_);
    return {};
  }

  Result<void, Failure> open_chunk(char* bytes, std::size_t size, Position position) {
    if (size < kTagSize) return damaged("it is cut off");
    if (!opens(bytes, size, position)) {
      // A second look costs one more chunk and tells the person what happened.
      const bool otherwise = opens(bytes, size, position == Position::last ? Position::middle : Position::last);
      if (position == Position::last && otherwise) return damaged("it is cut off");
      if (position == Position::last) return damaged("it is damaged or cut off");
      if (otherwise) return damaged("bytes follow its end");
      return damaged("it is damaged");
    }
    if (size == kTagSize && !counter_.at_first()) return damaged("its last chunk is empty");
    counter_.advance();
    return content_.write(bytes, size - kTagSize);
  }
  bool opens(char* bytes, std::size_t size, Position position) const {
    return open_in_place(key_, counter_.nonce(position), reinterpret_cast<unsigned char*>(bytes), size);
  }

  Secret key_;
  Reader& payload_;
  Writer& content_;
  ChunkCounter counter_;
  Secret buffer_;
  std::size_t held_ = 0;  // bytes at the front of the buffer that are still sealed
  bool ended_ = false;
};

}  // namespace

Nonce ChunkCounter::nonce(Position position) const {
  Nonce nonce{};
  for (std::size_t i = 0; i < sizeof number_; ++i) nonce[10 - i] = static_cast<unsigned char>(number_ >> (8 * i));
  nonce[11] = position == Position::last ? 1 : 0;
  return nonce;
}

Secret payload_key(const Secret& file_key, const Bytes16& nonce) { return hkdf(file_key, nonce, "payload"); }

Result<void, Failure> open_payload(const Secret& file_key, Reader& payload, Writer& content) {
  Bytes16 nonce;
  const std::size_t got = TRY(payload.read_full(reinterpret_cast<char*>(nonce.data()), nonce.size()));
  if (got < nonce.size()) return HeaderFlaw{"it is cut off before the payload"};
  // 0 says nothing: files of /proc and of FUSE announce it and hold more.
  const std::uint64_t announced = payload.size().value_or(0);
  const std::size_t size = announced > 0 && announced < kBatchSize ? static_cast<std::size_t>(announced) + 1 : kBatchSize + 1;
  return Opening{payload_key(file_key, nonce), payload, content, size}.run();
}

std::optional<std::uint64_t> content_size(std::uint64_t payload_size) {
  if (payload_size < kPayloadNonceSize + kTagSize) return std::nullopt;
  const std::uint64_t sealed = payload_size - kPayloadNonceSize;
  const std::uint64_t chunks = (sealed + kSealedChunkSize - 1) / kSealedChunkSize;
  const std::uint64_t last = sealed - (chunks - 1) * kSealedChunkSize;
  if (last < kTagSize || (last == kTagSize && chunks > 1)) return std::nullopt;
  return sealed - kTagSize * chunks;
}

}  // namespace hushrun::age
