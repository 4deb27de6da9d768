#pragma once
// What is to be looked at, opened by us and handed to the crew. Nothing of it is parsed here but folders' lists and short texts.

#include <string>

#include "audit/crew.h"

namespace hushrun::audit {

/// A file of any kind, `-` for standard input; a folder: a saved image's, a repository's, or one with files in it.
Result<void> look_at(Crew& crew, const std::string& target);
/// A file of logs, or a folder of such.
Result<void> look_at_log(Crew& crew, const std::string& target);
/// What a build would send to its builder: the folder as its .dockerignore lets it through, to any of the builders.
Result<void> look_at_context(Crew& crew, const std::string& folder);

/// All files below an open folder, told by `place`; names too. Repositories in it are looked at as such. No symlink is followed.
struct Tree {
  std::string artifact;
  Place content;
  Place name;
};
void walk_tree(Crew& crew, const Fd& folder, const Tree& tree, const std::string& path, const std::function<bool(const std::string& path, bool is_folder)>& wanted);

/// An error of opening a target, in our four parts.
Error cannot_open(const std::string& target, Errno why);

}  // namespace hushrun::audit
