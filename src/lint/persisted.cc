#include "lint/persisted.h"

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace hushrun::lint {
namespace {

// What the mounts of a RUN offer.
struct Mounts {
  std::vector<std::string> secrets;    // as a command line names them: a path, `$NAME`, `${NAME}`
  std::vector<std::string> elsewhere;  // folders that are no layer: tmpfs, cache, other mounts
};

std::string_view option(std::string_view mount, std::string_view name) {
  while (!mount.empty()) {
    const std::size_t comma = std::min(mount.find(','), mount.size());
    const std::string_view part = mount.substr(0, comma);
    mount.remove_prefix(std::min(comma + 1, mount.size()));
    if (part.starts_with(name) && part.size() > name.size() && part[name.size()] == '=') return part.substr(name.size() + 1);
  }
  return {};
}

Mounts mounts_of(const Instruction& run) {
  Mounts mounts{{}, {"/dev/", "/proc/", "/run/secrets/"}};
  for (const Word& flag : run.flags) {
    std::string_view text = flag.text;
    if (!text.starts_with("--mount=")) continue;
    text.remove_prefix(8);
    std::string target;
    for (std::string_view name : {"target", "dst", "destination"}) {
      if (const std::string_view found = option(text, name); !found.empty()) target = found;
    }
    if (option(text, "type") != "secret") {
      if (!target.empty()) mounts.elsewhere.push_back(target.ends_with('/') ? target : target + "/");
      continue;
    }
    const std::string id{option(text, "id")}, variable{option(text, "env")};
    if (!variable.empty()) {
      mounts.secrets.push_back("$" + variable);
      mounts.secrets.push_back("${" + variable + "}");
    }
    if (!target.empty()) mounts.secrets.push_back(target);
    else if (!id.empty() && variable.empty()) mounts.secrets.push_back("/run/secrets/" + id);
  }
  return mounts;
}

struct Token {
  std::string text;
  std::size_t offset;
};
// One command with its pipe: `a | b`. `words` has `|`, `>` and `>>` as words of their own.
struct Pipeline {
  std::vector<Token> words;
  std::string text;
  std::size_t offset;
};

// Splits a shell text at `;`, `&&`, `||`, `&` and line ends outside of quotes.
std::vector<Pipeline> pipelines(std::string_view text) {
  std::vector<Pipeline> all;
  Pipeline now{{}, {}, 0};
  Token word{{}, 0};
  const auto end_word = [&] {
    if (!word.text.empty()) now.words.push_back(std::exchange(word, {}));
  };
  const auto end_pipeline = [&](std::size_t next) {
    end_word();
    if (!now.words.empty()) all.push_back(std::move(now));
    now = {{}, {}, next};
  };
  char quote = '\0';
  int depth = 0;  // of `$(`
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (word.text.empty()) word.offset = i;
    const bool is_open = quote != '\0' || depth > 0;
    if (c == '\\' && quote != '\'' && i + 1 < text.size()) {
      word.text += text[++i];
    } else if (quote != '\'' && c == '$' && i + 1 < text.size() && text[i + 1] == '(') {
      ++depth;
      word.text += "$(";
      ++i;
    } else if (depth > 0 && c == ')') {
      --depth;
      word.text += c;
    } else if ((c == '"' || c == '\'') && depth == 0 && (quote == '\0' || quote == c)) {
      quote = quote == '\0' ? c : '\0';
    } else if (is_open) {
      word.text += c;
    } else if (c == '\n' || c == ';' || (c == '&' && !(i > 0 && text[i - 1] == '>')) || (c == '|' && i + 1 < text.size() && text[i + 1] == '|')) {
      if (c == '|') ++i;
      end_pipeline(i + 1);
      continue;
    } else if (c == '|' || c == '>') {
      end_word();
      const bool appends = c == '>' && i + 1 < text.size() && text[i + 1] == '>';
      now.words.push_back({std::string{c}, i});
      now.text += c;
      if (appends) ++i;
      continue;
    } else if (c == ' ' || c == '\t' || c == '\r') {
      end_word();
    } else {
      word.text += c;
    }
    now.text += c;
  }
  end_pipeline(text.size());
  return all;
}

// Programs that only pass on what they read.
constexpr std::array<std::string_view, 13> kPassOn = {"cat", "echo", "printf", "base64", "sed", "tr", "head", "tail", "envsubst", "jq", "cut", "xargs", "tee"};
constexpr std::array<std::string_view, 3> kCopy = {"cp", "mv", "install"};
// Programs that keep what they are told in a file of the home directory.
constexpr std::array<std::array<std::string_view, 3>, 8> kKeep = {{{"npm", "config", "set"}, {"yarn", "config", "set"}, {"pnpm", "config", "set"}, {"pip", "config", "set"},
                                                                  {"git", "config", "--global"}, {"aws", "configure", "set"}, {"composer", "config", "--global"},
                                                                  {"poetry", "config", ""}}};

bool is_one_of(std::string_view word, std::span<const std::string_view> list) { return std::find(list.begin(), list.end(), word) != list.end(); }

class Finder {
 public:
  Finder(const Mounts& mounts, std::string_view text) : mounts_{mounts}, text_{text} {}

  std::optional<Persisted> look_at(const Pipeline& pipeline) const {
    if (!names_secret(pipeline.text)) return std::nullopt;
    const std::vector<Token>& words = pipeline.words;
    std::size_t command = 0;
    while (command < words.size() && (words[command].text == "if" || words[command].text == "then" || words[command].text == "sudo" || words[command].text == "(" ||
                                      words[command].text == "{" || words[command].text == "set")) ++command;
    if (command >= words.size()) return std::nullopt;
    if (is_one_of(words[command].text, kCopy)) return copied(words, command);
    for (const auto& [program, verb, object] : kKeep) {
      if (words[command].text != program || words.size() < command + 3 || words[command + 1].text != verb || !(object.empty() || words[command + 2].text == object)) continue;
      if (text_.substr(words.back().offset).find("rm ") == std::string_view::npos && text_.find("unset") == std::string_view::npos && text_.find("delete") == std::string_view::npos) {
        return Persisted{words[command].offset, "the program keeps the secret in its settings file, which stays in the layer"};
      }
    }
    return redirected(words, command);
  }

 private:
  bool names_secret(std::string_view text) const {
    return std::any_of(mounts_.secrets.begin(), mounts_.secrets.end(), [&](const std::string& secret) { return text.find(secret) != std::string_view::npos; });
  }

  // A file of the layer that nobody removes further on.
  bool stays(const Token& target) const {
    if (target.text.empty() || target.text.starts_with('&')) return false;
    const bool is_elsewhere = std::any_of(mounts_.elsewhere.begin(), mounts_.elsewhere.end(), [&](const std::string& folder) {
      return target.text.starts_with(folder) || target.text + "/" == folder;
    });
    if (is_elsewhere) return false;
    const std::string_view rest = text_.substr(std::min(target.offset + target.text.size(), text_.size()));
    for (std::string_view remove : {"rm ", "shred ", "unlink "}) {
      const std::size_t at = rest.find(remove);
      if (at != std::string_view::npos && rest.find(target.text, at) != std::string_view::npos) return false;
    }
    return true;
  }

  std::optional<Persisted> copied(const std::vector<Token>& words, std::size_t command) const {
    const Token* target = nullptr;
    bool from_secret = false;
    for (std::size_t i = command + 1; i < words.size(); ++i) {
      if (words[i].text.starts_with('-')) continue;
      if (target != nullptr) from_secret |= names_secret(target->text);
      target = &words[i];
    }
    if (!from_secret || !stays(*target)) return std::nullopt;
    return Persisted{words[command].offset, "the secret is copied to a file that stays in the layer"};
  }

  std::optional<Persisted> redirected(const std::vector<Token>& words, std::size_t command) const {
    bool begins = true, tees = false;
    const Token* target = nullptr;
    for (std::size_t i = command; i < words.size(); ++i) {
      const std::string& text = words[i].text;
      if (text == "|") {
        begins = true;
        continue;
      }
      if (begins && !is_one_of(text, kPassOn)) return std::nullopt;
      if (begins) tees = text == "tee";
      else if (tees && !text.starts_with('-')) target = &words[i];
      begins = false;
      if (text == ">" && i + 1 < words.size()) {
        // `2>` is where errors go.
        const bool of_errors = i > 0 && words[i - 1].text == "2" && words[i - 1].offset + 1 == words[i].offset;
        if (!of_errors) target = &words[i + 1];
        ++i;
      }
    }
    if (target == nullptr || !stays(*target)) return std::nullopt;
    return Persisted{words[command].offset, "the secret is written to a file that stays in the layer"};
  }

  const Mounts& mounts_;
  std::string_view text_;
};

}  // namespace

std::optional<Persisted> find_persisted(const Instruction& run) {
  const Mounts mounts = mounts_of(run);
  if (mounts.secrets.empty()) return std::nullopt;
  const Finder in_line{mounts, run.arguments};
  for (const Pipeline& pipeline : pipelines(run.arguments)) {
    if (auto found = in_line.look_at(pipeline)) return found;
  }
  for (const Heredoc& heredoc : run.heredocs) {
    const Finder in_heredoc{mounts, heredoc.text};
    for (const Pipeline& pipeline : pipelines(heredoc.text)) {
      if (auto found = in_heredoc.look_at(pipeline)) return Persisted{0, found->what};
    }
  }
  return std::nullopt;
}

}  // namespace hushrun::lint
