// hushkit, top to bottom: what was asked for, and the subcommand that does it.

#include <signal.h>
#include <unistd.h>

#include <new>

#include "core/log.h"
#include "core/sys_process.h"
#include "tool/options.h"
#include "tool/terminal.h"

namespace hushrun::tool {
namespace {

Result<ExitCode> run(int argc, char** argv) {
  const Made command = TRY(parse_command_line(argc, argv));
  return command->run();
}

[[noreturn]] void out_of_memory() {
  static constexpr char kText[] = "hushkit: error: out of memory\n";
  [[maybe_unused]] const auto written = ::write(2, kText, sizeof kText - 1);
  _exit(1);
}

}  // namespace
}  // namespace hushrun::tool

int main(int argc, char** argv) {
  using namespace hushrun;
  std::set_new_handler(tool::out_of_memory);
  log::speak_as("hushkit");
  log::configure(log::Level::info, log::Format::text);
  static_cast<void>(sys::make_undumpable());
  static_cast<void>(sys::reserve_standard_streams());

  const Result<ExitCode> done = tool::run(argc, argv);
  if (done) return done.value().value();
  if (const int signal = tool::interrupted_by(); signal != 0) ::raise(signal);
  log::report(done.error());
  return done.error().code == Code::usage ? 2 : 1;
}
