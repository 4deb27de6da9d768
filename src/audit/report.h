#pragma once
// The answer of an audit or a lint, for people and for programs. It names secrets and places, never a value, a part or a hash of one.

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "audit/finding.h"
#include "leak/needle.h"

namespace hushrun::audit {

enum class Format : std::uint8_t { text, json, sarif };
enum class Colour : std::uint8_t { none, ansi };

/// What stands between found text and a report. A file can be named after a key, a line of a Dockerfile hold one.
struct Guard {
  /// The text with a mark for every value in it.
  std::function<std::string(std::string_view)> mask;
  /// The name of a secret whose value is in the text; asked once more of the finished report.
  std::function<std::optional<Public>(std::string_view)> find;
};
/// By all disguises that the needles know; they must outlive it. A lint has no needles: nothing it prints was a value.
Guard guard_against(const leak::Needles& needles);

/// A finding, or a gap, that a baseline accepts.
struct Accepted {
  std::optional<Finding> finding;
  std::optional<Gap> gap;
  std::string reason;   // as somebody wrote it
  std::string expires;  // `2026-12-31`
};

/// What is reported: what counts, what was accepted, and what is to be said of the baseline itself.
struct Report {
  Outcome outcome;
  std::vector<Accepted> accepted;
  std::vector<Public> remarks;
};

/// A rule that a report explains: of an audit a place, of a lint what it looks for.
struct Rule {
  Literal name;
  Literal summary;
  Literal help;
};

/// Who reports.
struct Reporter {
  Literal program;  // "hushkit audit"
  Literal version;
  std::span<const Rule> rules;
};
/// The places, as rules.
std::span<const Rule> place_rules();

/// Whether there is something to do; the value is the exit code.
enum class Verdict : std::uint8_t {
  clean = 0,       // looked at all of it, nothing found
  found = 1,       // a finding that is more than a note
  incomplete = 3,  // nothing found, and not everything was looked at
};
Verdict verdict(const Outcome& outcome);

struct Written {
  std::string text;
  Verdict verdict;
};
/// The whole report, ready to be written. If a value were in it, it is withheld: the text is a message then, and the verdict
/// `incomplete`.
Written write(const Report& report, const Reporter& reporter, Format format, Colour colour, const Guard& guard);

// ── what the formats share ───────────────────────────────────────────────────────────────────────────────────────

/// Found text as it may be shown: masked, one line, UTF-8.
std::string shown(const Guard& guard, std::string_view text);

/// Recognises a finding or a gap in another run, after a rebuild and on another machine: the secret's name, the place, the image
/// without its tag, the object of a repository, the path, and of a lint what it says (which variable); not the layer's digest, not
/// the line. Made of masked text only, for it is committed in baselines: 32 hexadecimal digits.
std::string fingerprint(const Finding& finding, const Guard& guard);
std::string fingerprint(const Gap& gap, const Guard& guard);

/// A lint's own message; an audit's follows from its place.
Public message(const Finding& finding);
/// What to do about it, in the imperative.
Public remedy(const Finding& finding);
/// `layer 3 of app:1.0: app/.env:2`.
std::string locate(const Locator& where, const Guard& guard);
Literal word(Level level);
Literal word(Visibility visibility);
Literal word(Verdict verdict);

std::string as_text(const Report& report, Colour colour, const Guard& guard);
std::string as_json(const Report& report, const Reporter& reporter, const Guard& guard);
std::string as_sarif(const Report& report, const Reporter& reporter, const Guard& guard);

}  // namespace hushrun::audit
