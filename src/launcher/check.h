#pragma once
// --check, the doctor of a mount: everything is read and validated, nothing is delivered, nothing launched.

#include "launcher/report.h"
#include "plan/resolve.h"
#include "source/sources.h"

namespace hushrun {

/// Reads every value of the plan, looks at users, targets and, if there is one, at the program.
///
/// Problems are what would keep the application from starting; warnings are sources that everybody can read, values that look wrong,
/// variables that `inspect` shows, and what depends on being PID 1, which a check run beside the application is not.
/// `warnings` are those of the plan.
Checkup check(Plan&& plan, std::vector<Error> warnings, Sources& sources, const Environment& environment, const char* program);

}  // namespace hushrun
