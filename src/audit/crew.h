#pragma once
// The processes that do the work: forked before anything hostile is read, with the values in memory they need and nothing they could open.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "audit/job.h"
#include "audit/search.h"
#include "core/fd.h"
#include "core/error.h"

namespace hushrun::audit {

class Crew {
 public:
  /// `workers` processes. Patterns must not change any more.
  static Result<Crew> start(const Patterns& patterns, std::size_t workers);
  Crew(Crew&&) noexcept = default;
  ~Crew();

  /// Hands a job over; blocks while all are busy. What they found is taken in meanwhile.
  void submit(Job job, std::optional<Fd> file);
  /// All of an image's members have been submitted: what the processes found of them is put together.
  void finish_image(Locator where);
  /// Waits for all that was submitted.
  void finish();

  /// Told now and then, with what has been searched so far.
  void report_progress(std::function<void(const Totals&)> progress) { progress_ = std::move(progress); }
  /// Something the walkers themselves could not look at.
  void add_gap(Gap gap) { gaps_.push_back(std::move(gap)); }
  void count(const Totals& more) { own_ += more; }

  std::vector<Hit> take_hits() { return std::exchange(hits_, {}); }
  std::vector<Gap> take_gaps() { return std::exchange(gaps_, {}); }
  Totals totals() const;

 private:
  struct Worker {
    pid_t pid = 0;
    std::optional<Fd> channel;
    std::optional<Fd> replies;
    std::string unread;
    std::size_t waiting = 0;      // batches sent and not answered
    std::vector<Locator> places;  // of their jobs
    std::string told;             // of an image
    std::uint64_t load = 0;       // of its members, in bytes
    Totals totals;
  };
  static constexpr std::size_t kBatch = 24;
  static constexpr std::size_t kBatchBytes = 96 * 1024;
  static constexpr std::size_t kAhead = 2;

  explicit Crew(const Patterns& patterns) : patterns_{&patterns} {}
  Result<void> hire(Worker& worker);
  void share(Job job, Fd file);
  std::size_t share_of(const Fd& file);
  void dispatch();
  void take_in();
  void read_from(Worker& worker);
  bool take_frames(Worker& worker);
  void lose(Worker& worker);

  const Patterns* patterns_;
  std::vector<Worker> workers_;
  std::vector<Job> batch_;
  std::vector<Fd> files_;
  std::size_t batch_bytes_ = 0;
  std::vector<Hit> hits_;
  std::vector<Gap> gaps_;
  Totals own_;
  Totals lost_;
  std::function<void(const Totals&)> progress_;
};

}  // namespace hushrun::audit
