#include <unistd.h>

#include "age/seal.h"
#include "tool/commands.h"
#include "tool/keys.h"
#include "tool/place.h"
#include "tool/terminal.h"

namespace hushrun::tool {
namespace {

// How many the file that is about to be replaced was sealed to; 0 if there is none, or it is something else.
std::size_t readers_before(const std::string& path) {
  const sys::Answer<sys::FileStatus> status = sys::status(path);
  if (!status || status.value().kind != sys::FileKind::regular) return 0;
  const sys::Answer<Fd> file = sys::open_file(path);
  if (!file) return 0;
  age::FdReader reader{file.value()};
  const Result<Sealed, age::Failure> before = Sealed::look(reader);
  return before && !before.value().flaw() ? before.value().readers() : 0;
}

Result<void, age::Failure> pass(age::Reader& from, age::Sealer& to) {
  Secret piece = Secret::filled_by(age::kChunkSize, [](char*, std::size_t size) { return size; });
  for (;;) {
    const auto step = [&](char* room, std::size_t size) -> Result<bool, age::Failure> {
      const std::size_t got = TRY(from.read(room, size));
      TRY(to.write(room, got));
      return got > 0;
    };
    if (!TRY(piece.change(step))) return to.finish();
  }
}

Result<void> seal_into(age::Writer& sealed, const Input& input, const Readers& readers, const Options& options) {
  age::FdReader file{input.file()};
  Progress content{file};
  const age::Form form = options.armored ? age::Form::armored : age::Form::binary;
  const auto failed = [&](const age::Failure& failure) {
    Error error = at(input.shown(), failure);
    if (failure.kind == age::Failed::reading) error.what = "cannot read";
    return error;
  };
  age::Sealer sealer = TRY(age::Sealer::start(readers.list, form, sealed, file.size()).or_error(failed));
  return pass(content, sealer).or_error(failed);
}

}  // namespace

Result<void> seal_file(const Options& options) {
  const bool streamed = is_stream(options.output);
  if (!options.output && !options.armored && is_terminal(STDOUT_FILENO)) {
    return Error{Code::usage, "a terminal is no place for bytes", "standard output", "a sealed file is binary",
                 "write text with -a, a file with -o FILE, or insist with -o -"};
  }
  const Input input = TRY(Input::open(options.file));
  const std::string beside = !streamed ? *options.output : !is_stream(options.file) ? *options.file : "./-";
  const Readers readers = TRY(readers_for(options, directory_of(resolved(beside)), nullptr));
  TRY(confirm(readers, streamed ? 0 : readers_before(*options.output), options, streamed ? input.shown() : Public::path(*options.output)));
  if (streamed) {
    const Fd out = Fd::adopt(::dup(STDOUT_FILENO));
    age::FdWriter writer{out};
    TRY(seal_into(writer, input, readers, options));
    announce(readers, input.shown());
    return {};
  }
  Output output = TRY(Output::at(*options.output, Contents::sealed));
  TRY(seal_into(output, input, readers, options));
  TRY(output.appear());
  announce(readers, output.shown());
  return {};
}

}  // namespace hushrun::tool
