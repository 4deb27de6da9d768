#pragma once
// The files of a folder that a lint wants to look at, found by their names. No symlink is followed.

#include <string>
#include <vector>

#include "core/fd.h"
#include "lint/names.h"
#include "lint/rules.h"

namespace hushrun::lint {

/// A file that could hold secrets.
struct Candidate {
  std::string path;
  FileKind kind;
  FileContent content;
};

struct Tree {
  std::vector<Candidate> candidates;
  std::vector<std::string> git_folders;  // `.git`, `a/.git`
  std::vector<std::string> dockerfiles;
  std::vector<std::string> compose_files;
  std::vector<std::string> workflows;  // of GitHub
};

/// Everything below `root`; what cannot be read becomes a gap.
Tree walk(const Fd& root, Findings& findings);

bool is_dockerfile(std::string_view path);
bool is_compose_file(std::string_view path);

/// A file's text, 4 MiB at most; what cannot be read becomes a gap.
std::optional<File> read_file(const Fd& root, const std::string& path, Findings& findings);

/// `a/b` of `a/b/c`; empty at the root.
std::string folder_of(std::string_view path);
/// `b` seen from the folder `a`; nothing if it leads out of the root.
std::optional<std::string> join(const std::string& folder, std::string_view path);

}  // namespace hushrun::lint
