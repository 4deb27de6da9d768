#pragma once
// What git would say of files: ignored, committed. Asked of git itself, in a way that reads nothing of the repository but its
// .gitignore files, its info/exclude and its index: a repository's own config can name programs to run.

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/text.h"
#include "core/result.h"

namespace hushrun::lint {

struct GitAnswer {
  std::set<std::string> ignored;
  std::set<std::string> tracked;
};

/// True if `folder` lies in a work tree.
bool is_in_repository(const std::string& folder);

/// For paths below `folder`. The error says what could not be found out.
Result<GitAnswer, Public> ask_git(const std::string& folder, const std::vector<std::string>& paths);

}  // namespace hushrun::lint
