#include "lint/check_context.h"

#include <fnmatch.h>

#include <algorithm>

#include "core/sys_file.h"
#include "lint/check_dockerfile.h"

namespace hushrun::lint {
namespace {

using audit::Builder;
using audit::IgnoreFile;

// A source of COPY or ADD that is a path of the context.
std::vector<std::string> sources_of(const Instruction& instruction) {
  std::vector<std::string> sources;
  if ((instruction.keyword != "COPY" && instruction.keyword != "ADD") || instruction.flag("--from")) return sources;
  const std::vector<Word> words = instruction.json_form().value_or(instruction.words());
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    std::string text = words[i].text;
    if (text.starts_with("<<") || text.find("://") != std::string::npos || text.starts_with("git@")) continue;
    while (text.starts_with('/')) text.erase(0, 1);
    const std::optional<std::string> clean = join({}, text);
    sources.push_back(clean.value_or(std::string{}));  // builders stay in the context, whatever `..` says
  }
  return sources;
}

// True if a source means the path, or a folder above it. Components are compared one by one, as filepath.Match does.
bool takes(const std::string& source, std::string_view path) {
  if (source.empty()) return true;
  const auto depth = std::count(source.begin(), source.end(), '/');
  std::size_t end = 0;
  for (auto slashes = depth; end < path.size(); ++end) {
    if (path[end] == '/' && slashes-- == 0) break;
  }
  return fnmatch(source.c_str(), std::string{path.substr(0, end)}.c_str(), FNM_PATHNAME) == 0;
}

struct Shipped {
  const Candidate* candidate;
  std::string path;  // in the context
};

Level lowered(Level level) { return level == Level::error ? Level::warning : Level::note; }

class ContextChecker {
 public:
  ContextChecker(const Build& build, const Fd& root, const Tree& tree, Findings& findings) : build_{build}, root_{root}, tree_{tree}, findings_{findings} {}

  void check(bool uses_env) {
    find_ignore_file();
    collect();
    const std::vector<bool> reach = reach_the_image(build_.dockerfile);
    for (std::size_t i = 0; i < reach.size(); ++i) {
      const Instruction& instruction = build_.dockerfile.instructions[i];
      const std::vector<std::string> sources = sources_of(instruction);
      if (sources.empty()) continue;
      const auto taken = [&](std::string_view path) {
        if (const auto exclude = instruction.flag("--exclude")) {
          const auto excluding = IgnoreFile::parse(*exclude);
          if (excluding && !excluding.value().ships(path, Builder::buildkit)) return false;
        }
        return std::any_of(sources.begin(), sources.end(), [&](const std::string& source) { return takes(source, path); });
      };
      check_copy(instruction, reach[i], taken, uses_env);
    }
    if (ignore_) check_traps();
  }

 private:
  void find_ignore_file() {
    // Beside the Dockerfile, by its name: instead of the context's own (BuildKit, Buildah).
    for (const std::string& path : {build_.file.path + ".dockerignore", build_.context.empty() ? std::string{".dockerignore"} : build_.context + "/.dockerignore"}) {
      const auto opened = sys::open_beneath(root_, path);
      if (!opened) continue;
      ignore_file_ = read_file(root_, path, findings_);
      if (!ignore_file_) return;
      auto parsed = IgnoreFile::parse(ignore_file_->text);
      if (parsed) ignore_ = std::move(parsed).value();
      else findings_.add(*ignore_file_, Level::warning, "dockerignore-invalid", parsed.error().line, parsed.error().why, "mend the pattern: the build ends here");
      return;
    }
  }

  bool ships(std::string_view path, Builder builder = Builder::buildkit) const { return !ignore_ || ignore_->ships(path, builder); }

  void collect() {
    const std::string prefix = build_.context.empty() ? std::string{} : build_.context + "/";
    for (const Candidate& candidate : tree_.candidates) {
      if (!candidate.path.starts_with(prefix)) continue;
      std::string path = candidate.path.substr(prefix.size());
      if (ships(path)) shipped_.push_back({&candidate, path});
      inside_.push_back({&candidate, std::move(path)});
    }
    for (const std::string& folder : tree_.git_folders) {
      if (folder.starts_with(prefix) && ships(folder.substr(prefix.size()) + "/config")) repositories_.push_back(folder.substr(prefix.size()));
    }
  }

  template <class Taken>
  void check_copy(const Instruction& instruction, bool reaches, const Taken& taken, bool uses_env) {
    const Shipped* worst[2] = {nullptr, nullptr};
    Level levels[2] = {Level::note, Level::note};
    std::size_t counts[2] = {0, 0};
    for (const Shipped& shipped : shipped_) {
      const FileContent content = shipped.candidate->content;
      if (content == FileContent::harmless || shipped.candidate->kind == FileKind::env_template || !taken(shipped.path)) continue;
      const bool is_env = shipped.candidate->kind == FileKind::env;
      Level level = content == FileContent::secret ? Level::error : Level::warning;
      if (!reaches) level = lowered(level);
      if (is_for_tests(shipped.path)) level = Level::note;
      const std::size_t kind = is_env ? 0 : 1;
      if (counts[kind]++ == 0 || level > levels[kind]) worst[kind] = &shipped, levels[kind] = level;
    }
    Public where_to = " would be copied into the image";
    if (!reaches) where_to = " would be copied into the builder's cache";
    for (std::size_t kind = 0; kind < 2; ++kind) {
      if (worst[kind] == nullptr) continue;
      Public what = Public::path(worst[kind]->path);
      if (counts[kind] > 1) what = what + " and " + Public::number(counts[kind] - 1) + " more";
      const Public message = what + where_to;
      if (kind == 0) findings_.add(build_.file, levels[kind], "copy-ships-env", instruction.line, message, "write **/.env* into .dockerignore");
      else findings_.add(build_.file, levels[kind], "copy-ships-credential-file", instruction.line, message, "name the file in .dockerignore, and mount it where it is needed");
    }
    for (const std::string& repository : repositories_) {
      if (!taken(repository + "/config")) continue;
      findings_.add(build_.file, reaches ? Level::warning : Level::note, "copy-ships-git", instruction.line,
                    Public::path(repository) + ", the whole history with all that was ever committed," + where_to, "write **/.git into .dockerignore");
      break;
    }
    if (!taken(".env") || !ships(".env")) return;
    if (!ignore_file_) {
      findings_.add(build_.file, reaches ? Level::warning : Level::note, "dockerignore-missing", instruction.line,
                    "a whole folder is copied, and there is no .dockerignore: every .env that will ever lie there goes along", "write a .dockerignore with **/.env* and **/.git");
    } else if (worst[0] == nullptr) {
      findings_.add(*ignore_file_, uses_env && reaches ? Level::warning : Level::note, "dockerignore-lacks-env", 1, "an .env would be let through", "write **/.env* into it");
    }
  }

  void check_traps() {
    for (const IgnoreFile::Line& line : ignore_->lines()) check_line(line);
    for (const Shipped& shipped : inside_) {
      if (shipped.candidate->content == FileContent::harmless || shipped.candidate->kind == FileKind::env_template) continue;
      if (ships(shipped.path, Builder::older) != ships(shipped.path) || ships(shipped.path, Builder::classic) != ships(shipped.path)) {
        findings_.add(*ignore_file_, Level::warning, "dockerignore-builders-differ", 1, Public::path(shipped.path) + " is sent by some builders and not by others",
                      "write **/ in front of names, and name files that are wanted back by their whole path");
      }
    }
  }

  void check_line(const IgnoreFile::Line& line) {
    const std::string raw = raw_line(line.number);
    const auto add = [&](Level level, Literal rule, Public message, Public fix) { findings_.add(*ignore_file_, level, rule, line.number, message, fix); };
    if (raw.find(" #") != std::string::npos || raw.find("\t#") != std::string::npos) {
      add(Level::warning, "dockerignore-inline-comment", "the comment is part of the pattern, which so meets nothing", "put the comment on a line of its own");
    }
    if (line.text == ".." || line.text.starts_with("../")) {
      add(Level::warning, "dockerignore-no-effect", "the pattern leads out of the context and meets nothing", "write it relative to the context's root");
    }
    const bool blank_in_front = raw.starts_with(' ') || raw.starts_with('\t');
    const std::size_t mark = raw.find_first_not_of(" \t");
    if (blank_in_front && mark != std::string::npos && raw[mark] == '/') {
      add(Level::warning, "dockerignore-builders-differ", "blanks in front of a slash: Buildah reads another pattern than Docker", "take the blanks away");
    }
    if (line.exception && mark != std::string::npos && raw[mark] == '!' && mark + 1 < raw.size() && raw[mark + 1] == ' ') {
      add(Level::warning, "dockerignore-builders-differ", "a blank behind the exclamation mark: for Docker an exception, for Buildah none", "take the blank away");
    }
    if (line.exception) check_exception(line, add);
    else check_root_only(line, add);
  }

  // `*` and then `!*/` lets everything back in, the files of the root as well (moby#45284).
  template <class Add>
  void check_exception(const IgnoreFile::Line& line, const Add& add) {
    const bool is_about_env = line.text.find("env") != std::string::npos;
    std::string before;
    for (const IgnoreFile::Line& other : ignore_->lines()) {
      if (other.number < line.number) before.append(other.exception ? "!" : "").append(other.text).append("\n");
    }
    const auto so_far = IgnoreFile::parse(before);
    const auto with_it = IgnoreFile::parse(before + "!" + line.text + "\n");
    if (so_far && with_it && !is_about_env && !so_far.value().ships(".env", Builder::buildkit) && with_it.value().ships(".env", Builder::buildkit) && ships(".env")) {
      add(Level::warning, "dockerignore-negation", "it lets the files of the root through again, .env among them", "name the folders that are wanted one by one");
    }
    const bool is_plain = line.text.find_first_of("*?[\\") == std::string::npos;
    if (is_plain && so_far && !so_far.value().ships(line.text, Builder::buildkit) && !ships(line.text)) {
      add(Level::note, "dockerignore-overridden", "it has no effect: a later line ignores the file again", "move it below that line");
    } else if (is_plain && !ships(line.text)) {
      add(Level::note, "dockerignore-overridden", "it has no effect: the line that ignores the file comes later", "move it below that line");
    }
  }

  // `.env` alone is the root's; `a/.env` is sent.
  template <class Add>
  void check_root_only(const IgnoreFile::Line& line, const Add& add) {
    if (line.text.find('/') != std::string::npos || line.text.find("**") != std::string::npos) return;
    const auto everywhere = IgnoreFile::parse("**/" + line.text + "\n");
    if (!everywhere) return;
    for (const Shipped& shipped : shipped_) {
      const bool counts = shipped.candidate->content != FileContent::harmless && shipped.candidate->kind != FileKind::env_template;
      if (!counts || shipped.path.find('/') == std::string::npos || is_for_tests(shipped.path)) continue;
      if (everywhere.value().ships(shipped.path, Builder::buildkit)) continue;
      add(Level::warning, "dockerignore-root-only", "the pattern is for the root only: " + Public::path(shipped.path) + " is sent to the builder", "write **/ in front of it");
      return;
    }
  }

  std::string raw_line(unsigned number) const {
    std::string_view text = ignore_file_->text;
    for (; number > 1; --number) text.remove_prefix(std::min(text.find('\n') + 1, text.size()));
    return std::string{text.substr(0, text.find_first_of("\r\n"))};
  }

  const Build& build_;
  const Fd& root_;
  const Tree& tree_;
  Findings& findings_;
  std::optional<File> ignore_file_;
  std::optional<IgnoreFile> ignore_;
  std::vector<Shipped> inside_;
  std::vector<Shipped> shipped_;
  std::vector<std::string> repositories_;
};

}  // namespace

void check_context(const Build& build, const Fd& root, const Tree& tree, bool uses_env, Findings& findings) {
  ContextChecker{build, root, tree, findings}.check(uses_env);
}

}  // namespace hushrun::lint
