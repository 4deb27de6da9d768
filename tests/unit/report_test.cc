#include <catch2/catch.hpp>

#include "audit/report.h"

namespace hushrun::audit {
namespace {

constexpr const char* kValue = "correct-horse-7-battery";

struct Knowing {
  Secret value = Secret::of_public(kValue);
  leak::Delivered delivered[1] = {{"db_password", &value}};
  leak::Needles needles{delivered};
  Guard guard = guard_against(needles);
};

Finding finding(Level level = Level::error) {
  Finding found;
  found.level = level;
  found.where.place = Place::layer_file;
  found.rule = word(found.where.place);
  found.secret = "db_password";
  found.where.artifact = "app.tar";
  found.where.image = "app:1.0";
  found.where.layer = 3;
  found.where.object = "sha256:0123";
  found.where.path = "app/.env";
  found.where.line = 2;
  return found;
}

Gap gap() { return {Gap::Kind::limit, {}, "too deep", {}}; }

TEST_CASE("the verdict") {
  const auto [what, levels, gaps, expected] = GENERATE(table<std::string, std::vector<Level>, std::size_t, Verdict>({
      {"nothing", {}, 0, Verdict::clean},
      {"an error", {Level::error}, 0, Verdict::found},
      {"a warning", {Level::warning}, 0, Verdict::found},
      {"notes alone", {Level::note, Level::note}, 0, Verdict::clean},
      {"a note and an error", {Level::note, Level::error}, 0, Verdict::found},
      {"not all was looked at", {}, 1, Verdict::incomplete},
      {"not all, and a note", {Level::note}, 1, Verdict::incomplete},
      {"not all, and something found", {Level::error}, 1, Verdict::found},
  }));
  INFO(what);
  Outcome outcome;
  for (Level level : levels) outcome.findings.push_back(finding(level));
  outcome.gaps.assign(gaps, gap());
  CHECK(verdict(outcome) == expected);
  // A value that is no key changes nothing.
  outcome.gaps.push_back({Gap::Kind::setting, {}, "blank", "debug"});
  CHECK(verdict(outcome) == expected);
}

TEST_CASE("a value in a path, an image's name or a line is masked in every format") {
  Knowing knowing;
  Report report;
  report.outcome.findings = {finding()};
  Finding& found = report.outcome.findings[0];
  found.where.path = std::string{"x/"} + kValue + "/y";
  found.where.image = std::string{kValue} + ":1";
  found.made_by = std::string{"ENV P="} + kValue;
  report.accepted.push_back({found, std::nullopt, kValue, "2099-01-01"});
  for (Format format : {Format::text, Format::json, Format::sarif}) {
    const Written written = write(report, {"hushkit audit", "1", place_rules()}, format, Colour::none, knowing.guard);
    CHECK(written.text.find(kValue) == std::string::npos);
    CHECK(written.text.find("[REDACTED:db_password]") != std::string::npos);
    CHECK(written.verdict == Verdict::found);
  }
}

TEST_CASE("a value that gets through to the report all the same withholds it") {
  Knowing knowing;
  Report report;
  report.outcome.findings = {finding()};
  report.outcome.findings[0].message = kValue;  // text that somebody vouched for, wrongly
  for (Format format : {Format::json, Format::sarif}) {  // the text shows the place alone
    const Written written = write(report, {"hushkit audit", "1", place_rules()}, format, Colour::none, knowing.guard);
    CHECK(written.text == "the report is withheld: a value would stand in it (db_password)\n");
    CHECK(written.verdict == Verdict::incomplete);
  }
}

TEST_CASE("a short value that is one of our words withholds nothing") {
  const Secret value = Secret::of_public("layer");
  const leak::Delivered delivered[] = {{"word", &value}};
  const leak::Needles needles{delivered};
  Report report;
  report.outcome.findings = {finding()};
  CHECK(write(report, {"hushkit audit", "1", place_rules()}, Format::text, Colour::none, guard_against(needles)).verdict == Verdict::found);
}

TEST_CASE("a fingerprint lasts as long as the place does") {
  Knowing knowing;
  const std::string before = fingerprint(finding(), knowing.guard);
  const auto after = [&](auto change) {
    Finding other = finding();
    change(other);
    return fingerprint(other, knowing.guard) == before;
  };
  // A rebuild, another machine, a line more.
  CHECK(after([](Finding& f) { f.where.object = "sha256:4567"; }));
  CHECK(after([](Finding& f) { f.where.layer = 4; }));
  CHECK(after([](Finding& f) { f.where.line = 7, f.where.offset = 9; }));
  CHECK(after([](Finding& f) { f.where.artifact = "/tmp/other.tar"; }));
  CHECK(after([](Finding& f) { f.where.image = "app:2.0 linux/arm64"; }));
  CHECK(after([](Finding& f) { f.shape = "in base64"; }));
  // Somewhere else, or something else.
  CHECK_FALSE(after([](Finding& f) { f.where.path = "app/.env.local"; }));
  CHECK_FALSE(after([](Finding& f) { f.where.image = "other:1.0"; }));
  CHECK_FALSE(after([](Finding& f) { f.secret = "api_key"; }));
  CHECK_FALSE(after([](Finding& f) { f.rule = "layer-path"; }));
}

TEST_CASE("a fingerprint is not made of a value") {
  Knowing knowing;
  Finding one = finding(), other = finding();
  one.where.path = std::string{"x/"} + kValue;
  other.where.path = "x/[REDACTED:db_password]";
  CHECK(fingerprint(one, knowing.guard) == fingerprint(other, knowing.guard));
}

TEST_CASE("a registry's port is no tag") {
  Knowing knowing;
  Finding one = finding(), other = finding();
  one.where.image = "registry:5000/app";
  other.where.image = "registry:6000/app";
  CHECK(fingerprint(one, knowing.guard) != fingerprint(other, knowing.guard));
}

TEST_CASE("places as people read them") {
  Knowing knowing;
  Locator image = finding().where;
  CHECK(locate(image, knowing.guard) == "layer 3 of app:1.0: app/.env:2");
  Locator lint;
  lint.artifact = ".";
  lint.path = "a/Dockerfile";
  lint.line = 7;
  CHECK(locate(lint, knowing.guard) == "a/Dockerfile:7");
  lint.artifact = "sub";
  CHECK(locate(lint, knowing.guard) == "sub/a/Dockerfile:7");
  Locator log;
  log.place = Place::log;
  log.artifact = "-";
  log.offset = 12;
  CHECK(locate(log, knowing.guard) == "standard input at byte 12");
  Locator blob;
  blob.place = Place::git_blob;
  blob.artifact = "repo";
  blob.object = "0123456789abcdef0123";
  blob.path = "x.txt";
  CHECK(locate(blob, knowing.guard) == "repo 0123456789ab: x.txt");
}

TEST_CASE("colours are for terminals") {
  Knowing knowing;
  Report report;
  report.outcome.findings = {finding()};
  CHECK(as_text(report, Colour::none, knowing.guard).find('\x1b') == std::string::npos);
  CHECK(as_text(report, Colour::ansi, knowing.guard).find("\x1b[31merror\x1b[0m") != std::string::npos);
}

TEST_CASE("what is worst comes first") {
  Knowing knowing;
  Report report;
  report.outcome.findings = {finding(), finding(), finding()};
  report.outcome.findings[0].secret = "hidden_one";
  report.outcome.findings[0].visibility = Visibility::hidden;
  report.outcome.findings[1].secret = "live_one";
  report.outcome.findings[1].visibility = Visibility::live;
  report.outcome.findings[2].secret = "noted_one";
  report.outcome.findings[2].level = Level::note;
  const std::string text = as_text(report, Colour::none, knowing.guard);
  CHECK(text.find("live_one") < text.find("hidden_one"));
  CHECK(text.find("hidden_one") < text.find("noted_one"));
}

}  // namespace
}  // namespace hushrun::audit
