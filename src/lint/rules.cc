#include "lint/rules.h"

#include <array>

namespace hushrun::lint {
namespace {

using audit::Rule;

constexpr std::array kRules = {
    // What a Dockerfile says.
    Rule{"secret-arg", "a build argument is named like a secret", "use RUN --mount=type=secret: arguments stand in the history and in the provenance"},
    Rule{"secret-arg-default", "a build argument has a secret as its default", "rotate the value, take it out, and use RUN --mount=type=secret"},
    Rule{"secret-arg-used-in-run", "a build argument named like a secret is used in a RUN", "use RUN --mount=type=secret: the history shows the argument's value"},
    Rule{"secret-env", "a secret is set by ENV", "mount the secret when the container starts: the image's configuration shows ENV to everybody who has the image"},
    Rule{"secret-run", "a secret is written out in an instruction", "rotate the value and use RUN --mount=type=secret, or mount it when the container starts"},
    Rule{"secret-mount-persisted", "the content of a secret mount is written to a layer", "use the secret within the same RUN without writing it to a file that stays"},
    Rule{"url-credentials", "a URL has a password in it", "rotate the password, and take it from a secret"},
    Rule{"heredoc-env-file", "a heredoc writes a secret into the image", "rotate the value and mount it when the container starts"},
    // What COPY and ADD would take along.
    Rule{"copy-ships-env", "an env file would be copied into the image", "name it in .dockerignore: **/.env*"},
    Rule{"copy-ships-git", "the repository's history would be copied into the image", "name it in .dockerignore: **/.git"},
    Rule{"copy-ships-credential-file", "a file with credentials would be copied into the image", "name it in .dockerignore"},
    Rule{"dockerignore-missing", "a whole folder is copied and there is no .dockerignore", "write a .dockerignore with **/.env* and **/.git"},
    Rule{"dockerignore-lacks-env", ".dockerignore would let an env file through", "write **/.env* into it"},
    Rule{"dockerignore-root-only", "a pattern of .dockerignore is for the root only, and there are such files below", "write **/ in front of it"},
    Rule{"dockerignore-inline-comment", "a comment behind a pattern of .dockerignore is part of the pattern", "put the comment on a line of its own"},
    Rule{"dockerignore-negation", "an exception of .dockerignore lets more through than it seems", "name the folders that are wanted one by one"},
    Rule{"dockerignore-overridden", "an exception of .dockerignore has no effect: a later line ignores the file again", "move it below that line"},
    Rule{"dockerignore-no-effect", "a pattern of .dockerignore can meet nothing", "write it relative to the context's root"},
    Rule{"dockerignore-builders-differ", "builders read a line of .dockerignore differently", "write it so that all of them read the same"},
    Rule{"dockerignore-invalid", "no builder takes this .dockerignore", "mend the pattern"},
    // What git would take along.
    Rule{"env-not-gitignored", "an env file is not in .gitignore", "write .env* into .gitignore"},
    Rule{"env-file-not-gitignored", "a file that compose reads variables from is not in .gitignore", "write it into .gitignore"},
    Rule{"secret-file-not-gitignored", "a file with credentials is not in .gitignore", "write it into .gitignore, or seal it with hushkit seal"},
    Rule{"gitignored-but-tracked", "a file is in .gitignore and committed all the same", "rotate what is in it, then git rm --cached"},
    // What a compose file says.
    Rule{"compose-literal-secret", "a secret is written out in a compose file", "rotate the value, and use secrets: with file: or environment:"},
    Rule{"compose-env-secret", "a secret is handed over as a variable of the container", "use secrets:, for docker inspect shows variables; hushrun turns it into the variable the application wants"},
    Rule{"compose-build-arg-secret", "a secret is handed over as a build argument", "use build.secrets and RUN --mount=type=secret"},
    Rule{"compose-default-secret", "a secret has a default written out in a compose file", "write ${NAME:?} so that it has to be set"},
    Rule{"compose-config-content", "a config of a compose file holds a secret", "use secrets:, which are not shown by docker inspect"},
    // What a pipeline says.
    Rule{"provenance-max-with-build-arg", "a workflow hands a secret over as a build argument", "use the action's secrets: input; build arguments stand in the history and in the provenance"},
};

std::string_view line_of(std::string_view text, unsigned number) {
  for (; number > 1 && !text.empty(); --number) {
    const std::size_t end = text.find('\n');
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return text.substr(0, text.find('\n'));
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

}  // namespace

std::span<const Rule> rules() { return kRules; }

bool is_allowed(std::string_view text, unsigned line, std::string_view rule) {
  while (line > 1) {
    std::string_view above = trimmed(line_of(text, --line));
    if (!above.starts_with('#')) return false;
    above = trimmed(above.substr(1));
    if (!above.starts_with("audit: allow ")) continue;
    above = trimmed(above.substr(13));
    const std::size_t blank = above.find(' ');
    if (blank != std::string_view::npos && above.substr(0, blank) == rule) return true;  // what follows is the reason
  }
  return false;
}

void Findings::add(const std::string& path, unsigned line, Level level, Literal rule, Public message, Public fix) {
  audit::Finding finding;
  finding.level = level;
  finding.rule = rule;
  finding.where.place = audit::Place::file;
  finding.where.artifact = artifact_;
  finding.where.path = path;
  finding.where.line = line;
  finding.message = message;
  finding.fix = fix;
  for (const audit::Finding& other : outcome_.findings) {
    if (other.rule == finding.rule && other.where == finding.where && other.message == finding.message) return;
  }
  outcome_.findings.push_back(std::move(finding));
}

void Findings::add(const File& file, Level level, Literal rule, unsigned line, Public message, Public fix) {
  if (!is_allowed(file.text, line, rule.view())) add(file.path, line, level, rule, message, fix);
}

void Findings::add(const std::string& path, Level level, Literal rule, Public message, Public fix) { add(path, 0, level, rule, message, fix); }

void Findings::gap(const std::string& path, audit::Gap::Kind kind, Public what) {
  audit::Gap gap{kind, {}, what, {}};
  gap.where.artifact = artifact_;
  gap.where.path = path;
  outcome_.gaps.push_back(std::move(gap));
}

}  // namespace hushrun::lint
