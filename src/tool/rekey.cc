#include "age/open.h"
#include "age/seal.h"
#include "tool/commands.h"
#include "tool/document.h"
#include "tool/keys.h"
#include "tool/place.h"
#include "tool/terminal.h"

namespace hushrun::tool {
namespace {

class Rekey final : public Subcommand {
 public:
  void describe(Words& words) override {
    options_.describe(words);
    words.option("-o,--output", output_, kFile, "write here instead of replacing the file");
    words.required_word(path_, kFile, "the sealed file");
  }

  // Opened straight into the sealing of the new file: the content is nowhere but in a locked buffer in between.
  Result<ExitCode> run() override {
    if (output_ == "-") {
      return Error{Code::usage, "not a file", "command line", "rekey writes a file, never standard output", "name a file with -o, or none to replace it"};
    }
    TRY(expect_file(path_));
    const Input input = TRY(Input::open(path_));
    const auto failed = [&](const age::Failure& failure) {
      return at(failure.kind == age::Failed::writing ? shown_path(output_.value_or(path_)) : input.shown(), failure);
    };
    age::FdReader reader{input.file()};
    Sealed sealed = TRY(Sealed::look(reader, input.shown()));
    const age::Form form = sealed.armored() || options_.armored ? age::Form::armored : age::Form::binary;
    const age::Identities identities = TRY(identities_for(options_.keys, sealed, input.shown()));
    const Readers readers = TRY(readers_for(options_, directory_of(resolved(path_)), &identities, Passphrase::replaced));
    TRY(confirm(readers, sealed.readers(), options_, input.shown()));

    Progress progress{sealed};
    Output output = TRY(Output::at(output_.value_or(path_), Contents::sealed));
    age::Sealer sealer = TRY(age::Sealer::start(readers.list, form, output, sealed.size()).or_error(failed));
    TRY(age::open_into(progress, identities, {}, sealer).or_error(failed));
    TRY(sealer.finish().or_error(failed));
    TRY(output.appear());
    announce(readers, output.shown());
    return ExitCode::success();
  }

 private:
  SealOptions options_;
  std::optional<std::string> output_;
  std::string path_;
};

}  // namespace

Made rekey() { return std::make_unique<Rekey>(); }

}  // namespace hushrun::tool
