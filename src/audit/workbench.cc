#include "audit/workbench.h"

#include "audit/unpack.h"
#include "audit/walk_git.h"
#include "audit/walk_log.h"
#include "audit/wire.h"

namespace hushrun::audit {

std::string encoded(const std::vector<Job>& jobs) {
  wire::Writer out;
  for (const Job& job : jobs) {
    out.number(static_cast<unsigned>(job.kind));
    out.locator(job.where);
    out.text(job.name);
    out.number(static_cast<unsigned>(job.name_place));
    out.text(job.text);
    out.number(job.share);
    out.number(job.shares);
  }
  return out.take();
}

std::optional<std::vector<Job>> jobs_of(std::string_view text) {
  wire::Reader in{text};
  std::vector<Job> jobs;
  while (in.ok() && !in.at_end()) {
    Job job;
    const std::uint64_t kind = in.number();
    job.where = in.locator();
    job.name = in.text();
    const std::uint64_t place = in.number();
    job.text = in.text();
    job.share = in.number();
    job.shares = in.number();
    if (!in.ok() || kind > static_cast<unsigned>(Job::Kind::text) || place > static_cast<unsigned>(Place::file_path)) return std::nullopt;
    job.kind = static_cast<Job::Kind>(kind);
    job.name_place = static_cast<Place>(place);
    jobs.push_back(std::move(job));
  }
  return jobs;
}

void Workbench::settle(Image* image, const Locator& where) {
  if (image != nullptr && image->recognised()) image->show(search_, where);
  std::vector<Hit> hits = search_.take_hits();
  std::vector<Gap> gaps = search_.take_gaps();
  std::move(told_hits_.begin(), told_hits_.end(), std::back_inserter(hits));
  std::move(told_gaps_.begin(), told_gaps_.end(), std::back_inserter(gaps));
  told_hits_.clear();
  told_gaps_.clear();
  if (image != nullptr) image->settle(hits, gaps);
  std::move(hits.begin(), hits.end(), std::back_inserter(hits_));
  std::move(gaps.begin(), gaps.end(), std::back_inserter(gaps_));
}

void Workbench::tell() {
  wire::Writer out;
  if (image_) image_->tell(out);
  else Image{}.tell(out);
  const std::vector<Hit> hits = search_.take_hits();
  out.number(hits.size());
  for (const Hit& hit : hits) out.append(wire::of(hit));
  const std::vector<Gap> gaps = search_.take_gaps();
  out.number(gaps.size());
  for (const Gap& gap : gaps) out.append(wire::of(gap));
  told_ = out.take();
  image_.reset();
}

void Workbench::listen(std::string_view told, const Locator& where) {
  wire::Reader in{told};
  while (in.ok() && !in.at_end()) {
    image_->add_told(in);
    bool good = true;
    for (std::uint64_t left = in.number(); left > 0 && in.ok() && good; --left) {
      auto hit = wire::hit_of(in, needles_);
      good = hit.has_value();
      if (good) told_hits_.push_back(std::move(*hit));
    }
    for (std::uint64_t left = good ? in.number() : 0; left > 0 && in.ok() && good; --left) {
      auto gap = wire::gap_of(in);
      good = gap.has_value();
      if (good) told_gaps_.push_back(std::move(*gap));
    }
    if (!good) break;
  }
  if (!in.ok() || !in.at_end()) search_.gap({Gap::Kind::corrupt, where, "what another process found of it cannot be read", {}});
}

void Workbench::run(const Job& job, std::optional<Fd> file) {
  if (!job.name.empty()) {
    Locator where = job.where;
    where.place = job.name_place;
    search_.text(where, job.name);
  }
  switch (job.kind) {
    case Job::Kind::file: {
      FileBytes bytes{std::move(*file)};
      search_.count({.files = 1});
      Unpacker{search_, nullptr}.walk(bytes, job.where);
      return settle(nullptr, job.where);
    }
    case Job::Kind::image: {
      Image image;
      FileBytes bytes{std::move(*file)};
      Unpacker{search_, &image}.walk(bytes, job.where);
      if (!image.recognised()) search_.count({.files = 1});
      return settle(&image, job.where);
    }
    case Job::Kind::image_share: {
      if (!image_) image_ = std::make_unique<Image>();
      SharedFileBytes bytes{std::move(*file)};
      Unpacker{search_, image_.get(), {job.share, job.shares}}.walk(bytes, job.where);
      if (job.share == 0 && !image_->recognised()) search_.count({.files = 1});
      return;
    }
    case Job::Kind::image_told: return tell();
    case Job::Kind::image_member: {
      if (!image_) image_ = std::make_unique<Image>();
      FileBytes bytes{std::move(*file)};
      Locator artifact = job.where;
      artifact.object.clear();
      Unpacker{search_, image_.get()}.walk_member(bytes, artifact, job.where.object);
      return;
    }
    case Job::Kind::image_end: {
      Locator artifact = job.where;
      artifact.object.clear();
      if (!image_) image_ = std::make_unique<Image>();
      if (file) {
        FileBytes bytes{std::move(*file)};
        std::string told;
        for (std::string_view chunk = bytes.take(); !chunk.empty(); chunk = bytes.take()) told += chunk;
        listen(told, artifact);
      }
      settle(image_.get(), artifact);
      image_.reset();
      return;
    }
    case Job::Kind::log:
    case Job::Kind::engine_log: {
      FileBytes bytes{std::move(*file)};
      search_.count({.logs = 1});
      if (job.kind == Job::Kind::log) walk_log(bytes, job.where, search_);
      else walk_engine_log(bytes, job.where, search_);
      return settle(nullptr, job.where);
    }
    case Job::Kind::git_objects: {
      FileBytes bytes{std::move(*file), FileBytes::From::busy_pipe};
      walk_git_objects(bytes, job.where, search_);
      return settle(nullptr, job.where);
    }
    case Job::Kind::text:
      search_.text(job.where, job.text);
      return settle(nullptr, job.where);
  }
}

}  // namespace hushrun::audit
