#pragma once
// A RUN with a secret mount that leaves the secret behind in a layer.

#include <optional>

#include "core/text.h"
#include "lint/dockerfile.h"

namespace hushrun::lint {

struct Persisted {
  std::size_t offset;  // in the instruction's arguments; 0 in a heredoc
  Public what;
};

/// Looks for `cat /run/secrets/x > FILE`, `cp /run/secrets/x FILE`, `echo "…$(cat /run/secrets/x)" >> FILE`, `tee FILE`, and for programs
/// that keep their settings in a file (`npm config set`), unless the file is on a mount of its own or removed further on.
std::optional<Persisted> find_persisted(const Instruction& run);

}  // namespace hushrun::lint
