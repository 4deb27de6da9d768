#pragma once
// Says what will leak before it does. Knows no value: it reads Dockerfiles, .dockerignore, .gitignore, compose files, and the names
// and shapes of the files that are there.

#include <string>
#include <vector>

#include "audit/finding.h"
#include "core/error.h"

namespace hushrun::lint {

/// A folder with all that is in it, or one file: a Dockerfile, a compose file, a workflow. Of a file the folder it lies in is looked at
/// as well, as far as the file speaks of it.
Result<audit::Outcome> lint(const std::string& path);

}  // namespace hushrun::lint
