#pragma once
// The table of subcommands, a file each: a new one is its file, a line here and a line in the table.

#include <memory>
#include <span>

#include "tool/words.h"

namespace hushrun::tool {

using Made = std::unique_ptr<Subcommand>;

Made keygen();
Made seal();
Made open();
Made inspect();
Made set();
Made unset();
Made list();
Made edit();
Made rekey();
Made audit();
Made lint();
Made completion();

struct Command {
  const char* name;
  const char* about;  // as Words has it, and without a colon
  Made (*make)();
};
/// In the order of --help.
std::span<const Command> commands();

}  // namespace hushrun::tool
