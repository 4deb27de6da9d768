// hushkit, top to bottom: what was asked for, and a function that does it.

#include <unistd.h>

#include <new>

#include "core/log.h"
#include "core/sys_process.h"
#include "tool/commands.h"
#include "tool/place.h"

namespace hushrun::tool {
namespace {

Result<void> run(const Options& options) {
  switch (options.command) {
    case Command::keygen: return make_key(options);
    case Command::seal: return seal_file(options);
    case Command::open: return open_file(options);
    case Command::inspect: return inspect(options);
    case Command::set: return set_value(options);
    case Command::unset: return unset_value(options);
    case Command::list: return list_names(options);
    case Command::edit: return edit(options);
    case Command::rekey: return rekey(options);
    case Command::completion: return complete(options);
    case Command::print: return print(options.text.data(), options.text.size());
  }
  return {};
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

  const Result<tool::Options> options = tool::parse_options(argc, argv);
  const Result<void> done = options ? tool::run(options.value()) : Result<void>{options.error()};
  if (done) return 0;
  log::report(done.error());
  return done.error().code == Code::usage ? 2 : 1;
}
