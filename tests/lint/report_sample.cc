// report_sample FORMAT: a report with something of everything in it, for report_schema_test.py; the canary is a value that is in the
// texts a report is made of.

#include <iostream>
#include <string>

#include "audit/baseline.h"
#include "audit/report.h"
#include "leak/needle.h"

namespace hushrun::audit {
namespace {

constexpr const char* kCanary = "canary-7f3a9c51e2";

Outcome outcome() {
  const std::string canary = kCanary;
  Outcome outcome;
  for (std::size_t i = 0; i < place_rules().size(); ++i) {
    Finding finding;
    finding.where.place = static_cast<Place>(i);
    finding.rule = word(finding.where.place);
    finding.secret = i % 2 == 0 ? Public{Literal{"db_password"}} : Public{Literal{"api_key"}};
    finding.where.artifact = "out/app \"x\".tar";
    if (i < 12) {
      finding.where.image = "registry:5000/app:1.0 linux/arm64";
      finding.where.layer = static_cast<std::uint32_t>(i % 3);
      finding.visibility = Visibility::hidden;
      finding.hidden_by = 4;
    } else if (i < 19) {
      finding.where.artifact = "-";
      finding.where.object = "0123456789abcdef0123456789abcdef01234567";
      finding.published = Published::assume_public;
    }
    finding.where.path = "a/" + canary + "/b\x01\xff.txt";
    finding.where.line = static_cast<std::uint32_t>(i);
    finding.where.offset = i * 1000;
    finding.shape = "in base64";
    finding.made_by = "RUN echo " + canary + " > /x";
    finding.repeats = i % 4;
    outcome.findings.push_back(std::move(finding));
  }
  outcome.findings.push_back(outcome.findings.front());
  Finding lint;
  lint.level = Level::note;
  lint.rule = "secret-env";
  lint.where.artifact = ".";
  lint.where.path = "Dockerfile";
  lint.where.line = 3;
  lint.message = "something is said";
  lint.fix = "do something";
  outcome.findings.push_back(std::move(lint));
  for (int kind = 0; kind < 6; ++kind) {
    Gap gap{static_cast<Gap::Kind>(kind), {}, "it was too large", {}};
    gap.where.artifact = canary + ".tar";
    if (kind >= 4) gap.secret = "pin";
    outcome.gaps.push_back(std::move(gap));
  }
  outcome.totals = {1, 2, 3456, 7'890'123, 5, 123'456'789'012};
  return outcome;
}

}  // namespace
}  // namespace hushrun::audit

int main(int argc, char** argv) {
  using namespace hushrun;
  const std::string format = argc > 1 ? argv[1] : "";
  const Secret value = Secret::of_public(audit::kCanary);
  const leak::Delivered delivered[] = {{"canary", &value}};
  const leak::Needles needles{delivered};
  const audit::Guard guard = audit::guard_against(needles);
  audit::Report report{audit::outcome(), {}, {"entry 2 has expired and accepts nothing any more"}};
  report.accepted.push_back({report.outcome.findings.back(), std::nullopt, std::string{"seen by me, "} + audit::kCanary, "2099-12-31"});
  report.accepted.push_back({std::nullopt, report.outcome.gaps[4], "four digits", "2099-12-31"});
  const audit::Format as = format == "json" ? audit::Format::json : format == "sarif" ? audit::Format::sarif : audit::Format::text;
  const audit::Written written = audit::write(report, {"hushkit audit", "1.2.3", audit::place_rules()}, as, audit::Colour::none, guard);
  std::cout << (format == "baseline" ? audit::write_baseline(report, "2099-12-31", guard) : written.text);
  return static_cast<int>(written.verdict);
}
