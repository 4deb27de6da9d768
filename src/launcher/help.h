#pragma once
// The help: one string, one screen.

namespace hushrun {

extern const char kHelp[];

}  // namespace hushrun
