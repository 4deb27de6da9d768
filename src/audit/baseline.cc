#include "audit/baseline.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>

#include "config/document.h"
#include "config/suggest.h"
#include "core/json.h"

namespace hushrun::audit {
namespace {

// Far above what a person would look at entry by entry.
constexpr DocumentLimits kLimits{.bytes = std::size_t{4} << 20, .nodes = 100'000, .depth = 8};

Public position(Public where, Position at) { return where + ":" + Public::number(at.line) + ":" + Public::number(at.column); }

Error invalid(Public where, Position at, Literal why, Literal fix) {
  return {Code::config_invalid, "cannot use the baseline", position(where, at), why, Public{fix}};
}

bool is_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  const auto number = [&](std::size_t from, std::size_t size) {
    int value = 0;
    const auto [end, flaw] = std::from_chars(text.data() + from, text.data() + from + size, value);
    return flaw == std::errc{} && end == text.data() + from + size ? value : -1;
  };
  const int year = number(0, 4), month = number(5, 2), day = number(8, 2);
  if (year < 0 || month < 0 || day < 0) return false;
  return std::chrono::year_month_day{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                                     std::chrono::day{static_cast<unsigned>(day)}}
      .ok();
}

constexpr std::string_view kFields[] = {"secret", "place", "locator", "reason", "expires"};

struct Reader {
  Public where;
  Problems problems;

  void add(Position at, Literal why, Literal fix) { problems.add(invalid(where, at, why, fix)); }

  void read_entry(const Node& node, std::vector<Baseline::Entry>& entries) {
    if (node.kind != Node::Kind::map) return add(node.at, "an entry is not a map", "write secret, place, locator, reason and expires");
    Baseline::Entry entry;
    std::string* const targets[] = {&entry.secret, &entry.rule, &entry.locator, &entry.reason, &entry.expires};
    for (const Node::Entry& field : node.entries) {
      const auto* const known = std::find(std::begin(kFields), std::end(kFields), field.key);
      if (known == std::end(kFields)) {
        add(field.at, "an unknown key", "write secret, place, locator, reason and expires");
      } else if (field.value.kind != Node::Kind::scalar) {
        add(field.value.at, "not a text", "write a text");
      } else {
        *targets[known - std::begin(kFields)] = field.value.scalar;
      }
    }
    if (entry.rule.empty()) add(node.at, "no place", "take `rule`, or the `kind` of a gap, from --format json");
    if (entry.locator.size() != 32) add(node.at, "no locator", "take `fingerprint` from --format json");
    if (entry.reason.find_first_not_of(" \t\r\n") == std::string::npos) add(node.at, "no reason", "write why this is accepted");
    if (!is_date(entry.expires)) add(node.at, "no date on which it expires", "write expires: YYYY-MM-DD");
    entries.push_back(std::move(entry));
  }
};

}  // namespace

Result<Baseline, Problems> Baseline::parse(std::string_view text, Public where) {
  const auto document = parse_document(text, Aliases::refused, kLimits);
  if (!document) {
    const DocumentError& error = document.error();
    return Problems{Error{Code::config_syntax, "cannot use the baseline", position(where, error.at), error.why, Public{error.fix}}};
  }
  Reader reader{where, {}};
  Baseline baseline;
  const Node& root = document.value();
  const Node* version = root.find("version");
  const Node* accepted = root.find("accepted");
  if (version == nullptr || version->scalar != "1") reader.add(root.at, "not a version that we know", "write version: 1");
  for (const Node::Entry& entry : root.entries) {
    if (entry.key != "version" && entry.key != "accepted") reader.add(entry.at, "an unknown key", "write version and accepted");
  }
  if (accepted != nullptr && accepted->kind == Node::Kind::list) {
    for (const Node& item : accepted->items) reader.read_entry(item, baseline.entries_);
  } else if (accepted != nullptr && accepted->kind != Node::Kind::null) {
    reader.add(accepted->at, "not a list", "write a list of entries");
  }
  if (!reader.problems.empty()) return std::move(reader.problems);
  return baseline;
}

Report Baseline::apply(Outcome outcome, std::string_view today, const Guard& guard) const {
  std::vector<bool> met(entries_.size());
  const auto accepting = [&](Public rule, Public secret, const std::string& locator) -> const Entry* {
    const Entry* holds = nullptr;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      const Entry& entry = entries_[i];
      if (entry.locator != locator || entry.rule != rule.view() || entry.secret != secret.view()) continue;
      met[i] = true;
      if (entry.expires >= today) holds = &entry;
    }
    return holds;
  };

  Report report;
  report.outcome.totals = outcome.totals;
  for (Finding& finding : outcome.findings) {
    const Entry* entry = accepting(finding.rule, finding.secret, fingerprint(finding, guard));
    if (entry == nullptr) report.outcome.findings.push_back(std::move(finding));
    else report.accepted.push_back({std::move(finding), std::nullopt, entry->reason, entry->expires});
  }
  for (Gap& gap : outcome.gaps) {
    const Entry* entry = accepting(word(gap.kind), gap.secret, fingerprint(gap, guard));
    if (entry == nullptr) report.outcome.gaps.push_back(std::move(gap));
    else report.accepted.push_back({std::nullopt, std::move(gap), entry->reason, entry->expires});
  }
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const Public number = "entry " + Public::number(i + 1);
    if (entries_[i].expires < today) report.remarks.push_back(number + " has expired and accepts nothing any more");
    else if (!met[i]) report.remarks.push_back(number + " meets nothing any more: take it out");
  }
  return report;
}

std::string write_baseline(const Report& report, std::string_view expires, const Guard& guard) {
  std::string text{"version: 1\naccepted:\n"};
  std::vector<std::string> written;
  const auto add = [&](Public rule, Public secret, const Locator& where, const std::string& locator, std::string_view reason, std::string_view until) {
    if (std::find(written.begin(), written.end(), locator) != written.end()) return;
    written.push_back(locator);
    text.append("  # ").append(locate(where, guard)).append("\n");
    text.append("  - secret: ").append(json::quoted(secret.view())).append("\n");
    text.append("    place: ").append(rule.view()).append("\n");
    text.append("    locator: ").append(json::quoted(locator)).append("\n");
    text.append("    reason: ").append(json::quoted(shown(guard, reason))).append("\n");
    text.append("    expires: ").append(json::quoted(until)).append("\n");
  };
  const auto add_finding = [&](const Finding& finding, std::string_view reason, std::string_view until) {
    add(finding.rule, finding.secret, finding.where, fingerprint(finding, guard), reason, until);
  };
  const auto add_gap = [&](const Gap& gap, std::string_view reason, std::string_view until) {
    add(word(gap.kind), gap.secret, gap.where, fingerprint(gap, guard), reason, until);
  };
  for (const Accepted& entry : report.accepted) {
    if (entry.finding) add_finding(*entry.finding, entry.reason, entry.expires);
    if (entry.gap) add_gap(*entry.gap, entry.reason, entry.expires);
  }
  for (const Finding& finding : report.outcome.findings) add_finding(finding, "", expires);
  for (const Gap& gap : report.outcome.gaps) {
    if (gap.counts()) add_gap(gap, "", expires);
  }
  return text;
}

std::string date_in(unsigned days) {
  const auto day = std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now()) + std::chrono::days{days};
  const std::chrono::year_month_day date{day};
  char text[16];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()));
  return text;
}

}  // namespace hushrun::audit
