#pragma once
// A directory with a file per secret: /run/secrets of Docker, Compose, Swarm, Podman and BuildKit, a Kubernetes
// volume, $CREDENTIALS_DIRECTORY of systemd.

#include <optional>
#include <string>
#include <string_view>

#include "source/source.h"

namespace hushrun {

class OpenDirectorySource {
 public:
  /// Opened once; what is mounted over its path later is not seen.
  static Opening<OpenDirectorySource> open(const DirectorySource& config, const Environment& environment, Presence presence);

  /// The file of that name. Four system calls: openat2, fstat, read, close.
  Lookup find(const Name& name) const;

  /// The same for a path of several components below the directory, as relative_to() gives it.
  Lookup find_path(const std::string& relative) const;

  /// The path below this directory that `absolute` names, if it lies in it: the claim of `X_FILE=/run/secrets/x`.
  /// Compared as text first, then by device and inode of the path's parents, so that /var/run/secrets/x counts where
  /// /var/run is a link to /run. A path with a `..` component lies nowhere. Whether the file is there is not asked.
  std::optional<std::string> relative_to(std::string_view absolute) const;

  /// Files, and the symlinks of a Kubernetes volume. Not: names that begin with a dot (`..data`), subdirectories and
  /// symlinks to such (`kubernetes.io`, `rhsm`; `dir -> ..data/dir` of a projected volume).
  Result<Offer, Trouble> offered() const;

  std::optional<Public> whereabouts(const Name& name) const;
  Public where() const { return shown_; }

 private:
  OpenDirectorySource(Fd root, std::string path, Public shown) : root_{std::move(root)}, path_{std::move(path)}, shown_{shown} {}
  Lookup read(const std::string& relative, Public where) const;
  Lookup cannot_open(const std::string& relative, Public where, Errno why) const;

  Fd root_;
  std::string path_;  // as text, without doubled slashes
  Public shown_;
};

}  // namespace hushrun
