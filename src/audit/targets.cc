#include "audit/targets.h"

#include <cerrno>
#include <map>

#include "audit/ignore.h"
#include "audit/repository.h"
#include "core/sys_file.h"

namespace hushrun::audit {
namespace {

constexpr std::size_t kMostEntries = 5'000'000;  // of a folder
constexpr int kDeepestFolder = 400;              // each is held open
constexpr std::size_t kLargestIgnoreFile = std::size_t{1} << 20;

Locator at(const Tree& tree, const std::string& path) {
  Locator where;
  where.place = tree.content;
  where.artifact = tree.artifact;
  where.path = path;
  return where;
}

class Walk {
 public:
  using Wanted = std::function<bool(const std::string&, bool)>;
  Walk(Crew& crew, const Tree& tree, const Wanted& wanted) : crew_{crew}, tree_{tree}, wanted_{wanted} {}

  void folder(const Fd& open, const std::string& path, int depth) {
    const auto entries = sys::list(open, kMostEntries);
    if (!entries) return gap(path, entries.error().value == EFBIG ? Gap::Kind::limit : Gap::Kind::unreadable, Why{entries.error()}.words());
    for (const sys::Entry& entry : entries.value()) {
      const std::string below = path.empty() ? entry.name : path + "/" + entry.name;
      std::optional<sys::FileStatus> status;
      if (!entry.known_directory && !entry.known_regular) {
        const auto asked = sys::status_beneath(open, entry.name);
        if (!asked) {
          gap(below, Gap::Kind::unreadable, Why{asked.error()}.words());
          continue;
        }
        status = asked.value();
      }
      const bool is_folder = entry.known_directory || (status && status->kind == sys::FileKind::directory);
      if (wanted_ && !wanted_(below, is_folder)) continue;
      if (is_folder) {
        down(open, entry.name, below, depth);
      } else if (entry.known_regular || status->kind == sys::FileKind::regular) {
        file(open, entry.name, below);
      } else if (status->kind == sys::FileKind::symlink) {
        const auto target = sys::read_link_beneath(open, entry.name);
        name(below, target ? below + "\n" + target.value() : below);
      }
    }
  }

 private:
  void gap(const std::string& path, Gap::Kind kind, Public why) { crew_.add_gap({kind, at(tree_, path), why, {}}); }

  void name(const std::string& path, const std::string& text) {
    Locator where = at(tree_, path);
    where.place = tree_.name;
    crew_.submit({.kind = Job::Kind::text, .where = where, .text = text}, std::nullopt);
  }

  void down(const Fd& open, const std::string& entry, const std::string& path, int depth) {
    if (depth >= kDeepestFolder) return gap(path, Gap::Kind::limit, "folders in folders, more than 400 deep");
    const auto inner = sys::open_subdirectory(open, entry);
    if (!inner) return gap(path, Gap::Kind::unreadable, Why{inner.error()}.words());
    if (entry == ".git" && is_repository(inner.value())) {
      if (tree_.content != Place::context_file) {
        look_into_repository(crew_, inner.value(), tree_.artifact, path);
        return;
      }
    }
    name(path, path);
    folder(inner.value(), path, depth + 1);
  }

  void file(const Fd& open, const std::string& entry, const std::string& path) {
    auto opened = sys::open_beneath(open, entry);
    if (!opened) {
      name(path, path);
      return gap(path, Gap::Kind::unreadable, Why{opened.error()}.words());
    }
    crew_.submit({.where = at(tree_, path), .name = path, .name_place = tree_.name}, std::move(opened).value());
  }

  Crew& crew_;
  const Tree& tree_;
  const Wanted& wanted_;
};

bool has(const Fd& folder, const std::string& name) { return static_cast<bool>(sys::status_beneath(folder, name)); }

// A folder with the files of a saved image.
void look_at_image_folder(Crew& crew, const Fd& folder, const std::string& target) {
  Locator artifact;
  artifact.artifact = target;
  artifact.place = Place::orphan_blob;
  const auto gap = [&](const std::string& path, Errno why) {
    Locator where = artifact;
    where.object = path;
    crew.add_gap({Gap::Kind::unreadable, where, Why{why}.words(), {}});
  };
  const std::function<void(const Fd&, const std::string&, int)> walk = [&](const Fd& open, const std::string& path, int depth) {
    const auto entries = sys::list(open, kMostEntries);
    if (!entries) return gap(path, entries.error());
    for (const sys::Entry& entry : entries.value()) {
      const std::string below = path.empty() ? entry.name : path + "/" + entry.name;
      const auto status = sys::status_beneath(open, entry.name);
      if (!status) {
        gap(below, status.error());
      } else if (status.value().kind == sys::FileKind::directory) {
        const auto inner = sys::open_subdirectory(open, entry.name);
        if (!inner) gap(below, inner.error());
        else if (depth < 16) walk(inner.value(), below, depth + 1);
      } else if (status.value().kind == sys::FileKind::regular) {
        auto opened = sys::open_beneath(open, entry.name);
        if (!opened) {
          gap(below, opened.error());
          continue;
        }
        Locator where = artifact;
        where.object = below;
        crew.submit({.kind = Job::Kind::image_member, .where = where}, std::move(opened).value());
      }
    }
  };
  walk(folder, "", 0);
  crew.finish_image(artifact);
  crew.finish();
}

Result<Fd> opened(const std::string& target, sys::FileKind& kind) {
  if (target == "-") {
    kind = sys::FileKind::other;
    return TRY(sys::duplicate(0).or_error([&](Errno why) { return cannot_open(target, why); }));
  }
  Fd file = TRY(sys::open_file_waiting(target).or_error([&](Errno why) { return cannot_open(target, why); }));
  kind = TRY(sys::status(file).or_error([&](Errno why) { return cannot_open(target, why); })).kind;
  return file;
}

}  // namespace

Error cannot_open(const std::string& target, Errno why) {
  Public where = Public::path(target);
  if (target == "-") where = "standard input";
  return {Code::source_unreadable, "cannot look at it", where, why, "correct the path, or make it readable"};
}

void walk_tree(Crew& crew, const Fd& folder, const Tree& tree, const std::string& path, const std::function<bool(const std::string&, bool)>& wanted) {
  Walk{crew, tree, wanted}.folder(folder, path, 0);
}

Result<void> look_at(Crew& crew, const std::string& target) {
  sys::FileKind kind{};
  Fd file = TRY(opened(target, kind));
  Locator where;
  where.artifact = target;
  if (kind != sys::FileKind::directory) {
    crew.submit({.kind = Job::Kind::image, .where = where}, std::move(file));
    return {};
  }
  if (has(file, "oci-layout") || has(file, "manifest.json") || (has(file, "index.json") && has(file, "blobs"))) {
    look_at_image_folder(crew, file, target);
  } else if (is_repository(file)) {
    look_into_repository(crew, file, target, "");
  } else {
    walk_tree(crew, file, {target, Place::file, Place::file_path}, "", {});
  }
  return {};
}

Result<void> look_at_log(Crew& crew, const std::string& target) {
  sys::FileKind kind{};
  Fd file = TRY(opened(target, kind));
  Locator where;
  where.artifact = target;
  where.place = Place::log;
  if (kind != sys::FileKind::directory) {
    crew.submit({.kind = Job::Kind::log, .where = where}, std::move(file));
    return {};
  }
  const auto entries = TRY(sys::list(file, kMostEntries).or_error([&](Errno why) { return cannot_open(target, why); }));
  for (const sys::Entry& entry : entries) {
    where.path = entry.name;
    const auto status = sys::status_beneath(file, entry.name);
    if (status && status.value().kind != sys::FileKind::regular) continue;
    auto one = sys::open_beneath(file, entry.name);
    if (one) crew.submit({.kind = Job::Kind::log, .where = where}, std::move(one).value());
    else crew.add_gap({Gap::Kind::unreadable, where, Why{one.error()}.words(), {}});
  }
  return {};
}

Result<void> look_at_context(Crew& crew, const std::string& target) {
  const Fd folder = TRY(sys::open_directory(target).or_error([&](Errno why) { return cannot_open(target, why); }));
  // BuildKit prefers the file beside the Dockerfile, the classic builder does not know it: what either ships counts.
  struct Reading {
    IgnoreFile file;
    Builder builder;
    std::map<std::string, IgnoreFile::Folder> folders;
  };
  std::vector<Reading> readings;
  const auto read = [&](const std::string& name, Builder builder) -> Result<bool> {
    const auto opened = sys::open_beneath(folder, name);
    if (!opened && opened.error().value == ENOENT) return false;
    const auto text = opened ? sys::read_text(opened.value(), kLargestIgnoreFile) : sys::Answer<std::string>{opened.error()};
    if (!text) return Error{Code::source_unreadable, "cannot read what is ignored", Public::path(target + "/" + name), text.error(), "make it readable"};
    auto parsed = IgnoreFile::parse(text.value());
    if (!parsed) {
      return Error{Code::source_invalid, "no builder takes this ignore file", Public::path(target + "/" + name) + ":" + Public::number(parsed.error().line),
                   parsed.error().why, "correct the line"};
    }
    readings.push_back({std::move(parsed).value(), builder, {}});
    return true;
  };
  const bool own = TRY(read("Dockerfile.dockerignore", Builder::buildkit));
  const bool common = TRY(read(".dockerignore", Builder::classic));
  if (common && !own) TRY(read(".dockerignore", Builder::buildkit));
  std::function<bool(const std::string&, bool)> wanted;
  if (common) {
    wanted = [&readings](const std::string& path, bool is_folder) {
      const std::size_t slash = path.rfind('/');
      const std::string parent = slash == std::string::npos ? "" : path.substr(0, slash);
      bool ships = false, open = false;
      for (Reading& one : readings) {
        const auto above = one.folders.find(parent);
        if (above != one.folders.end() && above->second.closed) continue;
        IgnoreFile::Answer answer = one.file.look(above == one.folders.end() ? IgnoreFile::Folder{} : above->second, path, one.builder);
        ships |= answer.ships;
        open |= !answer.folder.closed;
        if (is_folder) one.folders[path] = std::move(answer.folder);
      }
      return is_folder ? open : ships;
    };
  }
  walk_tree(crew, folder, {target, Place::context_file, Place::context_path}, "", wanted);
  return {};
}

}  // namespace hushrun::audit
