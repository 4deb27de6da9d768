#include "launcher/redact.h"

#include <cstring>

#include "core/log.h"
#include "core/sys_terminal.h"
#include "launcher/guard.h"
#include "launcher/withheld.h"

namespace hushrun {
namespace {

/// What the supervisor below needs after its own KILL, at most: it ends by itself, and tells how the application ended.
constexpr std::uint64_t kItsOwnEnd = 15'000;  // milliseconds

void warn_of_weak(const leak::Needles& needles) {
  for (const leak::Weak& weak : needles.weak()) {
    log::warn({Code::secret_suspicious, "secret is not masked everywhere", weak.name, leak::words(weak.weakness),
               "make it longer, or say redact: always or never"});
  }
}

}  // namespace

Result<std::unique_ptr<Redaction>> Redaction::of(const Resolved& resolved) {
  leak::Needles needles{delivered_values(resolved.bindings, resolved.raw, resolved.chatter, Masked::as_configured)};
  warn_of_weak(needles);
  if (needles.empty()) return std::unique_ptr<Redaction>{};
  const auto stop_timeout = static_cast<std::uint64_t>(resolved.process.stop_timeout.count());
  std::unique_ptr<Redaction> redaction{new Redaction{stop_timeout, std::move(needles)}};
  const RedactConfig& wanted = resolved.process.redact;
  redaction->pump_ = TRY(redact::Pump::lay(redaction->needles_, {wanted.output, wanted.errors}));
  return redaction;
}

Result<std::optional<Started>> Redaction::split(std::unique_ptr<Redaction>& redaction, Delivery& delivery, Command& command) {
  auto started = split_where_needed(redaction, delivery, command);
  if (!started) delivery.traces.remove();
  return started;
}

Result<std::optional<Started>> Redaction::split_where_needed(std::unique_ptr<Redaction>& redaction, Delivery& delivery, Command& command) {
  redact::Pump& pump = *redaction->pump_;
  if (pump.slave() == nullptr) {
    command.streams = pump.for_child();
    return std::optional<Started>{};
  }
  if (delivery.process.die_with_parent) {
    TRY(sys::end_with_parent().or_error([](Errno error) { return describe_withholding({init::Step::parent, error.value, nullptr}); }));
  }
  init::adopt_orphans();
  init::Charge charge;
  charge.own_group = true;
  charge.stop_along = init::lay_out(delivery.process.group).stop_along;
  charge.stop_timeout = static_cast<std::uint64_t>(delivery.process.stop_timeout.count()) + kItsOwnEnd;
  auto handover = std::make_unique<init::Handover>(charge);
  const pid_t child = TRY(sys::fork_process().or_error(cannot_start));
  if (child > 0) return std::optional<Started>{Started{child, 0, {}, {}, std::move(handover)}};

  TRY(sys::begin_session(*pump.slave(), pump.for_child()).or_error([](Errno error) {
    return Error{Code::system, "cannot begin a session", "redact", error, "see setsid(2) and TIOCSCTTY in ioctl_tty(2)"};
  }));
  redaction.reset();
  command.stop_along = charge.stop_along;
  delivery.process.die_with_parent = true;  // who started the other one started us
  return std::optional<Started>{};
}

ExitCode Redaction::supervise(const Started& started, const Command& command) {
  // The second image of others has none of these words either.
  for (char* const* word = command.words + 1; *word != nullptr; ++word) wipe(*word, std::strlen(*word));
  const auto mask = [](const void* needles, std::string_view line) { return leak::masked(*static_cast<const leak::Needles*>(needles), line); };
  log::guard_with(mask, &needles_);
  pump_->begin();
  const int code = started.handover->supervise_here(started.child, started.early, *pump_, pump_->kept());
  pump_->drain(stop_timeout_);
  tell_marks();
  log::guard_with(nullptr, nullptr);
  return ExitCode::exited(code);
}

// Each mark is a leak to mend.
void Redaction::tell_marks() const {
  std::string text;
  for (const leak::MarkCount& one : pump_->counts()) {
    text.append(text.empty() ? "" : ", ").append(one.name.view()).append(" ").append(std::to_string(one.marks));
    text.append(one.marks == 1 ? " time" : " times");
  }
  if (!text.empty()) log::info("masked in the application's output: {}", Public::vouched(text));  // names and numbers
}

}  // namespace hushrun
