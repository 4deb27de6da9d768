#include <catch2/catch.hpp>

#include "audit/baseline.h"

namespace hushrun::audit {
namespace {

const leak::Needles kNothing{std::span<const leak::Delivered>{}};
const Guard kGuard = guard_against(kNothing);

Finding finding(Public secret) {
  Finding found;
  found.where.place = Place::git_blob;
  found.rule = word(found.where.place);
  found.secret = secret;
  found.where.object = "0123456789abcdef";
  found.where.path = "x.env";
  return found;
}

std::string entry(const Finding& found, const std::string& reason, const std::string& expires) {
  return "  - {secret: " + std::string{found.secret.view()} + ", place: git-blob, locator: '" + fingerprint(found, kGuard) + "', reason: '" + reason + "', expires: " + expires + "}\n";
}

Baseline parsed(const std::string& entries) {
  auto baseline = Baseline::parse("version: 1\naccepted:\n" + entries, "x.yaml");
  REQUIRE(baseline);
  return std::move(baseline).value();
}

TEST_CASE("what is accepted does not count, until its day is over") {
  const auto [what, expires, today, counts] = GENERATE(table<std::string, std::string, std::string, bool>({
      {"before", "2026-06-30", "2026-06-29", false},
      {"on the day", "2026-06-30", "2026-06-30", false},
      {"after it", "2026-06-30", "2026-07-01", true},
  }));
  INFO(what);
  Outcome outcome;
  outcome.findings = {finding("db_password"), finding("api_key")};
  const Report report = parsed(entry(outcome.findings[0], "rotated", expires)).apply(outcome, today, kGuard);
  CHECK(report.outcome.findings.size() == (counts ? 2 : 1));
  CHECK(report.accepted.size() == (counts ? 0 : 1));
  REQUIRE(report.remarks.size() == (counts ? 1 : 0));
  if (counts) CHECK(report.remarks[0].view() == "entry 1 has expired and accepts nothing any more");
}

TEST_CASE("another place of the same secret counts, and so does another secret in the same place") {
  Outcome outcome;
  outcome.findings = {finding("api_key"), finding("db_password")};
  outcome.findings[1].where.path = "y.env";
  const Report report = parsed(entry(finding("db_password"), "rotated", "2099-01-01")).apply(outcome, "2026-01-01", kGuard);
  CHECK(report.outcome.findings.size() == 2);
  REQUIRE(report.remarks.size() == 1);
  CHECK(report.remarks[0].view() == "entry 1 meets nothing any more: take it out");
}

TEST_CASE("what was not searched can be accepted as well") {
  Outcome outcome;
  outcome.gaps.push_back({Gap::Kind::weak, {}, "too short", "pin"});
  const std::string locator = fingerprint(outcome.gaps[0], kGuard);
  const Report report =
      parsed("  - {secret: pin, place: weak, locator: '" + locator + "', reason: four digits, expires: 2099-01-01}\n").apply(outcome, "2026-01-01", kGuard);
  CHECK(verdict(report.outcome) == Verdict::clean);
  CHECK(report.accepted.size() == 1);
}

TEST_CASE("a baseline that is not as it should be") {
  const std::string good = "secret: a, place: b, locator: '0123456789abcdef0123456789abcdef', reason: c, expires: 2026-01-01";
  const auto [what, text, where, why] = GENERATE_COPY(table<std::string, std::string, std::string, std::string>({
      {"no version", "accepted: []\n", "x:1:1", "not a version that we know"},
      {"another version", "version: 2\n", "x:1:1", "not a version that we know"},
      {"an unknown key", "version: 1\nignored: []\n", "x:2:1", "an unknown key"},
      {"no list", "version: 1\naccepted: {a: b}\n", "x:2:11", "not a list"},
      {"no map", "version: 1\naccepted: [a]\n", "x:2:12", "an entry is not a map"},
      {"an unknown key in an entry", "version: 1\naccepted:\n- {" + good + ", value: x}\n", "x:3:", "an unknown key"},
      {"no reason", "version: 1\naccepted:\n- {secret: a, place: b, locator: '0123456789abcdef0123456789abcdef', reason: ' ', expires: 2026-01-01}\n", "x:3:3", "no reason"},
      {"no date", "version: 1\naccepted:\n- {secret: a, place: b, locator: '0123456789abcdef0123456789abcdef', reason: c}\n", "x:3:3", "no date on which it expires"},
      {"a day that is none", "version: 1\naccepted:\n- {secret: a, place: b, locator: '0123456789abcdef0123456789abcdef', reason: c, expires: 2026-02-30}\n", "x:3:3", "no date on which it expires"},
      {"no locator", "version: 1\naccepted:\n- {secret: a, place: b, reason: c, expires: 2026-01-01}\n", "x:3:3", "no locator"},
      {"a list for a text", "version: 1\naccepted:\n- {secret: [a], place: b, locator: '0123456789abcdef0123456789abcdef', reason: c, expires: 2026-01-01}\n", "x:3:12", "not a text"},
      {"no YAML", "version: 1\n\tx\n", "x:2:", ""},
  }));
  INFO(what);
  const auto baseline = Baseline::parse(text, "x");
  REQUIRE_FALSE(baseline);
  const Error& error = baseline.error().list.front();
  CHECK(std::string{error.where.view()}.starts_with(where));
  if (!why.empty()) CHECK(error.why.words().view() == why);
  CHECK(Baseline::parse("version: 1\naccepted:\n- {" + good + "}\n", "x"));
}

TEST_CASE("a baseline that is written accepts everything once its reasons are filled in, and nothing before") {
  Report report;
  report.outcome.findings = {finding("db_password"), finding("api_key"), finding("api_key")};
  report.outcome.gaps.push_back({Gap::Kind::weak, {}, "too short", "pin"});
  std::string text = write_baseline(report, "2099-01-01", kGuard);
  CHECK_FALSE(Baseline::parse(text, "x"));
  for (std::size_t at = text.find("\"\"\n"); at != std::string::npos; at = text.find("\"\"\n")) text.replace(at, 2, "seen");
  const auto baseline = Baseline::parse(text, "x");
  REQUIRE(baseline);
  CHECK(baseline.value().entries().size() == 3);
  const Report after = baseline.value().apply(report.outcome, "2026-01-01", kGuard);
  CHECK(verdict(after.outcome) == Verdict::clean);
  CHECK(write_baseline(after, "2100-01-01", kGuard).find("reason: \"seen\"") != std::string::npos);
}

TEST_CASE("dates are those of a calendar") {
  CHECK(date_in(0).size() == 10);
  CHECK(date_in(0) < date_in(1));
  CHECK(date_in(90) > date_in(1));
}

}  // namespace
}  // namespace hushrun::audit
