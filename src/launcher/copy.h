#pragma once
// --copy-to: puts this very program somewhere, for a Kubernetes init container and for images without cp.

#include <string>

#include "core/error.h"

namespace hushrun {

/// Writes our own file to `path` (into it, as `hushrun`, if it is a directory), mode 0755, whole or not at all.
Result<void> copy_self(const std::string& path);

}  // namespace hushrun
