#include "lint/check_dockerfile.h"

#include <algorithm>
#include <map>

#include "lint/names.h"
#include "lint/persisted.h"

namespace hushrun::lint {
namespace {

constexpr Literal kMountInstead = "use RUN --mount=type=secret for a build, and a mounted secret for a container";

bool mentions(std::string_view text, std::string_view variable) {
  for (std::size_t at = text.find('$'); at != std::string_view::npos; at = text.find('$', at + 1)) {
    std::string_view rest = text.substr(at + 1);
    if (rest.starts_with('{')) rest.remove_prefix(1);
    if (!rest.starts_with(variable)) continue;
    rest.remove_prefix(variable.size());
    const char next = rest.empty() ? ' ' : rest.front();
    if (next != '_' && (next < '0' || next > '9') && (next < 'a' || next > 'z') && (next < 'A' || next > 'Z')) return true;
  }
  return false;
}

class Checker {
 public:
  Checker(const File& file, Findings& findings) : file_{file}, findings_{findings} {}

  void look_at(const Instruction& instruction) {
    at_ = &instruction;
    if (instruction.keyword == "FROM") secret_arguments_.clear();
    if (instruction.keyword == "ARG") look_at_arguments();
    else if (instruction.keyword == "ENV") look_at_variables();
    else if (instruction.keyword == "RUN") look_at_run();
    else look_at_text(instruction.keyword == "COPY" || instruction.keyword == "ADD" ? Literals::urls : Literals::all);
    for (const Heredoc& heredoc : instruction.heredocs) look_at_heredoc(heredoc);
  }

 private:
  enum class Literals { urls, all };

  void add(Level level, Literal rule, unsigned line, Public message, Public fix) {
    // A comment above the whole instruction allows as well as one above the line in it.
    if (line == at_->line || !is_allowed(file_.text, at_->line, rule.view())) findings_.add(file_, level, rule, line, message, fix);
  }

  void look_at_arguments() {
    for (const Instruction::Pair& pair : at_->pairs()) {
      const Public name = Public::variable(pair.name);
      const bool is_secret = is_secret_name(pair.name);
      const Worth is = pair.value ? worth(*pair.value) : Worth::nothing;
      if (pair.value && holds_url_credentials(*pair.value)) {
        add(Level::error, "url-credentials", pair.line, "the default of " + name + " is a URL with a password in it", "rotate the password, and take it from a secret");
      } else if (pair.value && (holds_issued_key(*pair.value) || (is_secret && is == Worth::literal))) {
        add(Level::error, "secret-arg-default", pair.line, "the default of " + name + " is written out: it stands in the history of the image",
            "rotate it, take it out, and use RUN --mount=type=secret");
      } else if (is_secret && is != Worth::nothing) {
        add(Level::note, "secret-arg-default", pair.line, name + " is named like a secret and has a default", kMountInstead);
      } else if (is_secret) {
        add(Level::note, "secret-arg", pair.line, name + " is named like a secret: its value stands in the history once a RUN follows, and in the provenance", kMountInstead);
      }
      if (is_secret) secret_arguments_.push_back(pair.name);
    }
  }

  void look_at_variables() {
    for (const Instruction::Pair& pair : at_->pairs()) {
      if (!pair.value) continue;
      const Public name = Public::variable(pair.name);
      const Worth is = worth(*pair.value);
      const bool from_argument =
          std::any_of(secret_arguments_.begin(), secret_arguments_.end(), [&](const std::string& argument) { return mentions(*pair.value, argument); });
      if (holds_url_credentials(*pair.value)) {
        add(Level::error, "url-credentials", pair.line, name + " is a URL with a password in it", "rotate the password, and take it from a secret");
      } else if (holds_issued_key(*pair.value) || (is_secret_name(pair.name) && is == Worth::literal)) {
        add(Level::error, "secret-env", pair.line, "the value of " + name + " is written out: it is in the configuration of the image",
            "rotate it, take it out, and mount it when the container starts");
      } else if (from_argument) {
        add(Level::warning, "secret-env", pair.line, name + " takes a build argument that is named like a secret into the image", kMountInstead);
      } else if (is_secret_name(pair.name) && is == Worth::placeholder) {
        add(Level::note, "secret-env", pair.line, name + " is named like a secret, and has a default that everybody knows", kMountInstead);
      }
    }
  }

  void look_at_run() {
    std::string text = at_->arguments;
    for (const Heredoc& heredoc : at_->heredocs) text.append("\n").append(heredoc.text);
    for (const std::string& argument : secret_arguments_) {
      if (!mentions(text, argument)) continue;
      add(Level::warning, "secret-arg-used-in-run", at_->line, Public::variable(argument) + ", a build argument, is used here: the history shows its value", kMountInstead);
    }
    if (const std::optional<Persisted> persisted = find_persisted(*at_)) {
      add(Level::error, "secret-mount-persisted", at_->line_at(persisted->offset), persisted->what,
          "use the secret within this RUN without writing it to a file that stays, or remove that file in the same RUN");
    }
    look_at_text(Literals::all);
  }

  // Commands, labels and the rest: only what is plainly a secret.
  void look_at_text(Literals literals) {
    const std::vector<Word> words = at_->json_form().value_or(std::vector<Word>{});
    for (const Word& word : words.empty() ? at_->words() : words) {
      if (holds_url_credentials(word.text)) {
        add(Level::error, "url-credentials", word.line, "a URL with a password in it", "rotate the password, and take it from a secret");
      } else if (literals == Literals::all && holds_issued_key(word.text)) {
        add(Level::error, "secret-run", word.line, "a key is written out: it stands in the history of the image", kMountInstead);
      } else if (literals == Literals::all && (at_->keyword == "RUN" || at_->keyword == "CMD" || at_->keyword == "ENTRYPOINT")) {
        look_at_assignment(word);
      }
    }
  }

  // `NAME=value` and `--name=value` of a command line.
  void look_at_assignment(const Word& word) {
    std::string_view text = word.text;
    const bool is_option = text.starts_with("--");
    if (is_option) text.remove_prefix(2);
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos || equals == 0 || text.starts_with('-')) return;
    const std::string_view name = text.substr(0, equals), value = text.substr(equals + 1);
    const bool is_name = std::all_of(name.begin(), name.end(), [&](char c) {
      return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (is_option && c == '-');
    });
    if (!is_name || !is_secret_name(name) || worth(value) != Worth::literal || value.find_first_of("*?;|&<>()") != std::string_view::npos) return;
    add(Level::error, "secret-run", word.line, "a value under the name of a secret is written out", kMountInstead);
  }

  void look_at_heredoc(const Heredoc& heredoc) {
    unsigned line = heredoc.line;
    std::string_view rest = heredoc.text;
    for (; !rest.empty(); ++line) {
      const std::size_t end = rest.find('\n');
      std::string_view text = rest.substr(0, end);
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
      while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
      if (text.starts_with("export ")) text.remove_prefix(7);
      const std::size_t equals = text.find('=');
      const bool assigns = equals != std::string_view::npos && text.find_first_of(" \t\"'#(") > equals && is_secret_name(text.substr(0, equals)) &&
                           worth(text.substr(equals + 1)) == Worth::literal;
      if (assigns || holds_issued_key(text) || holds_url_credentials(text)) {
        add(Level::error, "heredoc-env-file", line, "a secret is written out in a heredoc: it is in a layer or in the history", kMountInstead);
      }
    }
  }

  const File& file_;
  Findings& findings_;
  const Instruction* at_ = nullptr;
  std::vector<std::string> secret_arguments_;  // of this stage, so far
};

}  // namespace

void check_dockerfile(const File& file, const Dockerfile& dockerfile, Findings& findings) {
  Checker checker{file, findings};
  for (const Instruction& instruction : dockerfile.instructions) checker.look_at(instruction);
}

std::vector<bool> reach_the_image(const Dockerfile& dockerfile) {
  struct Stage {
    int base = -1;  // of this file
    bool reaches = false;
  };
  std::vector<Stage> stages;
  std::map<std::string, int> names;
  std::vector<int> stage_of;
  for (const Instruction& instruction : dockerfile.instructions) {
    if (instruction.keyword == "FROM") {
      const std::vector<Word> words = instruction.words();
      Stage stage;
      if (const auto base = words.empty() ? names.end() : names.find(words[0].text); base != names.end()) stage.base = base->second;
      stages.push_back(stage);
      if (words.size() >= 3) names[words[2].text] = static_cast<int>(stages.size()) - 1;
    }
    stage_of.push_back(static_cast<int>(stages.size()) - 1);
  }
  for (int stage = static_cast<int>(stages.size()) - 1; stage >= 0; stage = stages[static_cast<std::size_t>(stage)].base) {
    stages[static_cast<std::size_t>(stage)].reaches = true;
  }
  std::vector<bool> reach;
  for (int stage : stage_of) reach.push_back(stage >= 0 && stages[static_cast<std::size_t>(stage)].reaches);
  return reach;
}

}  // namespace hushrun::lint
