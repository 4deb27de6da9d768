#include "audit/report.h"

#include <array>

#include "core/codec.h"
#include "leak/matcher.h"
#include "leak/redactor.h"

namespace hushrun::audit {
namespace {

constexpr Literal kRotate = "rotate it first: who has the copy keeps the value; ";

// In the order of Place.
constexpr std::array kPlaceRules = {
    Rule{"layer-file", "a value is in a file of an image layer",
         "then rebuild without the file; a later layer only hides it, and registries, mirrors and build caches keep pushed layers"},
    Rule{"layer-path", "a value is in the name of a file in an image layer", "then rebuild with another name; pushed layers stay where they were pushed"},
    Rule{"layer-link", "a value is in what a link of an image layer points to", "then rebuild; pushed layers stay where they were pushed"},
    Rule{"layer-xattr", "a value is in an extended attribute of an image layer", "then rebuild; pushed layers stay where they were pushed"},
    Rule{"config-env", "a value is in the image's environment",
         "then take the ENV out, mount the secret when the container starts, and rebuild; `docker inspect` shows it to everybody"},
    Rule{"config-label", "a value is in a label of the image", "then take the label out and rebuild; registries show labels without a pull"},
    Rule{"config-cmd", "a value is in the command line of the image", "then mount the secret when the container starts, and rebuild"},
    Rule{"config-other", "a value is in the image's configuration", "then rebuild without it; the configuration is pulled with every image"},
    Rule{"history", "a value is in the image's history",
         "then use RUN --mount=type=secret in place of ARG, and rebuild; `docker history` shows build arguments"},
    Rule{"annotation", "a value is in an annotation or a tag", "then publish without it; registries show annotations without a pull"},
    Rule{"attestation", "a value is in an attestation", "then use RUN --mount=type=secret: build arguments stand in the provenance, which is pushed with the image"},
    Rule{"orphan-blob", "a value is in a blob that no image refers to", "then remove the blob; it goes wherever the archive goes"},
    Rule{"git-blob", "a value is in a file of the repository's history",
         "a rewritten history does not reach clones, forks, pull requests and caches of the hosting service"},
    Rule{"git-commit", "a value is in a commit's message or header", "a rewritten history does not reach clones, forks and caches of the hosting service"},
    Rule{"git-tag", "a value is in a tag's message", "a deleted tag stays in clones and forks"},
    Rule{"git-tree", "a value is in the name of a file of the repository's history", "a rewritten history does not reach clones and forks"},
    Rule{"git-ref", "a value is in the name of a branch or tag", "then rename it; clones keep the old name"},
    Rule{"git-config", "a value is beside the repository's objects", "then remove it from the file; use a credential helper for URLs"},
    Rule{"git-reflog", "a value is in a reflog", "then expire the reflog; a copy of the directory keeps it"},
    Rule{"context-file", "a value is in a file that a build would send to the builder",
         "then name the file in .dockerignore; the builder's cache and every COPY of the folder have it"},
    Rule{"context-path", "a value is in the name of a file that a build would send to the builder", "then rename it"},
    Rule{"log", "a value is in a log", "then stop the program from printing it (redact: in hushrun.yaml); collectors and backups keep the line"},
    Rule{"inspect", "a value is in what the engine tells about a container",
         "then deliver it as a file or by hushrun, and make the container anew; everybody who can reach the engine sees it"},
    Rule{"file", "a value is in a file", "then remove it from the file; backups and copies keep it"},
    Rule{"file-path", "a value is in the name of a file", "then rename it; backups and copies keep the name"},
};

std::string digest_of(Public rule, Public secret, Public message, const Locator& where, const Guard& guard) {
  std::string image = shown(guard, where.image.substr(0, where.image.find(' ')));
  // `registry:5000/app:1.0`: the last colon parts the tag, unless a slash comes behind it.
  const std::size_t colon = image.rfind(':');
  if (colon != std::string::npos && image.find('/', colon) == std::string::npos) image.resize(colon);
  const bool is_git = where.place >= Place::git_blob && where.place <= Place::git_reflog;
  std::string text{rule.view()};
  text.append("\n").append(secret.view()).append("\n").append(image).append("\n");
  if (is_git) text.append(shown(guard, where.object));
  text.append("\n").append(shown(guard, where.path.empty() ? where.artifact : where.path));
  if (!message.empty()) text.append("\n").append(shown(guard, message.view()));
  return codec::sha256(text).substr(0, 32);
}

}  // namespace

std::span<const Rule> place_rules() { return kPlaceRules; }

Guard guard_against(const leak::Needles& needles) {
  return {
      [&needles](std::string_view text) { return leak::masked(needles, text); },
      [&needles](std::string_view text) -> std::optional<Public> {
        if (needles.empty()) return std::nullopt;
        leak::Matcher matcher{needles};
        std::vector<leak::Match> found;
        matcher.feed(text, found);
        matcher.finish(found);
        for (const leak::Match& match : found) {
          // A value of up to 7 bytes can be one of our own words.
          if (match.disguise != leak::Disguise::word) return needles.name(match.needle);
        }
        return std::nullopt;
      },
  };
}

Verdict verdict(const Outcome& outcome) {
  for (const Finding& finding : outcome.findings) {
    if (finding.level != Level::note) return Verdict::found;
  }
  return outcome.is_complete() ? Verdict::clean : Verdict::incomplete;
}

std::string shown(const Guard& guard, std::string_view text) {
  // Vouched: no value is left in it.
  return std::string{Public::vouched(guard.mask(text)).view()};
}

std::string fingerprint(const Finding& finding, const Guard& guard) {
  return digest_of(finding.rule, finding.secret, finding.message, finding.where, guard);
}

std::string fingerprint(const Gap& gap, const Guard& guard) { return digest_of(word(gap.kind), gap.secret, {}, gap.where, guard); }

Public message(const Finding& finding) {
  if (!finding.message.empty()) return finding.message;
  return kPlaceRules[static_cast<std::size_t>(finding.where.place)].summary;
}

Public remedy(const Finding& finding) {
  if (!finding.fix.empty()) return finding.fix;
  return Public{kRotate} + kPlaceRules[static_cast<std::size_t>(finding.where.place)].help;
}

std::string locate(const Locator& where, const Guard& guard) {
  std::string text;
  if (where.layer != 0) text += "layer " + std::to_string(where.layer) + " of ";
  const bool in_image = !where.image.empty();
  if (in_image) text += shown(guard, where.image);
  // Of an image the archive says little; elsewhere it is what was asked for.
  else if (where.artifact != "." && where.artifact != where.path) text += where.artifact == "-" ? "standard input" : shown(guard, where.artifact);
  if (!where.object.empty() && !in_image) text += (text.empty() ? "" : " ") + shown(guard, where.object.substr(0, 12));
  if (!where.path.empty()) text += (text.empty() ? "" : in_image || !where.object.empty() ? ": " : "/") + shown(guard, where.path);
  if (where.line != 0) text += ":" + std::to_string(where.line);
  else if (where.offset != 0) text += " at byte " + std::to_string(where.offset);
  return text;
}

Literal word(Level level) {
  switch (level) {
    case Level::note: return "note";
    case Level::warning: return "warning";
    case Level::error: return "error";
  }
  return "error";
}

Literal word(Visibility visibility) {
  switch (visibility) {
    case Visibility::live: return "live";
    case Visibility::hidden: return "hidden";
    case Visibility::unknown: return "unknown";
  }
  return "unknown";
}

Literal word(Verdict verdict) {
  switch (verdict) {
    case Verdict::clean: return "clean";
    case Verdict::found: return "found";
    case Verdict::incomplete: return "incomplete";
  }
  return "incomplete";
}

Written write(const Report& report, const Reporter& reporter, Format format, Colour colour, const Guard& guard) {
  std::string text;
  switch (format) {
    case Format::text: text = as_text(report, colour, guard); break;
    case Format::json: text = as_json(report, reporter, guard); break;
    case Format::sarif: text = as_sarif(report, reporter, guard); break;
  }
  if (const std::optional<Public> name = guard.find(text)) {
    // The name is looked at as well: a value that is also somebody's name would stand in this message.
    const bool nameable = !guard.find(name->view());
    const std::string_view whose = nameable ? name->view() : std::string_view{"a secret"};
    return {std::string{"the report is withheld: a value would stand in it ("}.append(whose).append(")\n"), Verdict::incomplete};
  }
  return {std::move(text), verdict(report.outcome)};
}

}  // namespace hushrun::audit
