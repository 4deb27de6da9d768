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
    if (!in.ok() || kind > static_cast<unsigned>(Job::Kind::text) || place > static_cast<unsigned>(Place::file_path)) return std::nullopt;
    job.kind = static_cast<Job::Kind>(kind);
    job.name_place = static_cast<Place>(place);
    jobs.push_back(std::move(job));
  }
  return jobs;
}

void Workbench::settle(Image* image, const Locator& where) {
  std::vector<Hit> hits;
  std::vector<Gap> gaps;
  if (image != nullptr) {
    if (image->recognised()) image->show(search_, where);
    hits = search_.take_hits();
    gaps = search_.take_gaps();
    image->settle(hits, gaps);
  } else {
    hits = search_.take_hits();
    gaps = search_.take_gaps();
  }
  std::move(hits.begin(), hits.end(), std::back_inserter(hits_));
  std::move(gaps.begin(), gaps.end(), std::back_inserter(gaps_));
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
    case Job::Kind::image_member: {
      if (!folder_) folder_ = std::make_unique<Image>();
      FileBytes bytes{std::move(*file)};
      Locator artifact = job.where;
      artifact.object.clear();
      Unpacker{search_, folder_.get()}.walk_member(bytes, artifact, job.where.object);
      return;
    }
    case Job::Kind::image_end: {
      Locator artifact = job.where;
      artifact.object.clear();
      settle(folder_.get(), artifact);
      folder_.reset();
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
      FileBytes bytes{std::move(*file)};
      walk_git_objects(bytes, job.where, search_);
      return settle(nullptr, job.where);
    }
    case Job::Kind::text:
      search_.text(job.where, job.text);
      return settle(nullptr, job.where);
  }
}

}  // namespace hushrun::audit
