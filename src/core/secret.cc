#include "core/secret.h"

#include <sodium.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace hushrun {
namespace {

// Four pages hold what most applications are given; more would be locked, zeroed and never used.
constexpr std::size_t kChunkSize = 16384;

// A run of locked pages from which values are cut one after the other. Its head lies in the pages themselves.
struct Chunk {
  Chunk* next;
  std::size_t size;   // bytes of the mapping
  std::size_t used;   // bytes given out, this head included
  std::size_t alive;  // values not yet wiped
  bool locked;
};

Chunk* chunks = nullptr;
bool unlocked = false;

constexpr std::size_t aligned(std::size_t size) { return (size + 15) & ~std::size_t{15}; }
constexpr std::size_t kHead = aligned(sizeof(Chunk));

[[noreturn]] void out_of_memory() {
  static constexpr char kText[] = "hushrun: error: out of memory\n";
  [[maybe_unused]] const auto written = ::write(2, kText, sizeof kText - 1);
  _exit(125);
}

Chunk* new_chunk(std::size_t room) {
  const std::size_t page = 4096;
  const std::size_t size = (std::max(room + kHead, kChunkSize) + page - 1) & ~(page - 1);
  void* memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) out_of_memory();
  // mlock(2) and MADV_DONTDUMP in one; needs no sodium_init().
  const bool locked = sodium_mlock(memory, size) == 0;
  if (!locked) unlocked = true;
  return chunks = new (memory) Chunk{chunks, size, kHead, 0, locked};
}

Chunk* chunk_of(const char* data) {
  for (Chunk* chunk = chunks; chunk != nullptr; chunk = chunk->next) {
    const char* start = reinterpret_cast<const char*>(chunk);
    if (data > start && data < start + chunk->size) return chunk;
  }
  return nullptr;
}

void unmap(Chunk* chunk) {
  for (Chunk** link = &chunks; *link != nullptr; link = &(*link)->next) {
    if (*link != chunk) continue;
    *link = chunk->next;
    break;
  }
  ::munmap(chunk, chunk->size);
}

}  // namespace

Secret::Secret(std::size_t capacity) : data_{nullptr}, size_{capacity}, capacity_{aligned(capacity + 1)} {
  Chunk* chunk = chunks;
  if (chunk == nullptr || chunk->size - chunk->used < capacity_) chunk = new_chunk(capacity_);
  data_ = reinterpret_cast<char*>(chunk) + chunk->used;
  chunk->used += capacity_;
  ++chunk->alive;
}

Secret::~Secret() {
  if (data_ == nullptr) return;
  wipe(data_, capacity_);
  Chunk* chunk = chunk_of(data_);
  if (data_ + capacity_ == reinterpret_cast<char*>(chunk) + chunk->used) chunk->used -= capacity_;
  if (--chunk->alive > 0) return;
  chunk->used = kHead;
  // Values are cut from the newest chunk only: that one is kept for the next, an older one would never be used again.
  if (chunk->size > kChunkSize || chunk != chunks) unmap(chunk);
}

void Secret::shrink(std::size_t size) {
  wipe(data_ + size, size_ - size);
  size_ = size;
  // Give back what the last value did not need, so that reading a file of unknown size wastes nothing.
  Chunk* chunk = chunk_of(data_);
  const std::size_t needed = aligned(size + 1);
  if (data_ + capacity_ != reinterpret_cast<char*>(chunk) + chunk->used) return;
  chunk->used -= capacity_ - needed;
  capacity_ = needed;
}

Secret Secret::of_public(std::string_view text) {
  return filled_by(text.size(), [&](char* room, std::size_t size) {
    std::copy(text.begin(), text.end(), room);
    return size;
  });
}

bool equal_in_constant_time(const Secret& left, const Secret& right) {
  return left.size() == right.size() && sodium_memcmp(left.expose().data(), right.expose().data(), left.size()) == 0;
}

void wipe(void* memory, std::size_t size) { sodium_memzero(memory, size); }

bool any_unlocked() { return unlocked; }

}  // namespace hushrun
