#include "tool/commands.h"

namespace hushrun::tool {

std::span<const Command> commands() {
  static constexpr Command kCommands[] = {
      {"keygen", "make an identity, or print the recipient of one (-y)", keygen},
      {"seal", "seal a file, or standard input", seal},
      {"open", "open a sealed file; output appears only when all of it is good", open},
      {"inspect", "say who can open a sealed file; needs no key", inspect},
      {"set", "set one secret of a sealed file; the value is read from standard input", set},
      {"unset", "remove one secret of a sealed file", unset},
      {"list", "list the names in a sealed file, and no value", list},
      {"edit", "edit a sealed file in memory, with $VISUAL or $EDITOR", edit},
      {"rekey", "seal a file to other recipients without showing its content", rekey},
      {"audit", "look for the values in images, archives, repositories, build contexts and logs", audit},
      {"lint", "say what would leak from Dockerfiles, build contexts, compose files and git; needs no key", lint},
      {"completion", "print the completion for a shell", completion},
  };
  return kCommands;
}

}  // namespace hushrun::tool
