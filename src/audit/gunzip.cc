#include "audit/gunzip.h"

#include <zlib.h>

#include "audit/unpack.h"

namespace hushrun::audit {
namespace {

constexpr std::size_t kRoom = 256 * 1024;
constexpr int kGzip = 15 + 16;  // zlib.h: the largest window, a gzip header and trailer

}  // namespace

struct GunzipBytes::State {
  z_stream stream{};
  bool made = false;
};

GunzipBytes::GunzipBytes(Bytes& from) : state_{std::make_unique<State>()}, from_{from} {
  state_->made = inflateInit2(&state_->stream, kGzip) == Z_OK;
  broken_ = !state_->made;
  room_.resize(kRoom);
}

GunzipBytes::~GunzipBytes() {
  if (state_->made) inflateEnd(&state_->stream);
}

std::string_view GunzipBytes::more() {
  z_stream& stream = state_->stream;
  std::size_t filled = 0;
  while (!done_ && !broken() && filled < kRoom) {
    if (input_.empty()) input_ = from_.take();
    if (input_.empty()) {
      broken_ = true;  // cut off: a member that ended would have been done
      break;
    }
    consumed_ += input_.size();
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input_.data()));  // zlib does not write there
    stream.avail_in = static_cast<uInt>(input_.size());
    stream.next_out = reinterpret_cast<Bytef*>(room_.data() + filled);
    stream.avail_out = static_cast<uInt>(kRoom - filled);
    const int answer = inflate(&stream, Z_NO_FLUSH);
    input_.remove_prefix(input_.size() - stream.avail_in);
    consumed_ -= stream.avail_in;
    filled = kRoom - stream.avail_out;
    if (answer == Z_STREAM_END) {
      if (input_.empty()) input_ = from_.take();
      done_ = !input_.starts_with('\x1f');
      if (!done_) broken_ = inflateReset(&stream) != Z_OK;
    } else if (answer != Z_OK && answer != Z_BUF_ERROR) {
      broken_ = true;
    }
  }
  produced_ += filled;
  bomb_ |= produced_ > Unpacker::kAlwaysAllowed && produced_ / Unpacker::kHighestRatio > consumed_;
  return {room_.data(), filled};
}

}  // namespace hushrun::audit
