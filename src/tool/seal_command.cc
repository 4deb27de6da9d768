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
  const Result<Sealed> before = Sealed::look(reader, shown_path(path));
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

Result<void> seal_into(age::Writer& sealed, const Input& input, const Readers& readers, age::Form form, Public target) {
  age::FdReader file{input.file()};
  Progress content{file};
  const auto failed = [&](const age::Failure& failure) {
    if (failure.kind == age::Failed::writing) return at(target, failure);
    Error error = at(input.shown(), failure);
    if (failure.kind == age::Failed::reading) error.what = "cannot read";
    return error;
  };
  age::Sealer sealer = TRY(age::Sealer::start(readers.list, form, sealed, file.size()).or_error(failed));
  return pass(content, sealer).or_error(failed);
}

class Seal final : public Subcommand {
 public:
  void describe(Words& words) override {
    options_.describe(words);
    words.option("-o,--output", output_, kFile, "write the sealed file here");
    words.word(file_, kFile, "standard input without one");
  }

  Result<ExitCode> run() override {
    const bool streamed = is_stream(output_);
    if (!output_ && !options_.armored && is_terminal(STDOUT_FILENO)) {
      return Error{Code::usage, "a terminal is no place for bytes", "standard output", "a sealed file is binary",
                   "write text with -a, a file with -o FILE, or insist with -o -"};
    }
    const Input input = TRY(Input::open(file_));
    if (!streamed) TRY(input.expect_another(*output_));
    const std::string beside = !streamed ? *output_ : !is_stream(file_) ? *file_ : "./-";
    const Readers readers = TRY(readers_for(options_, directory_of(resolved(beside)), nullptr, Passphrase::replaced));
    TRY(confirm(readers, streamed ? 0 : readers_before(*output_), options_, streamed ? input.shown() : shown_path(*output_)));
    const age::Form form = options_.armored ? age::Form::armored : age::Form::binary;
    if (streamed) {
      const Fd out = Fd::adopt(::dup(STDOUT_FILENO));
      age::FdWriter writer{out};
      TRY(seal_into(writer, input, readers, form, "standard output"));
      announce(readers, input.shown());
      return ExitCode::success();
    }
    Output output = TRY(Output::at(*output_, Contents::sealed));
    TRY(seal_into(output, input, readers, form, output.shown()));
    TRY(output.appear());
    announce(readers, output.shown());
    return ExitCode::success();
  }

 private:
  SealOptions options_;
  std::optional<std::string> output_, file_;
};

}  // namespace

Made seal() { return std::make_unique<Seal>(); }

}  // namespace hushrun::tool
