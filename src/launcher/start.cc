// Stage 6 for --supervise: a child becomes the application, and everything its supervisor will need is made before there is one.

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "core/log.h"
#include "init/spawn.h"
#include "launcher/launch.h"
#include "launcher/program.h"
#include "launcher/withheld.h"

namespace hushrun {
namespace {

init::Inform informing() {
  if (!log::enabled(log::Level::info)) return init::Inform::no;
  return log::format() == log::Format::json ? init::Inform::json : init::Inform::text;
}

init::Charge charge_of(const Delivery& delivery, const init::Layout& layout) {
  init::Charge charge;
  charge.own_group = layout.own_group;
  charge.stop_along = layout.stop_along;
  charge.foreground = layout.foreground;
  charge.terminal = layout.own_group ? layout.terminal : -1;
  charge.group = delivery.process.group;
  charge.record = delivery.traces.record_descriptor();
  charge.stop_timeout = static_cast<std::uint64_t>(delivery.process.stop_timeout.count());
  for (const SignalRewrite& rewrite : delivery.process.rewrite) charge.rewrite.emplace_back(rewrite.from, rewrite.to);
  charge.inform = informing();
  charge.traces = delivery.traces.words();
  return charge;
}

// Variables that hold the pid of the process they are meant for. Ours means: for the application, whose pid the child
// writes in place of ours. LISTEN_PIDFDID goes with it, as a mismatch would mean "not for me".
class PidVariables {
 public:
  PidVariables(std::vector<char*>& environment, init::ChildPlan& plan) {
    const std::string own = std::to_string(sys::own_pid());
    const auto takes_ours = [&](std::string_view name, Slot& slot) -> char* {
      for (char*& entry : environment) {
        const std::string_view text = entry != nullptr ? std::string_view{entry} : std::string_view{};
        if (!text.starts_with(name) || text.substr(name.size()) != own) continue;
        std::memcpy(slot.data(), name.data(), name.size());
        entry = slot.data();
        return slot.data() + name.size();
      }
      return nullptr;
    };
    plan.listen_pid = takes_ours("LISTEN_PID=", listen_);
    plan.watchdog_pid = takes_ours("WATCHDOG_PID=", watchdog_);
    if (plan.listen_pid != nullptr) {
      std::erase_if(environment, [](const char* entry) { return entry != nullptr && std::string_view{entry}.starts_with("LISTEN_PIDFDID="); });
    }
  }

 private:
  using Slot = std::array<char, 40>;  // the longest name, `=`, 20 digits, a NUL
  Slot listen_{}, watchdog_{};
};

Result<Started> start_child(Delivery& delivery, const Command& command) {
  Withheld withheld = TRY(Withheld::from(delivery, command.hidden));
  // As PID 1 the kernel ends the application with us (pid_namespaces(7)).
  const pid_t self = sys::own_pid();
  withheld.privileges().with_parent = self != 1;
  withheld.privileges().parent = self;
  if (delivery.process.die_with_parent) {
    TRY(sys::end_with_parent().or_error([](Errno error) { return describe_withholding({init::Step::parent, error.value, nullptr}); }));
  }
  init::adopt_orphans();

  init::Layout layout = init::lay_out(delivery.process.group);
  layout.stop_along |= command.stop_along;
  auto handover = std::make_unique<init::Handover>(charge_of(delivery, layout));

  init::ChildPlan plan;
  std::copy(command.streams.begin(), command.streams.end(), plan.streams);
  plan.own_group = layout.own_group;
  plan.terminal = layout.own_group && layout.foreground ? layout.terminal : -1;
  const PidVariables pids{delivery.environment, plan};
  const std::vector<init::Range> closes = delivery.process.close_fds ? ranges_to_close(delivery, command.environment) : std::vector<init::Range>{};
  plan.closes = closes.data();
  plan.close_count = closes.size();
  plan.signal_mask = command.inherited;
  const std::vector<std::string> tried = candidates(command.argv[0], delivery.environment.data());
  std::vector<const char*> paths;
  for (const std::string& path : tried) paths.push_back(path.c_str());
  std::vector<int> answers(tried.size());
  plan.candidates = paths.data();
  plan.candidate_count = paths.size();
  plan.answers = answers.data();
  plan.argv = command.argv;
  plan.environment = delivery.environment.data();

  for (;;) {
    plan.privileges = withheld.privileges();
    const Result<pid_t, Errno> child = init::spawn(plan);
    if (child) {
      withheld.privileges() = plan.privileges;
      withheld.remark();
      return Started{child.value(), plan.early, std::move(layout), std::move(delivery.traces), std::move(handover)};
    }
    if (!plan.failure) return cannot_start(child.error());
    if (plan.failure.step == init::Step::execute) return describe_failure(failure_of(tried, answers), command.argv[0]);
    if (!TRY(withheld.another_way(plan.failure))) return describe_withholding(plan.failure);
  }
}

}  // namespace

Error cannot_start(Errno error) {
  if (error.value == EAGAIN) {
    return {Code::system, "cannot start a process", "process", "the process limit is used up (EAGAIN)", "raise RLIMIT_NPROC, or the pids limit"};
  }
  return {Code::system, "cannot start a process", "process", error, "see clone(2)"};
}

Result<Started> start(Delivery&& delivery, const Command& command) {
  Result<Started> started = start_child(delivery, command);
  if (!started) delivery.traces.remove();
  return started;
}

}  // namespace hushrun
