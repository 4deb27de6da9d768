#include "audit/repository.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "audit/own_git.h"
#include "audit/targets.h"
#include "core/sys_channel.h"
#include "core/sys_process.h"
#include "core/sys_spawn.h"
#include "core/sys_stream.h"

namespace hushrun::audit {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLargestFile = std::size_t{64} << 20;
constexpr std::size_t kMostNamed = 500;
constexpr std::size_t kPipe = std::size_t{1} << 20;

std::string trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.pop_back();
  return text;
}

std::string read_or_nothing(const std::string& path) {
  const auto file = sys::open_file(path);
  auto text = file ? sys::read_text(file.value(), kLargestFile) : sys::Answer<std::string>{file.error()};
  return text ? std::move(text).value() : std::string{};
}

// An open folder, as a path for programs that cannot be given a descriptor.
std::string path_of(const Fd& folder) {
  std::error_code flaw;
  const fs::path path = fs::read_symlink("/proc/self/fd/" + std::to_string(folder.number()), flaw);
  return flaw ? std::string{} : path.string();
}

// git, looking at the objects of a repository and at nothing else of it.
class Git {
 public:
  static Result<Git, Public> at(const std::string& directory) {
    return Git{TRY(OwnGit::beside(directory)), directory + "/objects"};
  }

  sys::Answer<sys::Running> start(std::vector<std::string> arguments, std::optional<Fd> input) const {
    std::vector<std::string> environment = own_.environment({"GIT_OBJECT_DIRECTORY=" + objects_, "GIT_NO_REPLACE_OBJECTS=1"});
    sys::Program program{own_.program(), {"git"}, {}};
    program.argv.insert(program.argv.end(), arguments.begin(), arguments.end());
    for (std::string& variable : environment) program.environment.push_back(variable.data());
    return sys::start(program, std::move(input));
  }
  /// What it prints, given lines to read. Cut at 64 MiB.
  std::string ask(std::vector<std::string> arguments, std::string_view lines) const {
    std::optional<Fd> input;
    if (!lines.empty()) {
      auto memory = sys::create_memfd();
      if (!memory || !sys::write_all(memory.value(), lines.data(), lines.size())) return {};
      auto again = sys::open_file("/proc/self/fd/" + std::to_string(memory.value().number()));
      if (!again) return {};
      input = std::move(again).value();
    }
    auto running = start(std::move(arguments), std::move(input));
    if (!running) return {};
    auto text = sys::read_text(running.value().output, kLargestFile);
    { const Fd closed = std::move(running.value().output); }
    static_cast<void>(sys::wait_for(running.value().pid));
    return text ? std::move(text).value() : std::string{};
  }

 private:
  Git(OwnGit own, std::string objects) : own_{std::move(own)}, objects_{std::move(objects)} {}
  OwnGit own_;
  std::string objects_;
};

Place place_of(const std::string& path) {
  if (path.starts_with("logs/") || path.find("/logs/") != std::string::npos) return Place::git_reflog;
  if (path.starts_with("refs/") || path == "packed-refs" || path == "HEAD" || path == "FETCH_HEAD" || path == "ORIG_HEAD") return Place::git_ref;
  return Place::git_config;
}

// Loose objects or packs: if there are any, git has to list some.
bool has_objects(const std::string& directory, bool& promised) {
  bool any = false;
  std::error_code flaw;
  for (const auto& entry : fs::directory_iterator{directory + "/objects", flaw}) {
    const std::string name = entry.path().filename().string();
    if (name.size() == 2 && !fs::is_empty(entry.path(), flaw)) any = true;
  }
  for (const auto& entry : fs::directory_iterator{directory + "/objects/pack", flaw}) {
    if (entry.path().extension() == ".pack") any = true;
    if (entry.path().extension() == ".promisor") promised = true;
  }
  return any || !read_or_nothing(directory + "/objects/info/alternates").empty();
}

struct Tips {
  std::string all;
  std::string remote;
};

Tips tips_of(const std::string& directory) {
  Tips tips;
  const auto add = [&](const std::string& name, const std::string& id) {
    if (id.size() < 40 || id.find_first_not_of("0123456789abcdef") != std::string::npos) return;
    tips.all += id + "\n";
    if (name.starts_with("refs/remotes/")) tips.remote += id + "\n";
  };
  const std::string packed = read_or_nothing(directory + "/packed-refs");
  for (std::string_view rest = packed; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    const std::size_t blank = line.find(' ');
    if (blank != std::string_view::npos) add(std::string{line.substr(blank + 1)}, std::string{line.substr(0, blank)});
  }
  std::error_code flaw;
  for (const auto& entry : fs::recursive_directory_iterator{directory + "/refs", flaw}) {
    if (entry.is_regular_file(flaw)) add(entry.path().string().substr(directory.size() + 1), trimmed(read_or_nothing(entry.path().string())));
  }
  add("HEAD", trimmed(read_or_nothing(directory + "/HEAD")));
  return tips;
}

std::string git_directory_of(const std::string& target) {
  const auto has = [](const std::string& path) { return sys::exists(path); };
  if (has(target + "/HEAD") && has(target + "/objects")) return target;
  const std::string git = target + "/.git";
  const auto status = sys::status(git);
  if (!status) return {};
  if (status.value().kind == sys::FileKind::directory) return git;
  // A worktree or a submodule: `gitdir: PATH`; what worktrees share lies elsewhere.
  const std::string text = trimmed(read_or_nothing(git));
  if (!text.starts_with("gitdir: ")) return {};
  const fs::path directory = fs::path{target} / text.substr(8);
  const std::string common = trimmed(read_or_nothing((directory / "commondir").string()));
  return common.empty() ? directory.string() : (directory / common).lexically_normal().string();
}

}  // namespace

bool is_repository(const Fd& folder) {
  return sys::status_beneath(folder, "HEAD") && sys::status_beneath(folder, "objects") && sys::status_beneath(folder, "refs");
}

void look_into_repository(Crew& crew, const Fd& folder, const std::string& artifact, const std::string& path) {
  Locator where;
  where.place = Place::git_blob;
  where.artifact = artifact;
  const std::string directory = path_of(folder);
  const auto gap = [&](Gap::Kind kind, Public what) {
    Locator place = where;
    place.path = path;
    crew.add_gap({kind, place, what, {}});
  };

  // What lies beside the objects. Refs are shown as a whole: a name with its slashes is a text.
  const std::string prefix = path.empty() ? "" : path + "/";
  const std::function<bool(const std::string&, bool)> beside = [&](const std::string& below, bool is_folder) {
    const std::string inside = below.substr(prefix.size());
    if (is_folder) return !inside.starts_with("objects/") || inside == "objects/info";
    return !inside.starts_with("objects/") || inside.starts_with("objects/info/");
  };
  for (const bool reflog : {false, true}) {
    const Tree tree{artifact, reflog ? Place::git_reflog : Place::git_config, Place::git_ref};
    walk_tree(crew, folder, tree, path, [&](const std::string& below, bool is_folder) {
      const std::string inside = below.substr(prefix.size());
      if (inside == "modules" || inside.starts_with("modules/")) return false;
      if (is_folder) return inside != "objects/pack" && beside(below, true) && (!reflog || inside == "logs" || inside.starts_with("logs/"));
      return beside(below, false) && (place_of(inside) == Place::git_reflog) == reflog;
    });
  }

  bool promised = false;
  const bool any = has_objects(directory, promised);
  if (promised) gap(Gap::Kind::missing, "a partial clone: objects that were never fetched are not searched");
  if (sys::exists(directory + "/shallow")) gap(Gap::Kind::missing, "a shallow clone: older history is not here to be searched");
  if (any) {
    const auto git = Git::at(directory);
    if (!git) {
      gap(Gap::Kind::unreadable, git.error());
    } else {
      crew.finish();
      const std::size_t before = crew.totals().objects;
      auto running = git.value().start({"cat-file", "--batch-all-objects", "--batch", "--unordered", "--buffer"}, std::nullopt);
      if (!running) {
        gap(Gap::Kind::unreadable, "git cannot be run: " + Why{running.error()}.words());
      } else {
        // git writes eight kilobytes at a time: with a wide pipe neither waits for the other that often.
        sys::widen_pipe(running.value().output.number(), kPipe);
        crew.submit({.kind = Job::Kind::git_objects, .where = where}, std::move(running.value().output));
        crew.finish();
        const auto status = sys::wait_for(running.value().pid);
        if (!status || status.value() != 0) gap(Gap::Kind::corrupt, "git could not read all objects");
        if (crew.totals().objects == before) gap(Gap::Kind::corrupt, "git lists no object, and there are some");
      }
    }
  }

  // Submodules are repositories themselves.
  const auto modules = sys::open_subdirectory(folder, "modules");
  if (!modules) return;
  const std::function<void(const Fd&, const std::string&, int)> look = [&](const Fd& open, const std::string& below, int depth) {
    const auto entries = sys::list(open, 100'000);
    if (!entries) return gap(Gap::Kind::unreadable, Why{entries.error()}.words());
    for (const sys::Entry& entry : entries.value()) {
      const auto inner = sys::open_subdirectory(open, entry.name);
      if (!inner || depth > 16) continue;
      const std::string there = below + "/" + entry.name;
      if (is_repository(inner.value())) look_into_repository(crew, inner.value(), artifact, there);
      else look(inner.value(), there, depth + 1);
    }
  };
  look(modules.value(), prefix + "modules", 0);
}

Result<void> look_at_repository(Crew& crew, const std::string& target) {
  const std::string directory = git_directory_of(target);
  if (directory.empty()) {
    return Error{Code::source_missing, "not a git repository", Public::path(target), "there is no .git in it, and it is none itself", "name a work tree or a bare repository"};
  }
  const Fd folder = TRY(sys::open_directory(directory).or_error([&](Errno why) { return cannot_open(directory, why); }));
  look_into_repository(crew, folder, target, "");
  return {};
}

void name_blobs(std::vector<Hit>& hits, const std::string& target) {
  std::set<std::string> wanted;
  for (const Hit& hit : hits) {
    if (hit.where.artifact == target && hit.where.place == Place::git_blob && wanted.size() < kMostNamed) wanted.insert(hit.where.object);
  }
  const std::string directory = git_directory_of(target);
  if (wanted.empty() || directory.empty()) return;
  const auto git = Git::at(fs::absolute(directory).string());
  if (!git) return;
  const Tips tips = tips_of(directory);

  struct Origin {
    std::string path, commit;
  };
  const auto origins = [&](const std::string& from) {
    std::map<std::string, Origin> found;
    if (from.empty()) return found;
    std::vector<std::string> arguments{"-c", "core.quotePath=false", "log", "--stdin", "-m", "--root", "--raw", "--no-abbrev", "--no-renames", "--format=%H"};
    for (const std::string& id : wanted) arguments.push_back("--find-object=" + id);
    const std::string text = git.value().ask(std::move(arguments), from);
    std::string commit;
    for (std::string_view rest = text; !rest.empty();) {
      const std::string_view line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(rest.size(), line.size() + 1));
      if (line.empty()) continue;
      if (line[0] != ':') {
        commit = line;
        continue;
      }
      // ":100644 100644 OLD NEW M\tPATH"
      const std::size_t tab = line.find('\t');
      if (tab == std::string_view::npos) continue;
      const std::string_view head = line.substr(0, tab);
      const std::size_t end = head.rfind(' ');
      const std::size_t begin = head.rfind(' ', end - 1);
      if (begin == std::string_view::npos || end == std::string_view::npos) continue;
      // The newest comes first, so the last one is where it came in.
      const std::string id{head.substr(begin + 1, end - begin - 1)};
      if (wanted.contains(id)) found[id] = {std::string{line.substr(tab + 1)}, commit};
    }
    return found;
  };
  const auto everywhere = origins(tips.all);
  const auto published = origins(tips.remote);
  std::set<std::string> live;
  std::string head = trimmed(read_or_nothing(directory + "/HEAD"));
  if (head.starts_with("ref: ")) {
    const std::string name = head.substr(5);
    head = trimmed(read_or_nothing(directory + "/" + name));
    const std::string packed = read_or_nothing(directory + "/packed-refs");
    const std::size_t at = packed.find(" " + name + "\n");
    if (head.empty() && at != std::string::npos) {
      const std::size_t line = packed.rfind('\n', at);
      head = packed.substr(line == std::string::npos ? 0 : line + 1, at - (line == std::string::npos ? 0 : line + 1));
    }
  }
  if (head.size() >= 40 && head.find_first_not_of("0123456789abcdef") == std::string::npos) {
    const std::string tree = git.value().ask({"ls-tree", "-r", "--full-tree", head}, "");
    for (const std::string& id : wanted) {
      if (tree.find(id) != std::string::npos) live.insert(id);
    }
  }
  for (Hit& hit : hits) {
    if (hit.where.artifact != target || hit.where.place != Place::git_blob || !wanted.contains(hit.where.object)) continue;
    hit.visibility = live.contains(hit.where.object) ? Visibility::live : Visibility::hidden;
    if (published.contains(hit.where.object)) hit.published = Published::assume_public;
    const auto origin = everywhere.find(hit.where.object);
    if (origin == everywhere.end()) {
      hit.made_by = "no branch or tag leads to it";
      continue;
    }
    hit.where.path = origin->second.path + (hit.where.path.empty() ? "" : "!" + hit.where.path);
    hit.made_by = "commit " + origin->second.commit;
  }
}

}  // namespace hushrun::audit
