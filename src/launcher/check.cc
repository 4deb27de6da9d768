#include "launcher/check.h"

#include "core/sys_process.h"
#include "launcher/guard.h"
#include "launcher/memory_files.h"
#include "launcher/program.h"
#include "launcher/users.h"

namespace hushrun {
namespace {

void look_at_user(const std::optional<UserConfig>& asked, Checkup& checkup) {
  if (!asked) return;
  if (Result<User, Error> found = find_user(*asked); !found) checkup.problems.add(std::move(found).error());
}

void look_at_target(const Binding& binding, Checkup& checkup) {
  const auto* file = std::get_if<ToFile>(&binding.target);
  if (file == nullptr) return;
  look_at_user(file->owner, checkup);
  if (file->as == FileConfig::As::memfd || !file->path.starts_with('/')) return;
  if (auto problem = target_problem(*file, binding.place)) checkup.problems.add(std::move(*problem));
  if (sys::own_pid() != 1) {
    checkup.warnings.push_back({Code::target_unremovable, "file needs somebody to remove it", Public::path(file->path) + ", " + binding.place.shown(),
                                "with --exec it may only be written by PID 1, which this check is not", "start hushrun as the container's ENTRYPOINT"});
  }
}

}  // namespace

Checkup check(Plan&& plan, std::vector<Error> warnings, Sources& sources, const Environment& environment, const char* program) {
  Checkup checkup{{}, {}, std::move(warnings)};
  look_at_user(plan.process().user, checkup);
  for (const Binding& binding : plan.bindings()) look_at_target(binding, checkup);
  if (program != nullptr) {
    if (auto missing = missing_program(program, environment.entries())) checkup.problems.add(std::move(*missing));
  }

  Result<Resolved, Unresolved> read = resolve(std::move(plan), sources, environment);
  if (!read) checkup.problems.add(std::move(read.error().problems));
  const Resolved& resolved = read ? read.value() : read.error().rest;
  LogGuard{resolved}.pass_on(resolved.chatter);
  for (const ResolvedBinding& binding : resolved.bindings) {
    const auto* variable = std::get_if<ToVariable>(&binding.target);
    const Public target = variable != nullptr ? Public::variable(variable->name.text()) : Public::path(std::get<ToFile>(binding.target).path);
    checkup.seen.push_back({target, binding.named(), binding.place.shown(), binding.value.size()});
  }
  for (const Resolved::Raw& raw : resolved.raw) {
    if (!raw.status || (raw.status->mode & 0004) == 0) continue;
    checkup.warnings.push_back({Code::source_exposed, "secret can be read by everybody", raw.where, "its file's mode lets every user of the machine or container read it",
                                "chmod o-r it on the host, or give the mount a mode (Swarm: mode: 0400; Kubernetes: defaultMode: 0400)"});
  }
  for (const Error& warning : resolved.warnings) checkup.warnings.push_back(warning);
  return checkup;
}

}  // namespace hushrun
