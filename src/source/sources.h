#pragma once
// All sources of one run, in the order in which they are searched.

#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "source/command.h"
#include "source/compose.h"
#include "source/directory.h"
#include "source/dotenv.h"
#include "source/environment.h"
#include "source/keyring.h"
#include "source/sealed.h"
#include "source/source.h"

namespace hushrun {

using Source = std::variant<OpenDirectorySource, OpenDotenvSource, OpenEnvironmentSource, OpenComposeSource, OpenCommandSource,
                            OpenSealedSource>;

/// What may be looked at. `names` is for --dry-run: directories are opened and listed, of other files it is only asked
/// whether they are there, and no program is started.
enum class Reading { names, values };

/// Where the path of a `_FILE` variable lies.
struct Located {
  std::size_t source;    // index into the configs that were opened: a directory
  std::string relative;  // below it; without a slash it is a name that this source may offer
};

/// Where a name would be found. `unread`: sources in front of that place that may have it as well (Reading::names).
struct Whereabouts {
  std::optional<Public> where;
  std::vector<Public> unread;
};

class Sources {
 public:
  /// One of the configs, in their order. Without a source it is optional and not there, or was not to be read.
  struct Slot {
    Place place;
    std::optional<Source> source;
    Public unread;  // Reading::names: the file that is there and whose content would have to be read
  };

  /// Opens every source; all problems at once. Sealed files come last: their keys may lie in the directories.
  static Result<Sources, Problems> open(std::span<const SourceConfig> configs, const Environment& environment, Reading reading);

  /// The value of the first source that has the name. One that has it and cannot give it is an error, no reason to
  /// look further: the next might have an older value. A key of a sealed file is nobody's secret: asked for, it is an error too. Only with
  /// Reading::values.
  Lookup find(const Name& name);
  Whereabouts whereabouts(const Name& name) const;

  /// The first directory source in which `path` (absolute) lies; the file itself need not be there.
  std::optional<Located> locate(std::string_view path) const;
  /// A file below the directory source of that index, as locate() gives both.
  Lookup find_path(std::size_t source, const std::string& relative) const;

  /// What each open source offers to the automatism, in their order. Where several have a name the first gives its value.
  Result<std::vector<Offer>, Problems> offered() const;

  /// Variables of our environment that are sources themselves, and so not for the application.
  std::vector<std::string> variables() const;

  /// Files and directories that values come from: what `shield` is to hide. `configs` are those that were opened.
  std::vector<std::string> paths(std::span<const SourceConfig> configs) const;

  /// What commands said on stderr since the last time: to be masked and passed on.
  std::vector<Chatter> take_chatter();

  /// Keys that opened sealed files, once: needles of the log's guard.
  std::vector<KeyText> take_keys() { return keyring_.take_texts(); }

  /// What was passed over when sealed files were opened.
  std::vector<Error> warnings() const;

  /// For remarks on single kinds, such as the lines of a dotenv file that look like expansions.
  const std::vector<Slot>& slots() const { return slots_; }

 private:
  explicit Sources(Keyring keyring) : keyring_{std::move(keyring)} {}
  Lookup without_keys(Lookup found) const;

  Keyring keyring_;
  std::vector<char*> for_commands_;  // our environment without the variables that hold keys; ends in a null pointer
  std::vector<Slot> slots_;
};

}  // namespace hushrun
