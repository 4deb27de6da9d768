#pragma once
// Stage 2 of 7, second half: finds the config file, trusts it or not, and lays the options over it.

#include "config/config.h"
#include "options/options.h"

namespace hushrun {

/// The whole of what was asked for. Looks for a config as --help says; refuses one that is not ours or root's, or that a group or
/// others can write: it may name programs to run.
Result<Config, Problems> load_config(Options& options);

}  // namespace hushrun
