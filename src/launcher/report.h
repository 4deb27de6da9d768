#pragma once
// What --dry-run and --check print on standard output: text, or JSON with --log-format json. Names, places and sizes; no value.

#include <span>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/log.h"
#include "plan/plan.h"
#include "plan/resolve.h"

namespace hushrun {

/// The plan: sources in their order, each binding with its reference and where it was written, the process.
std::string describe_plan(const Plan& plan, const char* program, log::Format format);

/// The answer of the doctor: what was found for each binding, then problems, then warnings.
struct Checkup {
  struct Seen {
    Public target, secret, where;
    std::size_t size;
  };
  std::vector<Seen> seen;
  Problems problems;
  std::vector<Error> warnings;
};
std::string describe_checkup(const Checkup& checkup, log::Format format);

}  // namespace hushrun
