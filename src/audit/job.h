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
    image_share,   // a large image which several processes read; each has its `share` of it
    image_told,    // what was seen of layers and found in them is to be told, for the process that puts the image together; no descriptor
    image_member,  // a file of a folder that is an image; `where.object` is its path
    image_end,     // all of that folder or image has come; if there is a descriptor, it holds what the others have told
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
  std::size_t share = 0;   // of images: the process it is for
  std::size_t shares = 1;  // of images: how many have a part in it

  bool has_file() const { return kind != Kind::image_told && kind != Kind::text && (kind != Kind::image_end || shares > 1); }
  /// Only the process it is for may do it: it has the rest of the image.
  bool is_of_share() const { return kind == Kind::image_share || kind == Kind::image_told || kind == Kind::image_member || kind == Kind::image_end; }
};

/// What one process may tell of an image.
inline constexpr std::size_t kMostTold = std::size_t{512} << 20;

std::string encoded(const std::vector<Job>& jobs);
std::optional<std::vector<Job>> jobs_of(std::string_view text);

}  // namespace hushrun::audit
