#pragma once
// What the process that parses hostile files may still do: read and write what is open, and use memory. libseccomp stops at confine.cc.

#include "core/result.h"
#include "core/error.h"

namespace hushrun::audit {

/// From here on no file, no socket and no process can be opened or made, for good: such calls fail with EPERM. Memory is limited.
/// An error if the kernel cannot do it.
Result<void> confine();

}  // namespace hushrun::audit
