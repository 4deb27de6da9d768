#pragma once
// The supervisor's clock (CLOCK_MONOTONIC, milliseconds), which is asked only when something is held or has a deadline.

#include <chrono>

#include "init/state.h"

namespace hushrun::redact {

using Time = std::uint64_t;

inline Time now() {
  const auto time = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<Time>(std::chrono::duration_cast<std::chrono::milliseconds>(time).count());
}

}  // namespace hushrun::redact
