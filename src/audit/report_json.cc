// The report for programs; its shape is report.schema.json.

#include "audit/report.h"
#include "core/json.h"

namespace hushrun::audit {
namespace {

void write_place(json::Writer& out, const Locator& where, const Guard& guard) {
  out.key("where");
  out.begin_object();
  out.member("place", word(where.place).view());
  const auto member = [&](std::string_view name, const std::string& text) {
    if (!text.empty()) out.member(name, shown(guard, text));
  };
  member("artifact", where.artifact);
  member("image", where.image);
  if (where.layer != 0) out.member("layer", where.layer);
  member("object", where.object);
  member("path", where.path);
  if (where.line != 0) out.member("line", where.line);
  out.member("offset", where.offset);
  out.end_object();
}

void write_finding(json::Writer& out, const Finding& finding, const Guard& guard) {
  out.begin_object();
  out.member("level", word(finding.level).view());
  out.member("rule", finding.rule.view());
  if (!finding.secret.empty()) out.member("secret", finding.secret.view());
  if (!finding.shape.empty()) out.member("shape", finding.shape.view());
  out.member("message", message(finding).view());
  out.member("fix", remedy(finding).view());
  write_place(out, finding.where, guard);
  out.member("visibility", word(finding.visibility).view());
  if (finding.hidden_by != 0) out.member("hidden_by", finding.hidden_by);
  out.member("published", finding.published == Published::assume_public ? "assume-public" : "unknown");
  if (!finding.made_by.empty()) out.member("made_by", shown(guard, finding.made_by));
  out.member("repeats", finding.repeats);
  out.member("fingerprint", fingerprint(finding, guard));
  out.end_object();
}

void write_gap(json::Writer& out, const Gap& gap, const Guard& guard) {
  out.begin_object();
  out.member("kind", word(gap.kind).view());
  out.member("what", gap.what.view());
  if (!gap.secret.empty()) out.member("secret", gap.secret.view());
  write_place(out, gap.where, guard);
  out.member("fingerprint", fingerprint(gap, guard));
  out.end_object();
}

}  // namespace

std::string as_json(const Report& report, const Reporter& reporter, const Guard& guard) {
  json::Writer out;
  out.begin_object();
  out.member("version", 1);
  out.member("program", reporter.program.view());
  out.member("program_version", reporter.version.view());
  out.member("verdict", word(verdict(report.outcome)).view());
  out.key("findings");
  out.begin_array();
  for (const Finding& finding : report.outcome.findings) write_finding(out, finding, guard);
  out.end_array();
  out.key("gaps");
  out.begin_array();
  for (const Gap& gap : report.outcome.gaps) write_gap(out, gap, guard);
  out.end_array();
  out.key("accepted");
  out.begin_array();
  for (const Accepted& accepted : report.accepted) {
    out.begin_object();
    out.member("reason", shown(guard, accepted.reason));
    out.member("expires", accepted.expires);
    if (accepted.finding) out.key("finding"), write_finding(out, *accepted.finding, guard);
    if (accepted.gap) out.key("gap"), write_gap(out, *accepted.gap, guard);
    out.end_object();
  }
  out.end_array();
  out.key("remarks");
  out.begin_array();
  for (Public remark : report.remarks) out.string(remark.view());
  out.end_array();
  out.key("totals");
  out.begin_object();
  const Totals& totals = report.outcome.totals;
  out.member("images", totals.images);
  out.member("layers", totals.layers);
  out.member("files", totals.files);
  out.member("objects", totals.objects);
  out.member("logs", totals.logs);
  out.member("bytes", totals.bytes);
  out.end_object();
  out.end_object();
  return out.text();
}

}  // namespace hushrun::audit
