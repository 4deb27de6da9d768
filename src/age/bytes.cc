#include "age/bytes.h"

#include "core/sys_file.h"

namespace hushrun::age {

Result<std::size_t, Failure> Reader::read_full(char* room, std::size_t size) {
  std::size_t used = 0;
  while (used < size) {
    const std::size_t got = TRY(read(room + used, size - used));
    if (got == 0) break;
    used += got;
  }
  return used;
}

Result<std::size_t, Failure> FdReader::read(char* room, std::size_t size) {
  return sys::read_some(file_, room, size).or_error([](Errno why) { return Failure{Failed::reading, why}; });
}

std::optional<std::uint64_t> FdReader::size() const {
  const auto known = sys::status(file_);
  if (!known || known.value().kind != sys::FileKind::regular) return std::nullopt;
  return known.value().size;
}

Result<void, Failure> FdWriter::write(const char* bytes, std::size_t size) {
  return sys::write_all(file_, bytes, size).or_error([](Errno why) { return Failure{Failed::writing, why}; });
}

Result<void, Failure> RoomWriter::write(const char* bytes, std::size_t size) {
  if (size > size_ - used_) return Failure{Failed::too_large, "its content is larger than the limit"};
  std::memcpy(room_ + used_, bytes, size);
  used_ += size;
  return {};
}

}  // namespace hushrun::age
