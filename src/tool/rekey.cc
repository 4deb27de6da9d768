#include "age/open.h"
#include "age/seal.h"
#include "tool/commands.h"
#include "tool/keys.h"
#include "tool/place.h"
#include "tool/terminal.h"

namespace hushrun::tool {

// Opened straight into the sealing of the new file: the content is nowhere but in a locked buffer in between.
Result<void> rekey(const Options& options) {
  const std::string& path = *options.file;
  const Input input = TRY(Input::open(path));
  const auto failed = [&](const age::Failure& failure) { return at(input.shown(), failure); };
  age::FdReader reader{input.file()};
  Sealed sealed = TRY(Sealed::look(reader).or_error(failed));
  const age::Form form = sealed.armored() || options.armored ? age::Form::armored : age::Form::binary;
  const age::Identities identities = TRY(identities_for(options, sealed, input.shown()));
  const Readers readers = TRY(readers_for(options, directory_of(resolved(path)), &identities));
  TRY(confirm(readers, sealed.readers(), options, input.shown()));

  Progress progress{sealed};
  if (options.output == "-") {
    return Error{Code::usage, "not a file", "command line", "rekey writes a file, never standard output", "name a file with -o, or none to replace it"};
  }
  Output output = TRY(Output::at(options.output.value_or(path), Contents::sealed));
  age::Sealer sealer = TRY(age::Sealer::start(readers.list, form, output, sealed.size()).or_error(failed));
  TRY(age::open_into(progress, identities, {}, sealer).or_error(failed));
  TRY(sealer.finish().or_error(failed));
  TRY(output.appear());
  announce(readers, output.shown());
  return {};
}

}  // namespace hushrun::tool
