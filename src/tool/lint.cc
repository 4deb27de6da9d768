#include "lint/lint.h"

#include "lint/rules.h"
#include "tool/commands.h"
#include "tool/reporting.h"

namespace hushrun::tool {
namespace {

class Lint final : public Subcommand {
 public:
  void describe(Words& words) override {
    reporting_.describe(words);
    words.all_words(paths_, kFile, "folders, Dockerfiles, compose files; the current folder without one");
  }

  Result<ExitCode> run() override {
    const Result<ExitCode> answer = look();
    if (!answer) return not_looked_at(answer.error());
    return answer.value();
  }

 private:
  Result<ExitCode> look() {
    TRY(reporting_.prepare());
    if (paths_.empty()) paths_.emplace_back(".");
    audit::Outcome all;
    for (const std::string& path : paths_) {
      audit::Outcome one = TRY(lint::lint(path));
      std::move(one.findings.begin(), one.findings.end(), std::back_inserter(all.findings));
      std::move(one.gaps.begin(), one.gaps.end(), std::back_inserter(all.gaps));
      all.totals += one.totals;
    }
    // No value is known, so none can be masked; what is printed are names and places.
    const leak::Needles nothing{std::span<const leak::Delivered>{}};
    return reporting_.report(std::move(all), lint::rules(), "hushkit lint", audit::guard_against(nothing));
  }

  Reporting reporting_;
  std::vector<std::string> paths_;
};

}  // namespace

Made lint() { return std::make_unique<Lint>(); }

}  // namespace hushrun::tool
