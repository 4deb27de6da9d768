#include "lint/tree.h"

#include <algorithm>
#include <filesystem>

#include "core/sys_file.h"

namespace hushrun::lint {
namespace {

// More than any build context that somebody would wait for.
constexpr std::size_t kMostEntries = 1'000'000;
// Of a file that could hold secrets: they stand in its beginning, or it is none of those files.
constexpr std::size_t kLook = std::size_t{1} << 20;
constexpr std::size_t kLargestText = std::size_t{4} << 20;
constexpr std::size_t kDeepest = 64;

std::string lower(std::string_view text) {
  std::string out{text};
  std::transform(out.begin(), out.end(), out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

std::string name_of(std::string_view path) { return lower(path.substr(path.rfind('/') + 1)); }

// Other people's packages have Dockerfiles that nobody here builds.
bool is_foreign(const std::string& name) {
  return name == "node_modules" || name == "vendor" || name == "site-packages" || name == "third_party" || name == ".venv" || name == "venv";
}

class Walker {
 public:
  Walker(const Fd& root, Findings& findings) : root_{root}, findings_{findings} {}

  void walk(const Fd& folder, const std::string& path, std::size_t depth, bool foreign) {
    const auto entries = sys::list(folder, kMostEntries);
    if (!entries) return findings_.gap(path, audit::Gap::Kind::unreadable, "cannot list the folder: " + Why{entries.error()}.words());
    for (const sys::Entry& entry : entries.value()) {
      if (++seen_ > kMostEntries) {
        if (seen_ == kMostEntries + 1) findings_.gap({}, audit::Gap::Kind::limit, "more than a million files");
        return;
      }
      const std::string below = path.empty() ? entry.name : path + "/" + entry.name;
      if (entry.known_directory) enter(folder, entry.name, below, depth, foreign);
      else if (entry.known_regular) take(below, foreign);
    }
  }
  Tree tree() && { return std::move(tree_); }

 private:
  void enter(const Fd& folder, const std::string& name, const std::string& path, std::size_t depth, bool foreign) {
    if (name == ".git") return tree_.git_folders.push_back(path);
    if (depth >= kDeepest) return findings_.gap(path, audit::Gap::Kind::limit, "more than 64 folders deep");
    const auto opened = sys::open_subdirectory(folder, name);
    if (!opened) return findings_.gap(path, audit::Gap::Kind::unreadable, "cannot open the folder: " + Why{opened.error()}.words());
    walk(opened.value(), path, depth + 1, foreign || is_foreign(name));
  }

  void take(const std::string& path, bool foreign) {
    if (!foreign) {
      if (is_dockerfile(path)) tree_.dockerfiles.push_back(path);
      if (is_compose_file(path)) tree_.compose_files.push_back(path);
      const std::string name = name_of(path);
      if (folder_of(path).ends_with(".github/workflows") && (name.ends_with(".yml") || name.ends_with(".yaml"))) tree_.workflows.push_back(path);
    }
    const FileKind kind = kind_of_file(path);
    if (kind == FileKind::ordinary) return;
    const auto file = sys::open_beneath(root_, path);
    const auto text = file ? sys::read_beginning(file.value(), kLook) : sys::Answer<std::string>{file.error()};
    if (!text) return findings_.gap(path, audit::Gap::Kind::unreadable, "cannot read the file: " + Why{text.error()}.words());
    findings_.count_file();
    tree_.candidates.push_back({path, kind, look_into(kind, text.value())});
  }

  const Fd& root_;
  Findings& findings_;
  Tree tree_;
  std::size_t seen_ = 0;
};

}  // namespace

Tree walk(const Fd& root, Findings& findings) {
  Walker walker{root, findings};
  const auto top = sys::open_directory("/proc/self/fd/" + std::to_string(root.number()));
  if (top) walker.walk(top.value(), {}, 0, false);
  else findings.gap({}, audit::Gap::Kind::unreadable, "cannot open the folder: " + Why{top.error()}.words());
  return std::move(walker).tree();
}

bool is_dockerfile(std::string_view path) {
  const std::string name = name_of(path);
  if (name.ends_with(".dockerignore") || name.ends_with(".md") || name.ends_with(".swp")) return false;
  return name == "dockerfile" || name == "containerfile" || name.starts_with("dockerfile.") || name.starts_with("containerfile.") || name.ends_with(".dockerfile") ||
         name.ends_with(".containerfile");
}

bool is_compose_file(std::string_view path) {
  const std::string name = name_of(path);
  if (!name.ends_with(".yml") && !name.ends_with(".yaml")) return false;
  for (std::string_view prefix : {"compose", "docker-compose"}) {
    if (name.starts_with(prefix) && (name[prefix.size()] == '.' || name[prefix.size()] == '-' || name[prefix.size()] == '_')) return true;
  }
  return false;
}

std::optional<File> read_file(const Fd& root, const std::string& path, Findings& findings) {
  const auto file = sys::open_beneath(root, path);
  auto text = file ? sys::read_text(file.value(), kLargestText) : sys::Answer<std::string>{file.error()};
  if (!text) {
    findings.gap(path, audit::Gap::Kind::unreadable, "cannot read the file: " + Why{text.error()}.words());
    return std::nullopt;
  }
  findings.count_file();
  return File{path, std::move(text).value()};
}

std::string folder_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string{} : std::string{path.substr(0, slash)};
}

std::optional<std::string> join(const std::string& folder, std::string_view path) {
  std::string joined = (std::filesystem::path{folder} / path).lexically_normal().string();
  while (joined.ends_with('/')) joined.pop_back();
  if (joined == ".") joined.clear();
  if (joined.starts_with('/') || joined == ".." || joined.starts_with("../")) return std::nullopt;
  return joined;
}

}  // namespace hushrun::lint
