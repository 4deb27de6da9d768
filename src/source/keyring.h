#pragma once
// The keys that open sealed files: read at the places the config names, once, and never given to the application.

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "source/directory.h"
#include "source/source.h"

namespace hushrun {

/// The text of an identity, key or passphrase, and where it was read.
struct KeyText {
  Public where;                           // "variable AGE_KEY", "descriptor 3", "/run/secrets/age_identity"
  Secret text;                            // as it stands there
  std::optional<Secret> opened;           // an identity file that was sealed itself, once somebody has opened it
  std::optional<sys::FileStatus> status;  // of a file
};

class Keyring {
 public:
  /// Notes the places; reads nothing. `configs` need not outlive it.
  Keyring(std::span<const SourceConfig> configs, const Environment& environment);

  /// Reads the descriptors among the places to their end and closes them: before we open anything, so that no number of ours is taken for one
  /// of them, and no program a source starts inherits it.
  void take_descriptors();

  /// The key at a place; nothing if there is none. `directories` are searched for secret:NAME, then $CREDENTIALS_DIRECTORY and /run/secrets.
  Result<KeyText*, Trouble> read(const KeyPlace& place, std::span<const OpenDirectorySource* const> directories);

  /// Where an identity is looked for when nobody says where: $XDG_CONFIG_HOME/hushrun/identity, else ~/.config/hushrun/identity. Nothing if
  /// there is no such file; an error if it is not ours alone.
  Result<std::optional<KeyPlace>, Trouble> default_identity();

  /// A place as messages name it, whether or not there is anything. Never a word that could be the key itself.
  static Public shown(const KeyPlace& place);

  /// Variables that hold keys, whoever else may want them.
  std::vector<std::string> variables() const;
  /// Files that hold keys, for `shield`.
  std::vector<std::string> files() const;
  /// Files of a directory that are among the places, by their paths below it.
  std::vector<std::string> names_in(const OpenDirectorySource& directory) const;
  /// True for a value that is one of the keys that were read, line ends aside.
  bool holds(const Secret& value) const;

  /// Every text that was read, for the guard of the log. Whoever took them may let them go.
  std::vector<KeyText> take_texts();

 private:
  struct Entry {
    KeyPlace place;
    bool looked = false;
    std::optional<Trouble> trouble;
    std::optional<KeyText> key;
  };
  Entry& entry(const KeyPlace& place);
  void look(Entry& entry, std::span<const OpenDirectorySource* const> directories);
  void look_into_file(Entry& entry);
  void look_into_directory(Entry& entry, const OpenDirectorySource& directory, const Name& name);

  Environment environment_;
  std::vector<std::unique_ptr<Entry>> entries_;  // addresses stay
  std::vector<std::string> found_files_;
};

}  // namespace hushrun
