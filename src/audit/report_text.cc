// The report for people: what is worst first, one line a place, at the end what was searched and what was not.

#include <algorithm>
#include <functional>
#include <map>

#include "audit/report.h"

namespace hushrun::audit {
namespace {

// A line of a terminal is not more than a glance: what made a finding is cut, and whole in the JSON.
constexpr std::size_t kMadeBy = 80;

class Text {
 public:
  Text(Colour colour, const Guard& guard) : colour_{colour}, guard_{guard} {}

  Text& add(std::string_view text) {
    out_ += text;
    return *this;
  }
  Text& bold(std::string_view text) { return styled("1", text); }
  Text& faint(std::string_view text) { return styled("2", text); }
  Text& level(Level level) {
    const std::string_view colours[] = {"36", "33", "31"};  // cyan, yellow, red, as compilers have it
    return styled(colours[static_cast<std::size_t>(level)], word(level).view());
  }
  Text& place(const Locator& where) { return add(locate(where, guard_)); }
  const Guard& guard() const { return guard_; }
  std::string take() { return std::move(out_); }

 private:
  Text& styled(std::string_view code, std::string_view text) {
    if (colour_ == Colour::none) return add(text);
    return add("\x1b[").add(code).add("m").add(text).add("\x1b[0m");
  }

  std::string out_;
  Colour colour_;
  const Guard& guard_;
};

// 1234567 as 1,234,567.
std::string grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, ",");
  return digits;
}

std::string counted(std::uint64_t number, std::string_view one, std::string_view many) {
  return grouped(number) + " " + std::string{number == 1 ? one : many};
}

std::string size_of(std::uint64_t bytes) {
  if (bytes < 10 * 1024) return grouped(bytes) + " bytes";
  if (bytes < std::uint64_t{10} << 20) return grouped(bytes >> 10) + " KiB";
  return grouped(bytes >> 20) + " MiB";
}

std::string cut(std::string text) {
  if (text.size() <= kMadeBy) return text;
  text.resize(kMadeBy);
  while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xc0) == 0x80) text.pop_back();  // not within a character
  if (!text.empty() && (static_cast<unsigned char>(text.back()) & 0x80) != 0) text.pop_back();
  return text + "…";
}

bool is_worse(const Finding& left, const Finding& right) {
  if (left.level != right.level) return left.level > right.level;
  return left.visibility == Visibility::live && right.visibility != Visibility::live;
}

void write_place_of_secret(Text& out, const Finding& finding) {
  out.add("  ").level(finding.level).add(" ").add(finding.rule.view()).add("  ").place(finding.where);
  if (!finding.shape.empty()) out.add(", ").add(finding.shape.view());
  if (finding.visibility == Visibility::hidden) {
    out.add(finding.hidden_by != 0 ? ", hidden by layer " + std::to_string(finding.hidden_by) : ", hidden").add(" and still there");
  }
  if (finding.published == Published::assume_public) out.add(", assume that it is public");
  if (finding.repeats != 0) out.add(", and " + counted(finding.repeats, "more place in it", "more places in it"));
  if (!finding.made_by.empty()) out.faint("  made by: " + cut(shown(out.guard(), finding.made_by)));
  out.add("\n");
}

// All places of one secret, and once for each kind of place what to do.
void write_secret(Text& out, std::vector<const Finding*>& places) {
  std::stable_sort(places.begin(), places.end(), [](const Finding* a, const Finding* b) { return is_worse(*a, *b); });
  std::size_t number = 0;
  for (const Finding* finding : places) number += 1 + finding->repeats;
  out.bold(places.front()->secret.view()).add(": found in ").add(counted(number, "place", "places")).add("\n");
  for (const Finding* finding : places) write_place_of_secret(out, *finding);
  std::vector<std::string_view> said;
  for (const Finding* finding : places) {
    const Public what = remedy(*finding);
    if (std::find(said.begin(), said.end(), what.view()) != said.end()) continue;
    said.push_back(what.view());
    out.add("  fix: ").add(finding->rule.view()).add(": ").add(what.view()).add("\n");
  }
  out.add("\n");
}

void write_secrets(Text& out, const std::vector<Finding>& findings) {
  std::map<std::string_view, std::vector<const Finding*>> by_name;
  for (const Finding& finding : findings) {
    if (!finding.secret.empty()) by_name[finding.secret.view()].push_back(&finding);
  }
  std::vector<std::vector<const Finding*>*> groups;
  for (auto& [name, places] : by_name) groups.push_back(&places);
  const auto worst = [](const std::vector<const Finding*>& places) {
    return **std::min_element(places.begin(), places.end(), [](const Finding* a, const Finding* b) { return is_worse(*a, *b); });
  };
  std::stable_sort(groups.begin(), groups.end(), [&](const auto* a, const auto* b) {
    const Finding left = worst(*a), right = worst(*b);
    if (is_worse(left, right) || is_worse(right, left)) return is_worse(left, right);
    return a->size() > b->size();
  });
  for (auto* group : groups) write_secret(out, *group);
}

// Without a secret's name: `FILE:LINE: level: what is wrong [rule]`, as editors read it, in order of files and lines.
void write_lines(Text& out, const std::vector<Finding>& findings) {
  std::vector<const Finding*> lines;
  for (const Finding& finding : findings) {
    if (finding.secret.empty()) lines.push_back(&finding);
  }
  std::stable_sort(lines.begin(), lines.end(), [](const Finding* a, const Finding* b) {
    if (a->where.artifact != b->where.artifact) return a->where.artifact < b->where.artifact;
    if (a->where.path != b->where.path) return a->where.path < b->where.path;
    return a->where.line < b->where.line;
  });
  for (const Finding* finding : lines) {
    out.place(finding->where).add(": ").level(finding->level).add(": ").add(message(*finding).view());
    out.faint(" [" + std::string{finding->rule.view()} + "]").add("\n  fix: ").add(remedy(*finding).view()).add("\n");
  }
  if (!lines.empty()) out.add("\n");
}

void write_gaps(Text& out, const std::vector<Gap>& gaps) {
  // A config can be full of settings: a line for all with one reason.
  std::map<std::string_view, std::string> settings;
  for (const Gap& gap : gaps) {
    if (!gap.counts()) {
      std::string& names = settings[gap.what.view()];
      names.append(names.empty() ? "" : ", ").append(gap.secret.view());
      continue;
    }
    out.add("not searched: ");
    if (!gap.secret.empty()) out.add(gap.secret.view()).add(": ");
    if (const std::string where = locate(gap.where, out.guard()); !where.empty()) out.add(where).add(": ");
    out.add(gap.what.view()).add(" [").add(word(gap.kind).view()).add("]\n");
  }
  for (const auto& [what, names] : settings) out.add("not searched: ").add(names).add(": ").add(what).add(" [setting]\n");
}

void write_accepted(Text& out, const std::vector<Accepted>& accepted) {
  for (const Accepted& entry : accepted) {
    const Public secret = entry.finding ? entry.finding->secret : entry.gap->secret;
    out.add("accepted: ");
    if (!secret.empty()) out.add(secret.view()).add(", ");
    out.place(entry.finding ? entry.finding->where : entry.gap->where);
    out.add(", until ").add(entry.expires).add(": ").add(shown(out.guard(), entry.reason)).add("\n");
  }
}

std::string searched(const Totals& totals) {
  std::string list;
  const auto add = [&](std::uint64_t number, std::string_view one, std::string_view many) {
    if (number != 0) list.append(list.empty() ? "" : ", ").append(counted(number, one, many));
  };
  add(totals.images, "image", "images");
  add(totals.layers, "layer", "layers");
  add(totals.files, "file", "files");
  add(totals.objects, "object", "objects");
  add(totals.logs, "log", "logs");
  if (list.empty()) return "nothing";
  return totals.bytes == 0 ? list : list + " (" + size_of(totals.bytes) + ")";
}

}  // namespace

std::string as_text(const Report& report, Colour colour, const Guard& guard) {
  Text out{colour, guard};
  write_secrets(out, report.outcome.findings);
  write_lines(out, report.outcome.findings);
  write_gaps(out, report.outcome.gaps);
  write_accepted(out, report.accepted);
  for (Public remark : report.remarks) out.add("baseline: ").add(remark.view()).add("\n");
  out.add("searched: ").add(searched(report.outcome.totals)).add("; not searched: ");
  const auto counting = static_cast<std::size_t>(std::count_if(report.outcome.gaps.begin(), report.outcome.gaps.end(), std::mem_fn(&Gap::counts)));
  const std::size_t settings = report.outcome.gaps.size() - counting;
  if (counting != 0) out.add(counted(counting, "thing, see above", "things, see above")).add(settings != 0 ? ", and " : "");
  if (settings != 0) out.add(counted(settings, "value that is no key", "values that are no keys"));
  if (report.outcome.gaps.empty()) out.add("nothing was left out");
  out.add("\n");
  return out.take();
}

}  // namespace hushrun::audit
