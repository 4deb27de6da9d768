// The report for code scanning services: SARIF 2.1.0 (OASIS, 2020). Numbers in brackets are its sections.

#include <map>

#include "audit/report.h"
#include "core/json.h"

namespace hushrun::audit {
namespace {

// A relative reference (RFC 3986 §4.2) for a path; the first segment may hold no colon, which the escapes see to.
std::string uri_of(std::string_view path) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string uri;
  while (path.starts_with("./")) path.remove_prefix(2);
  for (char c : path) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || std::string_view{"-._~/"}.find(c) != std::string_view::npos;
    if (plain) {
      uri += c;
    } else {
      uri += '%';
      uri += kDigits[static_cast<unsigned char>(c) >> 4];
      uri += kDigits[static_cast<unsigned char>(c) & 15];
    }
  }
  return uri;
}

// The file on this machine that holds the finding, as far as there is one: the file itself, or the archive it is in.
std::string file_of(const Locator& where) {
  if (where.artifact == "-") return {};
  const bool below = where.place == Place::context_file || where.place == Place::context_path ||
                     ((where.place == Place::file || where.place == Place::file_path || where.place == Place::log) && where.path != where.artifact);
  if (!below || where.path.empty()) return where.artifact;
  const std::string path = where.path.substr(0, where.path.find('!'));
  if (where.artifact.empty() || where.artifact == "." || path == where.artifact) return path;
  return where.artifact.ends_with('/') ? where.artifact + path : where.artifact + "/" + path;
}

void write_logical(json::Writer& out, std::string_view kind, const std::string& name, const std::string& whole) {
  out.begin_object();
  out.member("kind", kind);
  out.member("name", name);
  out.member("fullyQualifiedName", whole);
  out.end_object();
}

void write_location(json::Writer& out, const Locator& where, const Guard& guard) {
  out.begin_object();
  const std::string file = file_of(where);
  if (!file.empty()) {
    out.key("physicalLocation");
    out.begin_object();
    out.key("artifactLocation");
    out.begin_object();
    out.member("uri", uri_of(shown(guard, file)));
    out.end_object();
    // A line counts in the file itself, not in a member of an archive.
    if (where.line != 0 && where.layer == 0 && where.object.empty() && where.path.find('!') == std::string::npos) {
      out.key("region");
      out.begin_object();
      out.member("startLine", where.line);
      out.end_object();
    }
    out.end_object();
  }
  const std::string whole = locate(where, guard);
  if (!where.image.empty() || !where.object.empty() || file.empty()) {
    out.key("logicalLocations");
    out.begin_array();
    if (where.layer != 0) write_logical(out, "module", "layer " + std::to_string(where.layer), whole);
    else if (!where.object.empty()) write_logical(out, "object", shown(guard, where.object), whole);
    else write_logical(out, "resource", whole, whole);
    out.end_array();
  }
  out.end_object();
}

void write_message(json::Writer& out, std::string_view name, std::string_view text) {
  out.key(name);
  out.begin_object();
  out.member("text", text);
  out.end_object();
}

void write_result(json::Writer& out, const Finding& finding, std::size_t occurrences, const Accepted* accepted, const Guard& guard) {
  out.begin_object();
  out.member("ruleId", finding.rule.view());
  out.member("level", word(finding.level).view());
  std::string text;
  if (!finding.secret.empty()) text.append(finding.secret.view()).append(": ");
  text.append(message(finding).view());
  if (!finding.shape.empty()) text.append(" (").append(finding.shape.view()).append(")");
  text.append(", ").append(locate(finding.where, guard));
  if (finding.visibility == Visibility::hidden) text.append(", hidden by a later layer or commit and still there");
  text.append("; ").append(remedy(finding).view());
  write_message(out, "message", text);
  out.key("locations");
  out.begin_array();
  write_location(out, finding.where, guard);
  out.end_array();
  out.key("partialFingerprints");
  out.begin_object();
  out.member("secretAndPlace/v1", fingerprint(finding, guard));
  out.end_object();
  out.member("occurrenceCount", occurrences);
  if (accepted != nullptr) {
    out.key("suppressions");
    out.begin_array();
    out.begin_object();
    out.member("kind", "external");
    out.member("justification", shown(guard, accepted->reason));
    out.end_object();
    out.end_array();
  }
  out.end_object();
}

// Recurs on one line of a lint, and in any line of an audit.
std::string key_of(const Finding& finding, const Guard& guard) {
  return fingerprint(finding, guard) + std::to_string(finding.secret.empty() ? finding.where.line : 0);
}

// Services show some thousands of results and no more: what has one fingerprint is one result, with a number.
void write_results(json::Writer& out, const Report& report, const Guard& guard) {
  std::map<std::string, std::size_t> counts;
  std::vector<const Finding*> firsts;
  for (const Finding& finding : report.outcome.findings) {
    std::size_t& count = counts[key_of(finding, guard)];
    if (count == 0) firsts.push_back(&finding);
    count += 1 + finding.repeats;
  }
  out.key("results");
  out.begin_array();
  for (const Finding* finding : firsts) {
    write_result(out, *finding, counts[key_of(*finding, guard)], nullptr, guard);
  }
  for (const Accepted& accepted : report.accepted) {
    if (accepted.finding) write_result(out, *accepted.finding, 1 + accepted.finding->repeats, &accepted, guard);
  }
  out.end_array();
}

void write_gap(json::Writer& out, const Gap& gap, const Guard& guard) {
  out.begin_object();
  out.member("level", gap.counts() ? "error" : "note");
  std::string text{"not searched ("};
  text.append(word(gap.kind).view()).append("): ");
  if (!gap.secret.empty()) text.append(gap.secret.view()).append(": ");
  text.append(gap.what.view());
  if (const std::string where = locate(gap.where, guard); !where.empty()) text.append(", ").append(where);
  write_message(out, "message", text);
  out.end_object();
}

}  // namespace

std::string as_sarif(const Report& report, const Reporter& reporter, const Guard& guard) {
  const Verdict answer = verdict(report.outcome);
  json::Writer out;
  out.begin_object();
  out.member("$schema", "https://json.schemastore.org/sarif-2.1.0.json");
  out.member("version", "2.1.0");
  out.key("runs");
  out.begin_array();
  out.begin_object();

  out.key("tool");
  out.begin_object();
  out.key("driver");
  out.begin_object();
  out.member("name", reporter.program.view());
  out.member("version", reporter.version.view());
  out.key("rules");
  out.begin_array();
  for (const Rule& rule : reporter.rules) {
    out.begin_object();
    out.member("id", rule.name.view());
    write_message(out, "shortDescription", rule.summary.view());
    write_message(out, "help", rule.help.view());
    out.end_object();
  }
  out.end_array();
  out.end_object();
  out.end_object();

  // [3.20] What was not looked at is no result, and may not go unsaid.
  out.key("invocations");
  out.begin_array();
  out.begin_object();
  out.key("executionSuccessful");
  out.boolean(report.outcome.is_complete());
  out.member("exitCode", static_cast<std::uint64_t>(answer));
  out.key("toolExecutionNotifications");
  out.begin_array();
  for (const Gap& gap : report.outcome.gaps) write_gap(out, gap, guard);
  for (Public remark : report.remarks) {
    out.begin_object();
    out.member("level", "note");
    write_message(out, "message", remark.view());
    out.end_object();
  }
  out.end_array();
  out.end_object();
  out.end_array();

  write_results(out, report, guard);
  out.end_object();
  out.end_array();
  out.end_object();
  return out.text();
}

}  // namespace hushrun::audit
