#pragma once
// What COPY and ADD would take along: their sources, .dockerignore, and the files that are there. And the traps of .dockerignore.

#include "audit/ignore.h"
#include "lint/dockerfile.h"
#include "lint/tree.h"

namespace hushrun::lint {

/// A build: a Dockerfile and the folder that is sent to the builder, both below the root.
struct Build {
  const File& file;
  const Dockerfile& dockerfile;
  std::string context;
};

/// `uses_env`: something in the project says that there will be an env file where there is none now.
void check_context(const Build& build, const Fd& root, const Tree& tree, bool uses_env, Findings& findings);

}  // namespace hushrun::lint
