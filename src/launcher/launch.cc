#include "launcher/launch.h"

#include <algorithm>
#include <charconv>
#include <csignal>

#include "launcher/program.h"
#include "launcher/withheld.h"

namespace hushrun {
namespace {

// Signals that our own work may have left: a log nobody reads, a source's program that ended.
constexpr sys::SignalMask kOurOwn = (sys::SignalMask{1} << (SIGPIPE - 1)) | (sys::SignalMask{1} << (SIGCHLD - 1));

// What a user asks for must not end up half done: each step that fails ends the start.
Result<void> give_up(Withheld& withheld) {
  for (;;) {
    const init::Failure failure = init::give_up(withheld.privileges());
    if (!failure) break;
    if (!TRY(withheld.another_way(failure))) return describe_withholding(failure);
  }
  withheld.remark();
  return {};
}

Result<ExitCode> become(const Delivery& delivery, const Command& command) {
  Withheld withheld = TRY(Withheld::from(delivery, command.hidden));
  withheld.privileges().with_parent = delivery.process.die_with_parent;
  withheld.privileges().parent = sys::parent_pid();
  TRY(give_up(withheld));

  // A signal to end that came while we read secrets: PID 1 would lose it when the mask is restored (pid_namespaces(7)).
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGQUIT}) {
    const sys::SignalMask bit = sys::SignalMask{1} << (signal - 1);
    if ((sys::pending_signals() & bit & ~command.inherited) != 0 && sys::own_pid() == 1) return ExitCode::killed(signal);
  }
  if (delivery.process.close_fds) {
    for (const auto [first, last] : ranges_to_close(delivery, command.environment)) {
      TRY(sys::close_range(first, last).or_error([](Errno error) {
        return describe_withholding({init::Step::descriptors, error.value, nullptr});
      }));
    }
  }
  // What our starter blocks may have been pending before us, and is not ours to take back.
  sys::discard_pending(kOurOwn & ~command.inherited);
  sys::restore_signals(command.inherited);
  const ExecFailure failure = execute_by_path(command.argv, delivery.environment.data());
  sys::block_all_signals();
  return describe_failure(failure, command.argv[0]);
}

}  // namespace

std::vector<init::Range> ranges_to_close(const Delivery& delivery, const Environment& environment) {
  unsigned first = 3;
  const auto number_of = [&](std::string_view name) {
    long number = 0;
    const std::string_view text = environment.find(name).value_or("");
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
  };
  if (number_of("LISTEN_PID") == sys::own_pid()) first += static_cast<unsigned>(std::clamp(number_of("LISTEN_FDS"), 0l, 4096l));
  std::vector<int> kept = delivery.memfds;
  std::sort(kept.begin(), kept.end());
  std::vector<init::Range> ranges;
  for (const int number : kept) {
    const auto next = static_cast<unsigned>(number);
    if (next > first) ranges.push_back({first, next - 1});
    first = std::max(first, next + 1);
  }
  ranges.push_back({first, ~0u});
  return ranges;
}

Result<ExitCode> exec_now(Delivery&& delivery, const Command& command) {
  auto ended = become(delivery, command);
  delivery.traces.remove();
  return ended;
}

}  // namespace hushrun
