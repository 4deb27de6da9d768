#include "audit/crew.h"

#include <unistd.h>

#include <algorithm>

#include "audit/confine.h"
#include "audit/unpack.h"
#include "audit/wire.h"
#include "audit/workbench.h"
#include "core/sys_channel.h"
#include "core/sys_process.h"

namespace hushrun::audit {
namespace {

// A frame: what it is, how long the rest is, the rest. A batch is answered by hits, gaps, what is told of an image, in pieces, and totals;
// then an empty `done`.
enum class Frame : char { hit = 'h', gap = 'g', totals = 't', told = 'i', done = 'd', refused = 'x' };
constexpr std::size_t kLargestMessage = std::size_t{2} << 20;
constexpr std::size_t kLargestFrame = std::size_t{8} << 20;
constexpr std::size_t kHead = 5;
constexpr std::size_t kLongestText = 32 * 1024;
// An image that is as large is worth the while of a second process; a member that is, too, and it cannot be a document.
constexpr std::uint64_t kWorthSharing = Unpacker::kLargestDocument;

sys::Answer<Fd> in_memory(std::string_view text) {
  const Fd memory = TRY(sys::create_memfd());
  TRY(sys::write_all(memory, text.data(), text.size()));
  return sys::open_file("/proc/self/fd/" + std::to_string(memory.number()));
}

std::string framed(Frame kind, const std::string& rest) {
  std::string out{static_cast<char>(kind)};
  for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>(rest.size() >> shift);
  return out + rest;
}

[[noreturn]] void work(const Patterns& patterns, const Fd& channel, const Fd& replies) {
  const auto say = [&](Frame kind, const std::string& rest) {
    const std::string frame = framed(kind, rest);
    if (!sys::write_all(replies, frame.data(), frame.size())) _exit(1);
  };
  if (!confine()) {
    say(Frame::refused, "");
    _exit(1);
  }
  Workbench bench{patterns};
  for (;;) {
    auto message = sys::receive_message(channel, kLargestMessage);
    if (!message || message.value().text.empty()) _exit(0);
    const auto jobs = jobs_of(message.value().text);
    if (!jobs) _exit(1);
    std::size_t next = 0;
    for (const Job& job : *jobs) {
      std::optional<Fd> file;
      if (job.has_file()) {
        if (next >= message.value().files.size()) _exit(1);
        file = std::move(message.value().files[next++]);
      }
      bench.run(job, std::move(file));
      for (const Hit& hit : bench.take_hits()) say(Frame::hit, wire::of(hit));
      for (const Gap& gap : bench.take_gaps()) say(Frame::gap, wire::of(gap));
      const std::string told = bench.take_told();
      for (std::size_t at = 0; at < told.size(); at += kLargestFrame) say(Frame::told, told.substr(at, kLargestFrame));
    }
    say(Frame::totals, wire::of(bench.totals()));
    say(Frame::done, "");
  }
}

Error failed(Errno error) {
  return {Code::system, "cannot start the processes that search", "fork", error, "see fork(2) and the limits of this machine"};
}

}  // namespace

Result<Crew> Crew::start(const Patterns& patterns, std::size_t workers) {
  Crew crew{patterns};
  crew.workers_.resize(workers);
  for (Worker& worker : crew.workers_) TRY(crew.hire(worker));
  return crew;
}

Result<void> Crew::hire(Worker& worker) {
  sys::Channel channel = TRY(sys::make_channel().or_error(failed));
  sys::Stream replies = TRY(sys::make_stream().or_error(failed));
  const pid_t pid = TRY(sys::fork_child().or_error(failed));
  if (pid == 0) {
    static_cast<void>(sys::end_with_parent());
    // Descriptors of ours that it has no use for: files that wait to be sent, the ends of the others.
    files_.clear();
    for (Worker& other : workers_) other.channel.reset(), other.replies.reset();
    { const Fd ours = std::move(channel.ours), read_end = std::move(replies.read_end); }
    work(*patterns_, channel.theirs, replies.write_end);
  }
  worker = Worker{};
  worker.pid = pid;
  worker.channel = std::move(channel.ours);
  worker.replies = std::move(replies.read_end);
  return {};
}

Crew::~Crew() {
  for (Worker& worker : workers_) {
    worker.channel.reset();
    if (worker.pid == 0) continue;
    if (worker.waiting > 0) sys::kill_child(worker.pid);
    static_cast<void>(sys::wait_for(worker.pid));
  }
}

Totals Crew::totals() const {
  Totals all = own_;
  all += lost_;
  for (const Worker& worker : workers_) all += worker.totals;
  return all;
}

// It died of what it was given, or was told to. What it had at hand has not been looked at; another one goes on.
void Crew::lose(Worker& worker) {
  for (Locator& where : worker.places) gaps_.push_back({Gap::Kind::corrupt, std::move(where), "the process that read it ended over it", {}});
  sys::kill_child(worker.pid);
  static_cast<void>(sys::wait_for(worker.pid));
  lost_ += worker.totals;
  worker = Worker{};
  static_cast<void>(hire(worker));
}

bool Crew::take_frames(Worker& worker) {
  std::size_t at = 0;
  bool good = true;
  const std::string& in = worker.unread;
  while (good && in.size() - at >= kHead) {
    std::size_t size = 0;
    for (int i = 3; i >= 0; --i) size = size << 8 | static_cast<unsigned char>(in[at + 1 + static_cast<std::size_t>(i)]);
    if (size > kLargestFrame) return false;
    if (in.size() - at - kHead < size) break;
    wire::Reader frame{std::string_view{in}.substr(at + kHead, size)};
    switch (static_cast<Frame>(in[at])) {
      case Frame::hit:
        if (auto hit = wire::hit_of(frame, patterns_->needles())) hits_.push_back(std::move(*hit));
        else good = false;
        break;
      case Frame::gap:
        if (auto gap = wire::gap_of(frame)) gaps_.push_back(std::move(*gap));
        else good = false;
        break;
      case Frame::totals:
        if (const auto totals = wire::totals_of(frame)) worker.totals = *totals;
        else good = false;
        break;
      case Frame::told:
        good = worker.told.size() + size <= kMostTold;
        if (good) worker.told.append(in, at + kHead, size);
        break;
      case Frame::done:
        good = worker.waiting > 0;
        if (!good) break;
        if (--worker.waiting == 0) worker.places.clear();
        if (progress_) progress_(totals());
        break;
      default: good = false;
    }
    at += kHead + size;
  }
  worker.unread.erase(0, at);
  return good;
}

void Crew::read_from(Worker& worker) {
  std::array<char, 65536> room;
  const auto got = sys::read_some(*worker.replies, room.data(), room.size());
  if (!got || got.value() == 0) return lose(worker);
  worker.unread.append(room.data(), got.value());
  if (!take_frames(worker)) lose(worker);
}

// Waits until somebody has said something.
void Crew::take_in() {
  std::vector<int> files;
  std::vector<Worker*> whose;
  for (Worker& worker : workers_) {
    if (worker.waiting == 0 || !worker.replies) continue;
    files.push_back(worker.replies->number());
    whose.push_back(&worker);
  }
  if (files.empty()) return;
  const auto ready = sys::wait_for_any(files);
  if (!ready) return;
  for (std::size_t i = 0; i < whose.size(); ++i) {
    if (ready.value()[i]) read_from(*whose[i]);
  }
}

void Crew::dispatch() {
  if (batch_.empty()) return;
  Worker* const meant = batch_.front().is_of_share() ? &workers_[batch_.front().share] : nullptr;
  Worker* chosen = nullptr;
  while (chosen == nullptr) {
    for (Worker& worker : workers_) {
      if (!worker.channel || worker.waiting >= kAhead || (meant != nullptr && &worker != meant)) continue;
      if (chosen == nullptr || worker.waiting < chosen->waiting) chosen = &worker;
    }
    if (chosen != nullptr) break;
    if (std::none_of(workers_.begin(), workers_.end(), [](const Worker& one) { return one.waiting > 0; })) break;
    take_in();
  }
  for (const Job& job : batch_) {
    if (chosen != nullptr) chosen->places.push_back(job.where);
    else gaps_.push_back({Gap::Kind::unreadable, job.where, "nobody is left to search it", {}});
  }
  if (chosen != nullptr) {
    ++chosen->waiting;
    if (!sys::send_message(*chosen->channel, encoded(batch_), files_)) lose(*chosen);
  }
  batch_.clear();
  files_.clear();
  batch_bytes_ = 0;
}

// Who is to look at a member: the first process, which puts the image together, at all that may be a document; else who has had least.
std::size_t Crew::share_of(const Fd& file) {
  const auto status = sys::status(file);
  const std::uint64_t size = status ? status.value().size : 0;
  const auto lighter = [](const Worker& a, const Worker& b) { return a.load < b.load; };
  const auto least = size <= kWorthSharing ? workers_.begin() : std::min_element(workers_.begin(), workers_.end(), lighter);
  least->load += size;
  return static_cast<std::size_t>(least - workers_.begin());
}

// A large archive: all processes read it, and each looks into some of its members.
void Crew::share(Job job, Fd file) {
  dispatch();
  job.kind = Job::Kind::image_share;
  job.shares = workers_.size();
  for (job.share = 0; job.share < job.shares; ++job.share) {
    auto again = sys::duplicate(file.number());
    if (again) {
      batch_.push_back(job);
      files_.push_back(std::move(again).value());
      dispatch();
    } else {
      gaps_.push_back({Gap::Kind::unreadable, job.where, Why{again.error()}.words(), {}});
    }
  }
  finish_image(std::move(job.where));
}

void Crew::finish_image(Locator where) {
  dispatch();
  for (std::size_t share = 1; share < workers_.size(); ++share) {
    batch_.push_back({.kind = Job::Kind::image_told, .where = where, .share = share});
    dispatch();
  }
  finish();
  std::string told;
  for (Worker& worker : workers_) {
    told += std::exchange(worker.told, {});
    worker.load = 0;
  }
  batch_.push_back({.kind = Job::Kind::image_end, .where = where});
  if (!told.empty()) {
    auto memory = in_memory(told);
    if (memory) {
      batch_.front().shares = workers_.size();
      files_.push_back(std::move(memory).value());
    } else {
      gaps_.push_back({Gap::Kind::limit, std::move(where), "a text of this size finds no room", {}});
    }
  }
  dispatch();
}

void Crew::submit(Job job, std::optional<Fd> file) {
  if (job.kind == Job::Kind::image_member) job.share = share_of(*file);
  if (job.kind == Job::Kind::image && workers_.size() > 1 && job.where.artifact != "-") {
    // Standard input may be a file of which somebody has read the beginning.
    const auto status = sys::status(*file);
    if (status && status.value().kind == sys::FileKind::regular && status.value().size > kWorthSharing) return share(std::move(job), std::move(*file));
  }
  if (job.text.size() > kLongestText) {
    // No message is that large (unix(7), SO_SNDBUF): it goes as a file in memory.
    auto again = in_memory(job.text);
    if (!again) {
      gaps_.push_back({Gap::Kind::limit, job.where, "a text of this size finds no room", {}});
      return;
    }
    job.kind = Job::Kind::file;
    job.text.clear();
    file = std::move(again).value();
  }
  const std::size_t size = 64 + job.where.artifact.size() + job.where.image.size() + job.where.object.size() + job.where.path.size() + job.name.size() + job.text.size();
  if (!batch_.empty() && (batch_.size() >= kBatch || batch_bytes_ + size > kBatchBytes || batch_.front().is_of_share() != job.is_of_share() || batch_.front().share != job.share)) dispatch();
  batch_bytes_ += size;
  batch_.push_back(std::move(job));
  if (file) files_.push_back(std::move(*file));
  // What takes long by itself does not wait for company.
  const Job::Kind kind = batch_.back().kind;
  if (kind == Job::Kind::image || kind == Job::Kind::git_objects || kind == Job::Kind::log || kind == Job::Kind::engine_log) dispatch();
}

void Crew::finish() {
  dispatch();
  while (std::any_of(workers_.begin(), workers_.end(), [](const Worker& one) { return one.waiting > 0; })) take_in();
}

}  // namespace hushrun::audit
