#pragma once
// Opening large files with two threads. In the tool only: the launcher has one thread, because it forks.

#include "age/stream.h"

namespace hushrun::age {

/// As open_payload, which it calls for a small payload. Reads and writes stay in order, one at a time, by whichever thread
/// is there; so `payload` and `content` are never used by two at once, but by both in turn.
Result<void, Failure> open_payload_in_parallel(const Secret& file_key, Reader& payload, Writer& content);
/// As verify_payload, likewise.
Result<void, Failure> verify_payload_in_parallel(const Secret& file_key, Reader& payload, Writer& content);

}  // namespace hushrun::age
