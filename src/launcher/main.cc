// hushrun, top to bottom. Each stage consumes the one above it.

#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <new>
#include <optional>

#include "core/log.h"
#include "core/sys_process.h"
#include "init/entry.h"
#include "launcher/check.h"
#include "launcher/copy.h"
#include "launcher/deliver.h"
#include "launcher/guard.h"
#include "launcher/help.h"
#include "launcher/launch.h"
#include "launcher/redact.h"
#include "launcher/report.h"
#include "options/load.h"
#include "options/options.h"
#include "plan/resolve.h"
#include "source/sources.h"

namespace hushrun {
namespace {

using Action = Options::Action;

Result<ExitCode, Problems> print(std::string_view text) {
  const Fd out = Fd::adopt(1);
  TRY(sys::write_all(out, text.data(), text.size()).or_error([](Errno error) {
    return Error{Code::system, "cannot write to standard output", "standard output", error, "see where it leads"};
  }));
  return ExitCode::success();
}

// Returns on failure, or when a redacting supervisor is done: else we are the application, or another image of ourselves.
Result<ExitCode, Problems> launch(Resolved& resolved, std::optional<LogGuard>& guard, Command command) {
  const bool stays = resolved.process.mode == Mode::supervise;
  std::unique_ptr<Redaction> redaction;  // before the values are gone
  if (resolved.process.redact.any()) redaction = TRY(Redaction::of(resolved));
  std::optional<Delivery> delivery = TRY(deliver(std::move(resolved), command.environment, stays ? Remover::supervisor : Remover::nobody));
  if (!stays) return TRY(exec_now(std::move(*delivery), command));
  std::optional<Started> started;
  if (redaction) started = TRY(Redaction::split(redaction, *delivery, command));
  if (!started) started = TRY(start(std::move(*delivery), command));

  // Beyond this point the application runs: nothing of ours may end it. What we know is wiped; the rest goes with this image.
  guard.reset();
  delivery.reset();
  static_cast<void>(Resolved{std::move(resolved)});
  if (redaction) return redaction->supervise(*started, command);
  started->handover->become_second_image(started->child, started->early);
  log::warn({Code::system, "cannot execute ourselves again", "supervise", "neither /proc/self/exe nor the name we were started with leads to us",
             "mount /proc; the application runs, but its supervisor keeps memory that held secrets"});
  started->handover->go_on_here();
}

Result<ExitCode, Problems> run(int argc, char** argv, const Environment& environment, sys::SignalMask inherited) {
  Options options = TRY(parse_options(argc, argv, environment));
  if (options.action == Action::help) return print(kHelp);
  if (options.action == Action::version) return print("hushrun " HUSHRUN_VERSION "\n");
  if (options.action == Action::copy) {
    TRY(copy_self(options.copy_to));
    return ExitCode::success();
  }
  char* const* const command = options.command;
  const Action action = options.action;
  if (*command == nullptr && action == Action::launch) {
    return Error{Code::command_missing, "no command given", "command line", "nothing follows the options",
                 "set CMD in the image (an ENTRYPOINT override clears it), or name the command after --"};
  }

  Config config = TRY(load_config(options));
  log::configure(config.log.level.value_or(log::Level::warn), config.log.format.value_or(log::Format::text));
  Plan plan = TRY(Plan::from(std::move(config), environment));

  const Reading reading = action == Action::dry_run ? Reading::names : Reading::values;
  std::optional<Sources> sources = TRY(Sources::open(plan.sources(), environment, reading));
  std::vector<Error> warnings = sources->warnings();
  for (Error& warning : TRY(add_automatic(plan, *sources, environment))) warnings.push_back(std::move(warning));
  if (action != Action::check) {
    for (const Error& warning : warnings) log::warn(warning);
  }
  if (action == Action::dry_run) return print(describe_plan(plan, *command, log::format()));

  // Beyond this point nothing is read from the config, and secret bytes exist.
  if (action == Action::check) {
    const Checkup checkup = check(std::move(plan), std::move(warnings), *sources, environment, *command);
    TRY(print(describe_checkup(checkup, log::format())));
    return checkup.problems.empty() ? ExitCode::success() : ExitCode::launcher_failed();
  }
  std::vector<std::string> hidden = plan.process().shield.paths;
  if (plan.process().shield.sources) hidden = sources->paths(plan.sources());
  Result<Resolved, Unresolved> read = resolve(std::move(plan), *sources, environment);
  sources.reset();  // what it has read and nobody asked for goes
  std::optional<LogGuard> guard;
  guard.emplace(read ? read.value() : read.error().rest);  // from here on no line of ours can hold a value
  guard->pass_on(read ? read.value().chatter : read.error().rest.chatter);
  if (!read) {
    log::report(read.error().problems);
    return ExitCode::launcher_failed();
  }
  Resolved resolved = std::move(read).value();
  for (const Error& warning : resolved.warnings) log::warn(warning);
  if (any_unlocked()) log::info("locked memory is used up (RLIMIT_MEMLOCK): until the application runs, values may be swapped out");

  const Result<ExitCode, Problems> ended = launch(resolved, guard, Command{command, environment, inherited, std::move(hidden), argv});
  if (ended) return ended.value();
  log::report(ended.error());  // while the guard stands
  return exit_code(ended.error().list.front().code);
}

// Running out of memory ends the program: there is nothing sensible to do without any.
[[noreturn]] void out_of_memory() {
  static constexpr char kText[] = "hushrun: error: out of memory\n";
  [[maybe_unused]] const auto written = ::write(2, kText, sizeof kText - 1);
  _exit(125);
}

}  // namespace
}  // namespace hushrun

int main(int argc, char** argv, char** environment_block) {
  using namespace hushrun;
  // First of all: PID 1 loses every signal that comes before this. Our entry point has done it already (init/entry.h).
  const sys::SignalMask inherited = init::block_first();
  init::supervise_if_second_image(argc, argv);
  std::set_new_handler(out_of_memory);
  static_cast<void>(sys::make_undumpable());
  static_cast<void>(sys::reserve_standard_streams());

  const Result<ExitCode, Problems> ended = run(argc, argv, Environment{environment_block}, inherited);
  if (ended) _exit(ended.value().value());
  log::report(ended.error());
  _exit(exit_code(ended.error().list.front().code).value());
}
