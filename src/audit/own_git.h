#pragma once
// git, asked about a repository that may be hostile: its config can name programs to run, so git gets an empty repository of ours in
// its place, and is told by variables which of the other's objects or index to read (git(1), GIT_OBJECT_DIRECTORY, GIT_INDEX_FILE).

#include <string>
#include <vector>

#include "core/result.h"
#include "core/text.h"

namespace hushrun::audit {

class OwnGit {
 public:
  /// With ids of the same format as the repository whose objects lie in `directory`. The error says what is missing.
  static Result<OwnGit, Public> beside(const std::string& directory);
  OwnGit(OwnGit&& other) noexcept;
  OwnGit& operator=(OwnGit&&) = delete;
  /// Takes the empty repository away.
  ~OwnGit();

  const std::string& program() const { return program_; }
  /// All of git's environment: nobody's config, nothing fetched, and `more`.
  std::vector<std::string> environment(std::vector<std::string> more) const;

 private:
  OwnGit(std::string program, std::string name) : program_{std::move(program)}, name_{std::move(name)} {}
  std::string program_;
  std::string name_;  // of the empty repository, in /tmp; empty once another has it
};

}  // namespace hushrun::audit
