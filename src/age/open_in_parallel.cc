#include "age/open_in_parallel.h"

#include <pthread.h>

#include <condition_variable>
#include <mutex>
#include <optional>

namespace hushrun::age {
namespace {

// Below this a second thread costs more than it saves.
constexpr std::uint64_t kWorthAThread = 2 * kLargeBatchSize;

// Two workers with a batch each. While one opens its batch the other reads or writes; batches are numbered as they are read, and
// written, or given up, in that order, so that the failure that is told is the first of the file. Where nothing is written nobody waits for
// a turn; then the failure is the first of those that were found.
//
// Secrets are made and wiped by the caller's thread alone: their memory is not guarded against two.
class Workers {
 public:
  Workers(PayloadOpening& opening, Writer& content) : opening_{opening}, content_{content} {}

  Result<void, Failure> run() {
    Batch own = opening_.batch(PayloadOpening::Room::large);
    other_ = opening_.batch(PayloadOpening::Room::large);
    pthread_t thread{};
    const auto body = [](void* self) -> void* {
      auto& workers = *static_cast<Workers*>(self);
      workers.work(*workers.other_);
      return nullptr;
    };
    const bool started = pthread_create(&thread, nullptr, body, this) == 0;
    work(own);
    if (started) pthread_join(thread, nullptr);
    if (failure_) return *failure_;
    return {};
  }

 private:
  void work(Batch& batch) {
    for (;;) {
      std::uint64_t number = 0;
      Result<void, Failure> answer;
      {
        const std::lock_guard reading{reading_};
        if (read_all_) return;
        number = taken_++;
        answer = opening_.take(batch);
        read_all_ = !answer || batch.ends;
      }
      if (answer) answer = opening_.open(batch);

      std::unique_lock turn{turns_};
      if (!opening_.gives_nothing()) changed_.wait(turn, [&] { return delivered_ == number || failure_; });
      if (failure_) return;
      if (answer) answer = opening_.deliver(batch, content_);
      if (!answer) failure_ = std::move(answer).error();
      ++delivered_;
      changed_.notify_all();
      if (failure_) return;
    }
  }

  PayloadOpening& opening_;
  Writer& content_;
  std::optional<Batch> other_;

  std::mutex reading_;
  std::uint64_t taken_ = 0;
  bool read_all_ = false;

  std::mutex turns_;
  std::condition_variable changed_;
  std::uint64_t delivered_ = 0;
  std::optional<Failure> failure_;
};

bool worth_a_thread(const Reader& payload) { return payload.size().value_or(kWorthAThread) >= kWorthAThread; }

}  // namespace

Result<void, Failure> open_payload_in_parallel(const Secret& file_key, Reader& payload, Writer& content) {
  if (!worth_a_thread(payload)) return open_payload(file_key, payload, content);
  PayloadOpening opening = TRY(PayloadOpening::begin(file_key, payload, Work::open));
  return Workers{opening, content}.run();
}

Result<void, Failure> verify_payload_in_parallel(const Secret& file_key, Reader& payload, Writer& content) {
  if (!worth_a_thread(payload)) return verify_payload(file_key, payload, content);
  PayloadOpening opening = TRY(PayloadOpening::begin(file_key, payload, Work::verify));
  return Workers{opening, content}.run();
}

}  // namespace hushrun::age
