#include "launcher/launch.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>

#include "core/log.h"
#include "launcher/program.h"

namespace hushrun {
namespace {

// Signals that our own work may have left: a log nobody reads, a source's program that ended.
constexpr sys::SignalMask kOurOwn = (sys::SignalMask{1} << (SIGPIPE - 1)) | (sys::SignalMask{1} << (SIGCHLD - 1));

Error process_error(Literal what, Why why, Public fix) { return {Code::privilege, what, "process", why, fix}; }

// What a user asks for must not end up half done: each step that fails ends the start.
Result<void> give_standard_streams(const User& user) {
  for (int number = 0; number < 3; ++number) {
    const sys::Answer<void> given = sys::give_stream(number, user.uid, user.gid);
    // As runc: a stream on a read-only file system, or one we may not change, stays what it is.
    if (!given && given.error().value != EPERM && given.error().value != EROFS && given.error().value != EBADF && given.error().value != EINVAL) {
      return process_error("cannot give a standard stream to the user", given.error(), "see fchown(2)");
    }
  }
  return {};
}

// Closes what the application was not meant to inherit: all but the standard streams, its memfds and, if they are meant
// for it, the sockets of sd_listen_fds(3).
Result<void> close_inherited(const Delivery& delivery, const Environment& environment) {
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
  for (const int number : kept) {
    const auto next = static_cast<unsigned>(number);
    if (next > first) TRY(sys::close_range(first, next - 1).or_error([](Errno error) { return process_error("cannot close descriptors", error, "see close_range(2)"); }));
    first = std::max(first, next + 1);
  }
  return sys::close_range(first, ~0u).or_error([](Errno error) { return process_error("cannot close descriptors", error, "see close_range(2)"); });
}

}  // namespace

Result<void> drop_privileges(const ProcessConfig& process, const std::optional<User>& user) {
  if (!process.core_dumps) {
    if (const auto forbidden = sys::forbid_core_dumps(); !forbidden) {
      log::info("core dumps cannot be forbidden here: {}", Why{forbidden.error()}.words());
    }
  }
  if (user) TRY(give_standard_streams(*user));
  if (process.drop_capabilities) {
    const sys::Answer<void> dropped = sys::drop_bounding_capabilities(*process.drop_capabilities);
    // Without CAP_SETPCAP the bounding set stays. With no_new_privs nothing can be gained from it any more.
    if (!dropped && !process.no_new_privs) {
      return process_error("cannot drop capabilities", dropped.error(), "say no_new_privs: true as well, or give CAP_SETPCAP to the launcher");
    }
  }
  if (user) {
    const sys::Ids ids{user->uid, user->gid, user->groups};
    if (!sys::already_is(ids)) {
      TRY(sys::become(ids).or_error([](Errno error) {
        return process_error("cannot change the user", error, "start as root with CAP_SETUID and CAP_SETGID, or leave out user");
      }));
    }
  }
  if (process.drop_capabilities) {
    TRY(sys::lower_capabilities(*process.drop_capabilities).or_error([](Errno error) {
      return process_error("cannot drop capabilities", error, "see capabilities(7)");
    }));
  }
  if (process.no_new_privs) {
    TRY(sys::set_no_new_privs().or_error([](Errno error) { return process_error("cannot set no_new_privs", error, "see prctl(2)"); }));
  }
  return {};
}

Result<ExitCode> exec_now(Delivery&& delivery, char* const* command, const Environment& environment, sys::SignalMask inherited) {
  const auto given_up = [&](auto answer) {
    delivery.traces.remove();
    return answer;
  };
  if (const auto dropped = drop_privileges(delivery.process, delivery.user); !dropped) return given_up(dropped.error());

  // A signal to end that came while we read secrets: PID 1 would lose it when the mask is restored (pid_namespaces(7)).
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGQUIT}) {
    const sys::SignalMask bit = sys::SignalMask{1} << (signal - 1);
    if ((sys::pending_signals() & bit & ~inherited) != 0 && sys::own_pid() == 1) return given_up(ExitCode::killed(signal));
  }
  if (delivery.process.close_fds) {
    if (const auto closed = close_inherited(delivery, environment); !closed) return given_up(closed.error());
  }
  // What our starter blocks may have been pending before us, and is not ours to take back.
  sys::discard_pending(kOurOwn & ~inherited);
  sys::restore_signals(inherited);
  const ExecFailure failure = execute_by_path(command, delivery.environment.data());
  sys::block_all_signals();
  return given_up(describe_failure(failure, command[0]));
}

}  // namespace hushrun
