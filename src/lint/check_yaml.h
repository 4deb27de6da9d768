#pragma once
// Compose files, and workflows that build images.

#include "lint/tree.h"

namespace hushrun::lint {

/// What a compose file says about other files; paths are as seen from the root, `$` in a path leaves it out.
struct ComposeUse {
  struct Build {
    std::string context;
    std::string dockerfile;
  };
  std::vector<Build> builds;
  std::vector<std::string> env_files;
  std::vector<std::string> secret_files;
  bool reads_dotenv = false;  // some ${VARIABLE} is put in
};

ComposeUse check_compose(const File& file, Findings& findings);
void check_workflow(const File& file, Findings& findings);

}  // namespace hushrun::lint
