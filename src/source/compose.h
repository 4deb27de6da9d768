#pragma once
// The secrets that Compose would mount for one service, without Compose: for development and tests on a machine where
// the service runs without its container.
//
// Followed: secrets: of the service, short and long; file: and environment: of the top level; YAML anchors and merge
// keys; extends, from the same and from other files; interpolation, from our environment first and from the .env beside
// the file second, whose values are taken as they are written.
// Not followed: include: and compose.override.yaml. Where the service or a definition is missing and the file has an
// include:, the message says so. Not for us: uid, gid and mode, which Compose ignores for files as well; configs:.
//
// A secret's name is the last component of its target, which is where the container's /run/secrets would have it; for an
// absolute target elsewhere too, since it has to be called something. Two with the same name are an error.

#include <string>
#include <variant>

#include "source/dotenv.h"
#include "source/source.h"

namespace hushrun {

/// The variables a compose file may use: our environment, then the .env beside the file, read when it is first needed.
class ComposeVariables {
 public:
  ComposeVariables(const Environment& environment, std::string dotenv_path)
      : environment_{environment}, dotenv_path_{std::move(dotenv_path)} {}

  Lookup find(std::string_view name);
  /// For paths and names, which are no secrets. Trouble with .env counts as not set, and is kept for trouble().
  std::optional<std::string> text(std::string_view name);
  const std::optional<Trouble>& trouble() const { return trouble_; }

 private:
  Environment environment_;
  std::string dotenv_path_;
  std::optional<OpenDotenvSource> dotenv_;
  std::optional<Trouble> trouble_;
  bool looked_ = false;
};

/// One secret of the service, and where its value is.
struct ComposeSecret {
  struct File { std::string path; };
  struct Variable { std::string name; };

  using Value = std::variant<File, Variable, Trouble>;  // Trouble: none that we could give, which matters if it is wanted

  Name name;
  Public at;  // "compose.yaml:12:7", its definition
  Value value;
};

class OpenComposeSource {
 public:
  static Opening<OpenComposeSource> open(const ComposeSource& config, const Environment& environment, Presence presence);

  Lookup find(const Name& name);
  /// All of the service's secrets: a file each in its container, and so a name each here.
  Result<Offer, Trouble> offered() const;
  std::optional<Public> whereabouts(const Name& name) const;
  /// Variables of our environment that hold one of these secrets. In the container the service would not have them.
  std::vector<std::string> variables() const;
  /// Files that hold one of them.
  std::vector<std::string> files() const;
  Public where() const { return shown_; }

 private:
  OpenComposeSource(std::vector<ComposeSecret> secrets, std::vector<Skipped> skipped, ComposeVariables variables, Public shown)
      : secrets_{std::move(secrets)}, skipped_{std::move(skipped)}, variables_{std::move(variables)}, shown_{shown} {}
  const ComposeSecret* secret(const Name& name) const;

  std::vector<ComposeSecret> secrets_;
  std::vector<Skipped> skipped_;
  ComposeVariables variables_;
  Public shown_;
};

}  // namespace hushrun
