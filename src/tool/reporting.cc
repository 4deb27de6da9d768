#include "tool/reporting.h"

#include <cstdlib>

#include "audit/baseline.h"
#include "core/log.h"
#include "tool/place.h"
#include "tool/terminal.h"

namespace hushrun::tool {
namespace {

constexpr std::size_t kLargestBaseline = std::size_t{4} << 20;
constexpr unsigned kDaysAccepted = 90;

Result<void> write_file(const std::string& path, const std::string& text) {
  Output output = TRY(Output::at(path, Contents::plain));
  const auto failed = [&](const age::Failure& failure) { return at(output.shown(), failure); };
  TRY(output.write(text.data(), text.size()).or_error(failed));
  return output.appear();
}

Result<audit::Baseline> parse(const std::string& text, Public where) {
  auto baseline = audit::Baseline::parse(text, where);
  if (baseline) return std::move(baseline).value();
  std::vector<Error>& problems = baseline.error().list;
  for (std::size_t i = 0; i + 1 < problems.size(); ++i) log::report(problems[i]);
  return problems.back();
}

}  // namespace

void Reporting::describe(Words& words) {
  words.option("--format", format_, {"FORMAT", "text json sarif"}, "form of the report: text, json or sarif");
  words.option("-o,--output", output_, kFile, "write the report here, readable for you alone");
  words.option("--baseline", baseline_, kFile, "findings that somebody accepts for a time");
  words.option("--write-baseline", write_baseline_, kFile, "write a baseline of all that was found; its reasons are yours to fill in");
}

audit::Format Reporting::form() const {
  if (format_ == "json") return audit::Format::json;
  return format_ == "sarif" ? audit::Format::sarif : audit::Format::text;
}

Result<void> Reporting::prepare() {
  if (format_ && format_ != "text" && format_ != "json" && format_ != "sarif") {
    return Error{Code::usage, "unknown format", "command line", "a report cannot be written in it", "say text, json or sarif"};
  }
  if (!baseline_) return {};
  const Public where = Public::path(*baseline_);
  const auto unreadable = [&](Errno why) { return Error{Code::config_unreadable, "cannot read the baseline", where, why, "name a file that can be read"}; };
  const Fd file = TRY(sys::open_file(*baseline_).or_error(unreadable));
  baseline_text_ = TRY(sys::read_text(file, kLargestBaseline).or_error(unreadable));
  TRY(parse(*baseline_text_, where));
  return {};
}

Result<ExitCode> Reporting::report(audit::Outcome outcome, std::span<const audit::Rule> rules, Literal program, const audit::Guard& guard) {
  audit::Report report{std::move(outcome), {}, {}};
  if (baseline_text_) {
    const audit::Baseline baseline = TRY(parse(*baseline_text_, Public::path(*baseline_)));
    report = baseline.apply(std::move(report.outcome), audit::date_in(0), guard);
  }
  if (write_baseline_) TRY(write_file(*write_baseline_, audit::write_baseline(report, audit::date_in(kDaysAccepted), guard)));
  const bool to_file = output_ && !is_stream(output_);
  // https://no-color.org: set and not empty.
  const char* no_colour = std::getenv("NO_COLOR");
  const bool coloured = !to_file && is_terminal(1) && (no_colour == nullptr || *no_colour == '\0');
  const audit::Colour colour = coloured ? audit::Colour::ansi : audit::Colour::none;
  const audit::Written written = audit::write(report, {program, HUSHRUN_VERSION, rules}, form(), colour, guard);
  if (to_file) TRY(write_file(*output_, written.text));
  else TRY(print(written.text.data(), written.text.size()));
  return ExitCode::exited(static_cast<int>(written.verdict));
}

Result<ExitCode> not_looked_at(const Error& error) {
  if (error.code == Code::usage) return error;
  log::report(error);
  return ExitCode::exited(static_cast<int>(audit::Verdict::incomplete));
}

}  // namespace hushrun::tool
