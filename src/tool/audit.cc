// hushkit audit: the values, the places, the answer.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>

#include "audit/engine.h"
#include "audit/repository.h"
#include "audit/targets.h"
#include "tool/commands.h"
#include "tool/known_values.h"
#include "tool/reporting.h"
#include "tool/terminal.h"

namespace hushrun::tool {
namespace {

using audit::Crew;

constexpr std::size_t kWorkers = 2;

// What has been searched, on one line of a terminal, and gone when it is done.
class Progressing {
 public:
  explicit Progressing(bool shown) : shown_{shown} {}
  ~Progressing() {
    if (printed_) std::fputs("\r\033[K", stderr);
  }
  void operator()(const audit::Totals& totals) {
    using namespace std::chrono_literals;
    const auto now = std::chrono::steady_clock::now();
    if (!shown_ || now - last_ < 200ms) return;
    last_ = now;
    printed_ = true;
    std::fprintf(stderr, "\r\033[Ksearched: %zu files, %zu objects, %.1f GiB", totals.files, totals.objects, static_cast<double>(totals.bytes) / (1 << 30));
  }

 private:
  bool shown_;
  bool printed_ = false;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

class Audit final : public Subcommand {
 public:
  void describe(Words& words) override {
    values_.describe(words);
    words.list("--image", images_, kName, "an image of the running engine");
    words.list("--git", repositories_, kFile, "a repository: every object, reachable or not, and what lies beside them");
    words.list("--context", contexts_, kFile, "a folder, as its .dockerignore lets it through to a build");
    words.list("--log", logs_, kFile, "a log, or a folder of logs; records that were cut are joined");
    words.flag("--engine", engine_, "all images, containers and their logs of the running engine");
    words.option("--host", host_, {"WHERE", ""}, "socket of the engine, as in unix:///run/podman/podman.sock ($DOCKER_HOST)");
    reporting_.describe(words);
    words.all_words(targets_, kFile, "a saved image, a layout, an archive, a repository, a folder, any file; - is standard input");
  }

  Result<ExitCode> run() override {
    const Result<ExitCode> answer = look();
    if (!answer) return not_looked_at(answer.error());
    return answer.value();
  }

 private:
  bool has_target() const {
    return engine_ || !(targets_.empty() && images_.empty() && repositories_.empty() && contexts_.empty() && logs_.empty());
  }

  Result<ExitCode> look() {
    TRY(reporting_.prepare());
    if (!has_target()) {
      return Error{Code::usage, "nothing to look at", "command line", "neither a file nor a folder is named, nor --image, --git, --context, --log or --engine",
                   "name something, as in hushkit audit image.tar"};
    }
    TRY(values_.load());
    const std::vector<leak::Delivered> delivered = values_.delivered();
    const audit::Patterns patterns{delivered};
    if (std::all_of(patterns.weak().begin(), patterns.weak().end(), std::mem_fn(&audit::Patterns::Weak::is_common)) && patterns.empty()) {
      return Error{Code::secret_missing, "there is no value to look for", "command line", "all that are there are settings: words and numbers that texts are full of",
                   "name a config with -c, or a source with -s, that has a key"};
    }
    // Beyond this point hostile bytes are read, by processes that can open nothing.
    Crew crew = TRY(Crew::start(patterns, kWorkers));
    {
      Progressing progress{is_terminal(2)};
      crew.report_progress(std::ref(progress));
      TRY(look_at_all(crew));
      crew.finish();
      crew.report_progress({});
    }

    std::vector<audit::Hit> hits = crew.take_hits();
    for (const std::string& one : repositories_) audit::name_blobs(hits, one);
    for (const std::string& one : targets_) audit::name_blobs(hits, one);
    audit::Outcome outcome;
    outcome.gaps = crew.take_gaps();
    outcome.totals = crew.totals();
    for (audit::Hit& hit : hits) outcome.findings.push_back(finding_of(std::move(hit), patterns));
    const auto leave_out = [&](audit::Gap::Kind kind, Public why, Public name) { outcome.gaps.push_back({kind, {}, why, name}); };
    for (Public name : values_.blank()) leave_out(audit::Gap::Kind::setting, "blank", name);
    for (const audit::Patterns::Weak& weak : patterns.weak()) {
      if (weak.is_common) leave_out(audit::Gap::Kind::setting, "a word or a number that texts are full of", weak.name);
      else if (values_.is_unasked(weak.name)) leave_out(audit::Gap::Kind::setting, "too short to be looked for, and only its source names it", weak.name);
      else leave_out(audit::Gap::Kind::weak, "too short to be looked for", weak.name);
    }

    const leak::Needles needles{delivered};
    audit::Guard guard = audit::guard_against(needles);
    // The report is asked once more, by what has found the values.
    guard.find = [&, by_needles = guard.find](std::string_view text) -> std::optional<Public> {
      audit::Search search{patterns};
      search.text({}, text);
      const std::vector<audit::Hit> found = search.take_hits();
      return found.empty() ? by_needles(text) : std::optional{patterns.name(found.front().needle)};
    };
    return reporting_.report(std::move(outcome), audit::place_rules(), "hushkit audit", guard);
  }

  Result<void> look_at_all(Crew& crew) {
    for (const std::string& one : targets_) TRY(audit::look_at(crew, one));
    for (const std::string& one : repositories_) TRY(audit::look_at_repository(crew, one));
    for (const std::string& one : contexts_) TRY(audit::look_at_context(crew, one));
    for (const std::string& one : logs_) TRY(audit::look_at_log(crew, one));
    if (images_.empty() && !engine_) return {};
    const char* const from_environment = getenv("DOCKER_HOST");
    const auto engine = TRY(audit::Engine::at(host_.value_or(from_environment == nullptr ? "" : from_environment)));
    for (const std::string& one : images_) TRY(engine.look_at_image(crew, one));
    if (engine_) TRY(engine.look_at_all(crew));
    return {};
  }

  static audit::Finding finding_of(audit::Hit&& hit, const audit::Patterns& patterns) {
    audit::Finding finding;
    finding.rule = word(hit.where.place);
    finding.secret = patterns.name(hit.needle);
    finding.shape = words(hit.shape);
    finding.where = std::move(hit.where);
    finding.visibility = hit.visibility;
    finding.hidden_by = hit.hidden_by;
    finding.published = hit.published;
    finding.made_by = std::move(hit.made_by);
    finding.repeats = hit.repeats;
    return finding;
  }

  KnownValues values_;
  Reporting reporting_;
  std::vector<std::string> targets_, images_, repositories_, contexts_, logs_;
  bool engine_ = false;
  std::optional<std::string> host_;
};

}  // namespace

Made audit() { return std::make_unique<Audit>(); }

}  // namespace hushrun::tool
