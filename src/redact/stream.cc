#include "redact/stream.h"

#include <algorithm>

#include "core/log.h"

namespace hushrun::redact {
namespace {

// As much as a pipe holds where it may, ours as well as the one behind us: fewer, larger pieces.
constexpr std::size_t kBufferSize = 256 * 1024;

}  // namespace

Stream::Stream(const leak::Needles& needles, Fd source, int output) : source_{std::move(source)}, output_{output}, redactor_{needles} {
  sys::widen_pipe(source_->number(), kBufferSize);
  sys::widen_pipe(output, kBufferSize);
}

std::optional<pollfd> Stream::watched() const {
  if (!pending_.empty()) return pollfd{output_.polled(), POLLOUT, 0};
  if (source_) return pollfd{source_->number(), POLLIN, 0};
  return std::nullopt;
}

void Stream::go_on() {
  if (!pending_.empty()) return write_pending();
  if (!source_) return;
  if (!buffer_) buffer_ = Secret::filled_by(kBufferSize, [](char*, std::size_t size) { return size; });
  const sys::Answer<std::size_t> got = buffer_->change([&](char* room, std::size_t size) {
    return sys::read_some(*source_, room, std::min(size, last_bytes_.value_or(size)));
  });
  if (!got && got.error().value == EAGAIN && !last_bytes_) return;
  // A terminal that was hung up answers EIO; anything else that is no answer is an end as well.
  if (!got || got.value() == 0) return end();
  if (last_bytes_) *last_bytes_ -= got.value();
  const std::string_view chunk{buffer_->expose().data(), got.value()};
  const leak::Redactor::Slices slices = redactor_.feed(chunk);
  // All in one piece: nothing was found, and at most a few bytes at the end are held.
  const bool is_whole = slices.size() == 1 && slices[0].data() == chunk.data();
  unwiped_from_ = is_whole ? slices[0].size() : 0;
  unwiped_to_ = chunk.size();
  if (redactor_.deadline()) last_byte_ = now();
  else last_byte_.reset();
  send(slices);
}

std::optional<Time> Stream::deadline() const {
  const auto pause = last_byte_ && pending_.empty() ? redactor_.deadline() : std::nullopt;
  if (!pause) return std::nullopt;
  return *last_byte_ + static_cast<Time>(pause->count());
}

void Stream::look_at_the_time(Time time) {
  const auto end = deadline();
  if (!end || time < *end) return;
  send(redactor_.quiet(leak::Redactor::Duration{time - *last_byte_}));
  if (!redactor_.deadline()) last_byte_.reset();
}

void Stream::end_soon() {
  if (!source_) return;
  last_bytes_ = sys::readable_bytes(*source_);
  if (last_bytes_ == 0u && pending_.empty()) end();
}

void Stream::end() {
  if (finished_) return;
  // What is still to be written points into the redactor's memory: it is asked for its last bytes when that is out.
  source_.reset();
  if (pending_.empty()) settle();
}

void Stream::send(leak::Redactor::Slices slices) {
  pending_.assign(slices.begin(), slices.end());
  next_ = 0;
  write_pending();
}

void Stream::write_pending() {
  while (next_ < pending_.size()) {
    const sys::Answer<std::size_t> wrote = output_.write(std::span{pending_}.subspan(next_));
    if (!wrote && wrote.error().value == EAGAIN) return;
    if (!wrote) return lose_reader(wrote.error());
    std::size_t left = wrote.value();
    while (next_ < pending_.size() && left >= pending_[next_].size()) left -= pending_[next_++].size();
    if (left == 0) continue;
    pending_[next_].remove_prefix(left);
    return;  // it is full
  }
  pending_.clear();
  settle();
}

// All that was given to us has been written.
void Stream::settle() {
  forget();
  if (last_bytes_ == 0u) source_.reset();
  if (source_) return;
  if (!finished_) {
    finished_ = true;
    return send(redactor_.finish());
  }
  output_.close_own();
  // Standard error is where our own log goes.
  if (output_.number() == 1) sys::replace_by_null(1);
}

void Stream::forget() {
  const std::size_t count = unwiped_to_ - unwiped_from_;
  if (count > 0) buffer_->change([&](char* room, std::size_t) { wipe(room + unwiped_from_, count); });
  unwiped_from_ = unwiped_to_ = 0;
  redactor_.quiet(leak::Redactor::Duration{0});  // no time has passed: it wipes what it has given, and nothing else
}

void Stream::lose_reader(Errno why) {
  if (why.value != EPIPE) {
    log::warn({Code::system, "cannot pass the output on", output_.number() == 1 ? Public{"standard output"} : Public{"standard error"}, why,
               "see where it leads; the application is told by SIGPIPE"});
  }
  source_.reset();
  pending_.clear();
  finished_ = true;
  forget();
}

}  // namespace hushrun::redact
