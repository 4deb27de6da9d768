#pragma once
// The command line: which subcommand, with its words filled in. CLI11 stops at options.cc.

#include "tool/commands.h"

namespace hushrun::tool {

/// Help and version come out as a subcommand, too: one that prints them. What was typed is never quoted: it may be a pasted secret.
Result<Made> parse_command_line(int argc, char** argv);

}  // namespace hushrun::tool
