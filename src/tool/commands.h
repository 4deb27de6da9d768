#pragma once
// A function per subcommand, a file per function.

#include "tool/options.h"

namespace hushrun::tool {

Result<void> make_key(const Options& options);
Result<void> seal_file(const Options& options);
Result<void> open_file(const Options& options);
Result<void> inspect(const Options& options);
Result<void> set_value(const Options& options);
Result<void> unset_value(const Options& options);
Result<void> list_names(const Options& options);
Result<void> edit(const Options& options);
Result<void> rekey(const Options& options);
Result<void> complete(const Options& options);

}  // namespace hushrun::tool
