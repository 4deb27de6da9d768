#include "source/directory.h"

#include <algorithm>
#include <cerrno>

#include "core/sys_process.h"

namespace hushrun {
namespace {

// Removes doubled slashes, `.` components and a slash at the end. Nothing for a path with `..`: what it means depends
// on symlinks that we would have to follow.
std::optional<std::string> tidied(std::string_view path) {
  std::string out;
  if (path.starts_with('/')) out = "/";
  std::size_t start = 0;
  while (start < path.size()) {
    const std::size_t slash = std::min(path.find('/', start), path.size());
    const std::string_view part = path.substr(start, slash - start);
    start = slash + 1;
    if (part.empty() || part == ".") continue;
    if (part == "..") return std::nullopt;
    if (!out.empty() && !out.ends_with('/')) out += '/';
    out += part;
  }
  return out;
}

Public octal(mode_t mode) {
  const char text[] = {'0', static_cast<char>('0' + (mode >> 6 & 7)), static_cast<char>('0' + (mode >> 3 & 7)),
                       static_cast<char>('0' + (mode & 7))};
  return Public::vouched({text, sizeof text});  // four octal digits
}

Public owner(uid_t user, gid_t group) { return Public::number(user) + ":" + Public::number(group); }

Trouble not_a_file(Public where) {
  return {Code::secret_unreadable, "this is not a file", where + ": it is neither a file nor a directory, but a pipe, a socket or a device",
          "put a regular file there"};
}

}  // namespace

Opening<OpenDirectorySource> OpenDirectorySource::open(const DirectorySource& config, const Environment&, Presence presence) {
  sys::Answer<Fd> root = sys::open_directory(config.path);
  if (root) {
    // A directory that is there is no value that was pasted in its place.
    return std::optional{OpenDirectorySource{std::move(root).value(), tidied(config.path).value_or(config.path), Public::vouched(config.path)}};
  }
  const Public shown = Public::path(config.path);
  // open(2) says EMFILE before it looks at the path; access(2) needs no descriptor: what is not there costs none.
  const Errno why = root.error().value == EMFILE && !sys::exists(config.path) ? Errno{ENOENT} : root.error();
  if (why.value == ENOENT) {
    if (presence == Presence::optional) return std::optional<OpenDirectorySource>{};
    return Trouble{Code::source_missing, "a secrets directory is not there", reason(shown, why),
                   "give the container a secret (secrets: in Compose), or say optional: true for this source"};
  }
  if (why.value == ENOTDIR) {
    return Trouble{Code::source_invalid, "a secrets directory is not a directory", reason(shown, why),
                   "name the directory that holds the files, not one of them"};
  }
  return Trouble{Code::source_unreadable, "cannot open a secrets directory", reason(shown, why),
                 "let user " + Public::number(sys::effective_user()) + " read and search it"};
}

Lookup OpenDirectorySource::find(const Name& name) const {
  // One string, one Public: this runs for each secret. The name is vouched for: where it is shown, it was found.
  return read(name.text(), Public::vouched(std::string{shown_.view()} + "/" + name.text()));
}

Lookup OpenDirectorySource::find_path(const std::string& relative) const {
  return read(relative, shown_ + "/" + Public::path(relative));
}

Lookup OpenDirectorySource::read(const std::string& relative, Public where) const {
  sys::Answer<Fd> file = sys::open_beneath(root_, relative);
  if (!file) return cannot_open(relative, where, file.error());
  const sys::FileStatus status = TRY(sys::status(file.value()).or_error([&](Errno why) {
    return Trouble{Code::secret_unreadable, "cannot read a secret file", reason(where, why), "look at the file system it lies on"};
  }));
  if (status.kind == sys::FileKind::directory) {
    return Trouble{Code::secret_unreadable, "a secret is a directory where a file should be", where + ": it is a directory",
                   "create the file on the host, remove the directory there, and start anew: Docker and Compose make a directory of a "
                   "bind mount's source that is not there"};
  }
  if (status.kind != sys::FileKind::regular) return not_a_file(where);
  Secret value = TRY(sys::read_secret(file.value(), status, kSecretLimit).or_error([&](Errno why) {
    if (why.value == EFBIG) {
      return Trouble{Code::secret_too_large, "a secret is too large", where + ": more than 1 MiB",
                     "give large data to the application as a volume; a secret is 1 MiB at most"};
    }
    return Trouble{Code::secret_unreadable, "cannot read a secret file", reason(where, why), "look at the file system it lies on"};
  }));
  return std::optional{Found{std::move(value), where, status}};
}

Lookup OpenDirectorySource::cannot_open(const std::string& relative, Public where, Errno why) const {
  const sys::Answer<sys::FileStatus> entry = sys::status_beneath(root_, relative);
  const bool is_link = entry && entry.value().kind == sys::FileKind::symlink;
  switch (why.value) {
    case ENOENT:
      if (!is_link) return std::optional<Found>{};
      return Trouble{Code::secret_unreadable, "a secret is a symlink to nothing", where + ": what it points at is not there",
                     "look at the volume: in Kubernetes ..data and the directory it points at must be there"};
    case ENOTDIR:  // `x/y` where x is a file: there is no y
      return std::optional<Found>{};
    case ELOOP:
    case EXDEV:
      return Trouble{Code::secret_unreadable, "a secret is a symlink that is not followed",
                     where + ": only the symlinks of a Kubernetes volume are followed, so that none can lead to somebody else's secret",
                     "put the file itself there"};
    case ENXIO:  // open(2): a socket
      return not_a_file(where);
    case EACCES: {
      const Public user = Public::number(sys::effective_user());
      if (!entry) {  // nor do we know that there is anything of that name: it is not shown
        return Trouble{Code::secret_unreadable, "cannot read a secret file", reason(shown_, why), "let user " + user + " search the directory"};
      }
      if (is_link) {
        return Trouble{Code::secret_unreadable, "cannot read a secret file", reason(where, why) + " for user " + user,
                       "set securityContext.fsGroup of the pod, or defaultMode: 0444 of the volume"};
      }
      const sys::FileStatus& status = entry.value();
      return Trouble{Code::secret_unreadable, "cannot read a secret file",
                     reason(where, why) + ", its mode is " + octal(status.mode) + ", its owner " + owner(status.owner, status.group) +
                         ", and we are " + owner(sys::effective_user(), sys::effective_group()),
                     "Compose ignores uid, gid and mode of a file: chmod a+r or chown " + user +
                         " it on the host, or start as root with --user; Swarm: uid: \"" + user + "\" or mode: 0444 in the long syntax"};
    }
    default:
      return Trouble{Code::secret_unreadable, "cannot read a secret file", reason(entry ? where : shown_, why), "look at the file system it lies on"};
  }
}

std::optional<std::string> OpenDirectorySource::relative_to(std::string_view absolute) const {
  if (!absolute.starts_with('/')) return std::nullopt;
  const std::optional<std::string> path = tidied(absolute);
  if (!path) return std::nullopt;
  const std::string prefix = path_.ends_with('/') ? path_ : path_ + "/";
  // A relative one is compared by what it is: `dir: .` is tidied to nothing, and a slash behind that begins every path.
  if (path_.starts_with('/') && path->starts_with(prefix) && path->size() > prefix.size()) return path->substr(prefix.size());
  const sys::Answer<sys::FileStatus> root = sys::status(root_);
  if (!root) return std::nullopt;
  for (std::size_t slash = path->rfind('/'); slash != std::string::npos && slash > 0; slash = path->rfind('/', slash - 1)) {
    const sys::Answer<sys::FileStatus> parent = sys::status(path->substr(0, slash));
    if (!parent) continue;
    if (parent.value().device == root.value().device && parent.value().inode == root.value().inode) return path->substr(slash + 1);
  }
  return std::nullopt;
}

Result<Offer, Trouble> OpenDirectorySource::offered() const {
  const std::vector<sys::Entry> entries = TRY(sys::list(root_, kNamesLimit).or_error([&](Errno why) {
    if (why.value == EFBIG) {
      return Trouble{Code::source_invalid, "a secrets directory has too many entries", shown_ + ": more than 4096",
                     "name the directory that holds the secrets and nothing else"};
    }
    return Trouble{Code::source_unreadable, "cannot list a secrets directory", reason(shown_, why), "look at the file system it lies on"};
  }));
  Offer offer;
  for (const sys::Entry& entry : entries) {
    if (entry.name.starts_with('.') || entry.known_directory) continue;
    const auto skip = [&](Literal why) {
      // A name of a directory listing is no guess.
      offer.skipped.push_back({Public::vouched(std::string{shown_.view()} + "/" + entry.name), why});
    };
    if (!entry.known_regular) {
      // A dangling link, or one we may not look behind, is offered: find() then says what is wrong with it.
      const sys::Answer<sys::FileStatus> behind = sys::status_behind(root_, entry.name);
      if (behind && behind.value().kind == sys::FileKind::directory) continue;
      if (behind && behind.value().kind == sys::FileKind::other) {
        skip("it is a pipe, a socket or a device");
        continue;
      }
      const sys::Answer<std::string> link = sys::read_link_beneath(root_, entry.name);
      if (link && !link.value().starts_with("..data/")) {
        skip("it is a symlink, and not one of a Kubernetes volume");
        continue;
      }
    }
    if (std::optional<Name> name = Name::parse(entry.name)) {
      offer.names.push_back(std::move(*name));
    } else {
      skip("a secret's name is made of letters, digits, dots, dashes and underscores");
    }
  }
  return offer;
}

std::optional<Public> OpenDirectorySource::whereabouts(const Name& name) const {
  if (!sys::status_beneath(root_, name.text())) return std::nullopt;
  return Public::vouched(std::string{shown_.view()} + "/" + name.text());
}

}  // namespace hushrun
