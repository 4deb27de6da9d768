#pragma once
// Logs. What a program wrote in one piece a log driver may have cut: records are joined, stream by stream, before they are searched.

#include "audit/bytes.h"
#include "audit/fragment.h"

namespace hushrun::audit {

/// Plain text; Docker's json-file (a JSON record a line, cut at 16 KiB, the rest in the next); CRI (`TIME STREAM P|F TEXT`). Told by the
/// first line. Fragments are the log itself, and the joined text of each stream, whose path is the stream's name.
void walk_log(Bytes& bytes, const Locator& where, Visitor& visitor);

/// The answer of an engine's /containers/ID/logs: frames of 8 bytes and a piece of a stream, or plain text if the container has a
/// terminal.
void walk_engine_log(Bytes& bytes, const Locator& where, Visitor& visitor);

}  // namespace hushrun::audit
