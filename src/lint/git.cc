#include "lint/git.h"

#include <algorithm>
#include <filesystem>

#include "audit/own_git.h"
#include "core/sys_file.h"
#include "core/sys_process.h"
#include "core/sys_spawn.h"

namespace hushrun::lint {
namespace {

namespace fs = std::filesystem;

// Paths of one question: a command line has to fit in 128 KiB and more.
constexpr std::size_t kBatch = 256;
constexpr Public kUnreadable = "git could not read the repository's ignore files or index";
constexpr Public kNoRepository = "no repository that can be read";
constexpr std::size_t kLargestConfig = std::size_t{1} << 20;

// A work tree and the directory with its index and config.
struct Repository {
  fs::path top;
  fs::path directory;
};

// Upward from `folder`, across no file system's name that cannot be read.
std::optional<Repository> find_repository(const std::string& folder) {
  std::error_code flaw;
  fs::path at = fs::canonical(folder, flaw);
  if (flaw) return std::nullopt;
  for (;; at = at.parent_path()) {
    const fs::path git = at / ".git";
    const auto status = sys::status(git.string());
    if (status && status.value().kind == sys::FileKind::directory) return Repository{at, git};
    if (status && status.value().kind == sys::FileKind::regular) {
      // A worktree or a submodule: `gitdir: PATH` (gitrepository-layout(5)).
      const auto file = sys::open_file(git.string());
      auto text = file ? sys::read_text(file.value(), kLargestConfig) : sys::Answer<std::string>{file.error()};
      if (!text || !text.value().starts_with("gitdir: ")) return std::nullopt;
      std::string path = text.value().substr(8);
      while (!path.empty() && path.back() == '\n') path.pop_back();
      return Repository{at, at / path};
    }
    if (at == at.root_path()) return std::nullopt;
  }
}

std::string read_or_nothing(const fs::path& path) {
  const auto file = sys::open_file(path.string());
  const auto text = file ? sys::read_text(file.value(), kLargestConfig) : sys::Answer<std::string>{file.error()};
  return text ? text.value() : std::string{};
}

// The part of a repository that worktrees share.
fs::path common_directory(const Repository& repository) {
  std::string common = read_or_nothing(repository.directory / "commondir");
  while (!common.empty() && common.back() == '\n') common.pop_back();
  return common.empty() ? repository.directory : repository.directory / common;
}

// As git quotes names with core.quotePath off (git-config(1)).
bool is_quoted(std::string_view path) {
  return std::any_of(path.begin(), path.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '"' || c == '\\'; });
}

// Runs git; the names it prints. Exit 1 of check-ignore is "none of them".
Result<std::vector<std::string>, Public> names_from(const std::string& git, std::vector<std::string> arguments, std::vector<std::string> environment,
                                                    char separator) {
  sys::Program program{git, {"git"}, {}};
  program.argv.insert(program.argv.end(), arguments.begin(), arguments.end());
  for (std::string& variable : environment) program.environment.push_back(variable.data());
  using namespace std::chrono_literals;
  const auto finished = sys::run_to_end(program, {.output = std::size_t{4} << 20, .chatter = 4096, .timeout = 60s, .grace = 2s});
  if (!finished) return "git cannot be run: " + Why{finished.error()}.words();
  const sys::Finished& end = finished.value();
  if (end.end != sys::Finished::End::exited || end.number > 1) return kUnreadable;
  std::vector<std::string> names;
  const Exposed bytes = end.output.expose();  // file names
  std::string_view text{bytes.data(), bytes.size()};
  while (!text.empty()) {
    const std::size_t nul = std::min(text.find(separator), text.size());
    names.emplace_back(text.substr(0, nul));
    text.remove_prefix(std::min(nul + 1, text.size()));
  }
  return names;
}

}  // namespace

bool is_in_repository(const std::string& folder) { return find_repository(folder).has_value(); }

Result<GitAnswer, Public> ask_git(const std::string& folder, const std::vector<std::string>& paths) {
  const std::optional<Repository> repository = find_repository(folder);
  if (!repository) return kNoRepository;
  const fs::path common = common_directory(*repository);
  const audit::OwnGit git = TRY(audit::OwnGit::beside(common.string()).or_error([](Public why) { return why + ": nobody knows what .gitignore says"; }));

  std::error_code flaw;
  const fs::path prefix = fs::relative(fs::canonical(folder, flaw), repository->top, flaw);
  const auto from_top = [&](const std::string& path) { return (prefix / path).lexically_normal().string(); };
  std::set<std::string> ignored, tracked;
  // The index has ids of the repository's format.
  const std::vector<std::string> environment = git.environment({"GIT_WORK_TREE=" + repository->top.string(), "GIT_OPTIONAL_LOCKS=0",
                                                                "GIT_INDEX_FILE=" + (repository->directory / "index").string()});
  const std::vector<std::string> common_options{"-C", repository->top.string(), "-c", "core.quotePath=false", "-c", "core.fsmonitor=false", "-c",
                                                "core.excludesFile=" + (common / "info" / "exclude").string()};
  for (std::size_t at = 0, size = 0; at < paths.size(); at += size) {
    // check-ignore takes NULs for standard input only, and puts some names in quotes: those are asked for alone.
    size = 1;
    while (!is_quoted(paths[at]) && size < kBatch && at + size < paths.size() && !is_quoted(paths[at + size])) ++size;
    std::vector<std::string> check = common_options, list = common_options;
    check.insert(check.end(), {"check-ignore", "--no-index", "--"});
    list.insert(list.end(), {"--literal-pathspecs", "ls-files", "-z", "--cached", "--"});
    for (std::size_t i = at; i < at + size; ++i) {
      check.push_back("./" + from_top(paths[i]));  // so that a colon in front is no magic; it comes back as given
      list.push_back(from_top(paths[i]));
    }
    std::vector<std::string> found = TRY(names_from(git.program(), check, environment, '\n'));
    if (is_quoted(paths[at]) && !found.empty()) found = {"./" + from_top(paths[at])};
    for (const std::string& name : found) ignored.insert(name.substr(std::min<std::size_t>(2, name.size())));
    found = TRY(names_from(git.program(), list, environment, '\0'));
    tracked.insert(found.begin(), found.end());
  }
  GitAnswer answer;
  for (const std::string& path : paths) {
    if (ignored.contains(from_top(path))) answer.ignored.insert(path);
    if (tracked.contains(from_top(path))) answer.tracked.insert(path);
  }
  return answer;
}

}  // namespace hushrun::lint
