#pragma once
// What a Dockerfile says by itself: arguments, variables, commands, heredocs.

#include "lint/dockerfile.h"
#include "lint/rules.h"

namespace hushrun::lint {

void check_dockerfile(const File& file, const Dockerfile& dockerfile, Findings& findings);

/// For each instruction, whether what it does is in the image that the last stage makes, or only in the builder's cache.
std::vector<bool> reach_the_image(const Dockerfile& dockerfile);

}  // namespace hushrun::lint
