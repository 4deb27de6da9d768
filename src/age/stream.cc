#include "age/stream.h"

#include <algorithm>

namespace hushrun::age {
namespace {

Failure damaged(Literal why) { return {Failed::payload, why}; }

// Room to work in, in locked memory.
Secret buffer_of(std::size_t size) {
  return Secret::filled_by(size, [](char*, std::size_t all) { return all; });
}

}  // namespace

Nonce ChunkCounter::nonce(Position position) const {
  Nonce nonce{};
  for (std::size_t i = 0; i < sizeof number_; ++i) nonce[10 - i] = static_cast<unsigned char>(number_ >> (8 * i));
  nonce[11] = position == Position::last ? 1 : 0;
  return nonce;
}

Secret payload_key(const Secret& file_key, const Bytes16& nonce) { return hkdf(file_key, nonce, "payload"); }

Result<PayloadOpening, Failure> PayloadOpening::begin(const Secret& file_key, Reader& payload, Work work) {
  Bytes16 nonce;
  const std::size_t got = TRY(payload.read_full(reinterpret_cast<char*>(nonce.data()), nonce.size()));
  if (got < nonce.size()) return HeaderFlaw{"it is cut off before the payload"};
  return PayloadOpening{payload_key(file_key, nonce), payload, work};
}

Batch PayloadOpening::batch(Room room) const {
  // 0 says nothing: files of /proc and of FUSE announce it and hold more.
  if (room == Room::large) return {buffer_of(kLargeBatchSize + 1), 0, {}, false};
  const std::uint64_t announced = payload_->size().value_or(0);
  return {buffer_of(announced > 0 && announced < kBatchSize ? static_cast<std::size_t>(announced) + 1 : kBatchSize + 1), 0, {}, false};
}

Result<void, Failure> PayloadOpening::take(Batch& batch) {
  batch.first = counter_;
  batch.size = 0;
  if (ahead_) batch.size = batch.room.change([&](char* room, std::size_t) { return room[0] = *ahead_, std::size_t{1}; });
  for (;;) {
    batch.size += TRY(batch.room.change([&](char* room, std::size_t size) { return payload_->read_full(room + batch.size, size - batch.size); }));
    batch.ends = batch.size < batch.room.size();
    if (batch.ends || batch.room.size() > kBatchSize) break;
    // The payload is longer than it was announced to be.
    const Secret small = std::exchange(batch.room, buffer_of(kBatchSize + 1));
    batch.room.change([&](char* room, std::size_t) { std::memcpy(room, View{small}.data(), batch.size); });
  }
  if (!batch.ends) ahead_ = View{batch.room}.text()[--batch.size];
  counter_.advance(batch.size / kSealedChunkSize);
  return {};
}

Result<void, Failure> PayloadOpening::open(Batch& batch) const {
  return batch.room.change([&](char* room, std::size_t) -> Result<void, Failure> {
    ChunkCounter counter = batch.first;
    for (std::size_t at = 0;; at += kSealedChunkSize) {
      const std::size_t size = std::min(batch.size - at, kSealedChunkSize);
      const bool is_last = at + size == batch.size;
      TRY(open_chunk(reinterpret_cast<unsigned char*>(room + at), size, counter, is_last && batch.ends ? Position::last : Position::middle));
      if (is_last) return {};
      counter.advance();
    }
  });
}

bool PayloadOpening::passes(unsigned char* bytes, std::size_t size, const Nonce& nonce) const {
  return work_ == Work::open ? open_in_place(key_, nonce, bytes, size) : is_authentic(key_, nonce, bytes, size);
}

Result<void, Failure> PayloadOpening::open_chunk(unsigned char* bytes, std::size_t size, const ChunkCounter& counter, Position position) const {
  if (size < kTagSize) return damaged("it is cut off");
  if (passes(bytes, size, counter.nonce(position))) {
    if (size == kTagSize && !counter.at_first()) return damaged("its last chunk is empty");
    return {};
  }
  // A second look costs one more chunk and tells the person what happened.
  const bool otherwise = passes(bytes, size, counter.nonce(position == Position::last ? Position::middle : Position::last));
  if (position == Position::last && otherwise) return damaged("it is cut off");
  if (position == Position::last) return damaged("it is damaged or cut off");
  if (otherwise) return damaged("bytes follow its end");
  return damaged("it is damaged");
}

Result<void, Failure> PayloadOpening::deliver(const Batch& batch, Writer& content) const {
  if (gives_nothing()) return {};
  const std::string_view opened = View{batch.room}.text();
  for (std::size_t at = 0; at < batch.size; at += kSealedChunkSize) {
    const std::size_t size = std::min(batch.size - at, kSealedChunkSize);
    TRY(content.write(opened.data() + at, size - kTagSize));
  }
  return {};
}

namespace {

Result<void, Failure> go_through(const Secret& file_key, Reader& payload, Writer& content, Work work) {
  PayloadOpening opening = TRY(PayloadOpening::begin(file_key, payload, work));
  Batch batch = opening.batch(PayloadOpening::Room::announced);
  while (!batch.ends) {
    TRY(opening.take(batch));
    TRY(opening.open(batch));
    TRY(opening.deliver(batch, content));
  }
  return {};
}

}  // namespace

Result<void, Failure> open_payload(const Secret& file_key, Reader& payload, Writer& content) { return go_through(file_key, payload, content, Work::open); }
Result<void, Failure> verify_payload(const Secret& file_key, Reader& payload, Writer& content) {
  return go_through(file_key, payload, content, Work::verify);
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
