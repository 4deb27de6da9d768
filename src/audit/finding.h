#pragma once
// Where a value was found, and which; never the value. What walkers, lint and the report agree on.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/text.h"

namespace hushrun::audit {

/// The kind of place. Its word() is the rule's name in JSON and SARIF, never renamed.
enum class Place : std::uint8_t {
  layer_file,   // content of a file in an image's layer
  layer_path,   // its name
  layer_link,   // what a link points to
  layer_xattr,  // an extended attribute
  config_env,
  config_label,
  config_command,  // Cmd, Entrypoint, Healthcheck, OnBuild, Shell
  config_other,    // any other string of the image's config: User, Volumes, author …
  history,
  annotation,   // of an OCI index, manifest or descriptor, and tags
  attestation,  // provenance, bill of materials
  orphan_blob,  // in the archive, yet no image refers to it
  git_blob,
  git_commit,  // message, author, any header
  git_tag,
  git_tree,    // a file's name
  git_ref,
  git_config,  // config and whatever else lies beside the objects: hooks, index, messages
  git_reflog,
  context_file,  // what a build would send to the builder
  context_path,
  log,
  inspect,  // what a running engine tells about a container
  file,     // any other file, or a member of an archive
  file_path,
};
Literal word(Place place);

/// Where exactly. These texts are as found: a file can be named after a key. Only the report prints them, and it masks
/// every value first.
struct Locator {
  Place place = Place::file;
  std::string artifact;      // as the user named it: archive, repository, context, log; `-` is standard input
  std::string image;         // `app:1.0`, `app:1.0 linux/arm64`, a config's digest if it has no name; empty outside of images
  std::uint32_t layer = 0;   // 1 is the lowest; 0 is none
  std::string object;        // digest of the layer or blob, id of the commit or object
  std::string path;          // in the layer, tree or context; `!` between an archive and its member. A field of a config
  std::uint32_t line = 0;    // from 1; 0 is not known
  std::uint64_t offset = 0;  // of the first byte, in what `path` names
  bool operator==(const Locator&) const = default;
};

enum class Visibility : std::uint8_t {
  live,     // who runs the image, or checks the branch out, sees it
  hidden,   // covered or deleted later, and still there for everybody who has the artifact
  unknown,
};

enum class Level : std::uint8_t {
  note,     // a name looks like it; a person has to decide
  warning,  // will leak when somebody takes the next step
  error,    // is there
};

/// What is known about who has seen it.
enum class Published : std::uint8_t { unknown, assume_public };

struct Finding {
  Level level = Level::error;
  Public rule;    // word(place) of an audit, the rule's name of a lint
  Public secret;  // its name; empty where no value is known (lint)
  Public shape;   // "in base64", "in base64 in JSON"; empty for the plain value
  Locator where;
  Visibility visibility = Visibility::unknown;
  std::uint32_t hidden_by = 0;  // the layer; 0 is not known
  Published published = Published::unknown;
  std::string made_by;      // the history entry or the line that made it, as found: masked before it is printed
  std::size_t repeats = 0;  // how many more in the same fragment are not listed
  Public message;           // lint: what is wrong, in a line; an audit's follows from the place
  Public fix;               // in the imperative
};

/// Something that was not looked at, or not to its end: an answer of "clean" would be a lie.
struct Gap {
  enum class Kind : std::uint8_t {
    limit,       // one of our bounds was met (size, depth, ratio, memory)
    corrupt,     // cut off, damaged, or no format we know although its place demands one
    unreadable,  // permission, input or output error
    missing,     // referred to and not there: a partial clone, a layer left out
    weak,        // a value too short to be looked for
    setting,     // a value that is no key: blank, `true`, a port. It is named, and no reason to doubt the answer
  };
  Kind kind;
  Locator where;
  Public what;  // in a line
  Public secret;  // of a value that is not looked for: its name

  bool counts() const { return kind != Kind::setting; }
};
Literal word(Gap::Kind kind);

/// What was searched, for the report's last line.
struct Totals {
  std::size_t images = 0;
  std::size_t layers = 0;
  std::size_t files = 0;    // members of layers, archives and folders
  std::size_t objects = 0;  // of git
  std::size_t logs = 0;
  std::uint64_t bytes = 0;  // after decompression
  Totals& operator+=(const Totals& other);
};

/// One run's answer.
struct Outcome {
  std::vector<Finding> findings;
  std::vector<Gap> gaps;
  Totals totals;

  /// True if no gap counts.
  bool is_complete() const;
};

}  // namespace hushrun::audit
