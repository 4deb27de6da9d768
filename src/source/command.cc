#include "source/command.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/sys_spawn.h"

namespace hushrun {
namespace {

// What Docker gives a container whose image says nothing.
constexpr std::string_view kDefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
constexpr std::chrono::milliseconds kGrace{1'000};

std::vector<char*> without_our_variables(const Environment& environment) {
  std::vector<char*> kept;
  for (char* const* entry = environment.entries(); entry != nullptr && *entry != nullptr; ++entry) {
    if (std::strncmp(*entry, "HUSHRUN_", 8) != 0) kept.push_back(*entry);
  }
  return kept;
}

bool is_program(const std::string& path) {
  const sys::Answer<sys::FileStatus> status = sys::status(path);
  return status && status.value().kind == sys::FileKind::regular && sys::is_executable(path);
}

struct Located {
  std::string path;  // empty: nowhere
  bool executable = false;
};

// As execvp(3): the path itself if it has a slash, else the first program of that name in PATH, else one that is there.
Located locate(const std::string& program, const Environment& environment) {
  if (program.find('/') != std::string::npos) {
    return sys::exists(program) ? Located{program, is_program(program)} : Located{};
  }
  Located found;
  const std::string_view path = environment.find("PATH").value_or(kDefaultPath);
  for (std::size_t start = 0; start <= path.size();) {
    const std::size_t colon = std::min(path.find(':', start), path.size());
    const std::string_view directory = path.substr(start, colon - start);
    start = colon + 1;
    if (directory.empty()) continue;  // the working directory to execvp(3); not to us: it may be anybody's
    std::string candidate = std::string{directory} + "/" + program;
    if (is_program(candidate)) return {std::move(candidate), true};
    if (found.path.empty() && sys::exists(candidate)) found.path = std::move(candidate);
  }
  return found;
}

Public signal_name(int number) {
  const char* name = sigabbrev_np(number);
  if (name == nullptr) return "signal " + Public::number(static_cast<unsigned>(number));
  return Public::vouched(std::string{"SIG"} + name);  // libc's table
}

Public shown_time(std::chrono::milliseconds time) {
  const auto count = static_cast<unsigned long long>(time.count());
  return count % 1000 == 0 ? Public::number(count / 1000) + " s" : Public::number(count) + " ms";
}

}  // namespace

Opening<OpenCommandSource> OpenCommandSource::open(const CommandSource& config, const Environment& environment, Presence presence) {
  if (config.argv.empty() || config.argv.front().empty()) {
    return Trouble{Code::source_invalid, "a command source names no program", "command: the list is empty", "say command: [PROGRAM, ARGUMENT, ...]"};
  }
  const std::string& program = config.argv.front();
  Located located = locate(program, environment);
  // Of the command line only the program is shown, for a key may stand in an argument; and the program as it was
  // written only if it is there, or cannot be a key itself.
  Public shown = "a command";
  if (!located.path.empty()) shown = "command " + Public::vouched(located.path);
  else if (program.find('/') != std::string::npos || is_plainly_a_name(program)) shown = "command " + Public::path(program);
  return std::optional{OpenCommandSource{config, environment, presence, std::move(located.path), located.executable, shown}};
}

Lookup OpenCommandSource::find(const Name& name) {
  if (name != config_.name) return std::optional<Found>{};
  if (!answer_) answer_.emplace(run());
  if (!*answer_) return answer_->error();
  const std::optional<Secret>& value = answer_->value();
  if (!value) return std::optional<Found>{};
  return std::optional{Found{copy_of(*value), shown_, std::nullopt}};
}

Result<std::optional<Secret>, Trouble> OpenCommandSource::run() {
  if (path_.empty()) {
    if (presence_ == Presence::optional) return std::optional<Secret>{};
    return Trouble{Code::source_command, "a command is not there", reason(shown_, Errno{ENOENT}), "install it, or name it by its full path"};
  }
  if (!executable_) {
    return Trouble{Code::source_command, "a command cannot be executed", reason(shown_, Errno{EACCES}), "make it a file this user may execute"};
  }
  const sys::Program program{path_, config_.argv, without_our_variables(environment_)};
  sys::Finished finished = TRY(sys::run_to_end(program, {kSecretLimit, kChatterLimit, config_.timeout, kGrace}).or_error([&](Errno why) {
    Public fix = "look at its format and at the file system it lies on";
    if (why.value == ENOEXEC) fix = "give a script its #! line: no shell is tried";
    if (why.value == ENOENT) fix = "install the interpreter of its first line, or the loader it is linked for: that is what is missing";
    return Trouble{Code::source_command, "a command cannot be executed", reason(shown_, why), fix};
  }));
  using End = sys::Finished::End;
  const bool failed = finished.end != End::exited || finished.number != 0;
  if (finished.chatter.size() > 0) {
    chatter_.emplace(Chatter{shown_, std::move(finished.chatter), std::nullopt});
    if (failed) chatter_->unused = std::move(finished.output);
  }
  switch (finished.end) {
    case End::timed_out:
      return Trouble{Code::source_command, "a command took too long",
                     shown_ + ": not done after " + shown_time(config_.timeout) + ", it was ended",
                     "raise its timeout, and see that it neither asks for anything nor leaves its output open"};
    case End::too_talkative:
      return Trouble{Code::secret_too_large, "a command printed too much", shown_ + ": more than 1 MiB, it was ended",
                     "let it print the secret and nothing else"};
    case End::killed:
      return Trouble{Code::source_command, "a command failed", shown_ + ": killed by " + signal_name(finished.number),
                     "run it by hand as the same user"};
    case End::exited:
      break;
  }
  if (finished.number != 0) {
    return Trouble{Code::source_command, "a command failed", shown_ + ": exited with " + Public::number(static_cast<unsigned>(finished.number)),
                   "run it by hand as the same user, with the same environment"};
  }
  return std::optional{std::move(finished.output)};
}

std::optional<Chatter> OpenCommandSource::take_chatter() { return std::exchange(chatter_, std::nullopt); }

std::optional<Public> OpenCommandSource::whereabouts(const Name& name) const {
  if (name != config_.name) return std::nullopt;
  return shown_;
}

}  // namespace hushrun
