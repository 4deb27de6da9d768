#pragma once
// A piece of work for the process that reads hostile files: an open descriptor, and what it is.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/finding.h"

namespace hushrun::audit {

struct Job {
  enum class Kind : std::uint8_t {
    file,          // a file: an archive, a saved image or anything else
    image,         // the same, where an image is expected
    image_member,  // a file of a folder that is an image; `where.object` is its path
    image_end,     // all members of that folder have come; no descriptor
    log,           // lines, perhaps of a container's log driver
    engine_log,    // as an engine's API sends it: stdout and stderr in frames
    git_objects,   // the output of `git cat-file --batch`
    text,          // `text` itself; no descriptor
  };
  Kind kind = Kind::file;
  Locator where{};
  std::string name{};  // shown to the search as a text of its own, at name_place; empty for none
  Place name_place = Place::file_path;
  std::string text{};

  bool has_file() const { return kind != Kind::image_end && kind != Kind::text; }
  /// Only one process may do it: the others do not have the rest of the folder.
  bool is_of_folder() const { return kind == Kind::image_member || kind == Kind::image_end; }
};

std::string encoded(const std::vector<Job>& jobs);
std::optional<std::vector<Job>> jobs_of(std::string_view text);

}  // namespace hushrun::audit
