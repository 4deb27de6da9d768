#include "tool/document.h"

namespace hushrun::tool {

Result<void> expect_file(const std::string& path) {
  if (path != "-") return {};
  return Error{Code::usage, "not a file", "command line", "standard input cannot be changed in its place", "name a file; one that is called - is ./-"};
}

Result<Document> open_document(const KeyOptions& options, const std::string& path, Missing missing) {
  if (missing == Missing::empty && !sys::exists(path)) return Document{Secret::of_public(""), age::Form::binary, 0, {}, std::nullopt};
  const Input input = TRY(Input::open(path));
  const auto failed = [&](const age::Failure& failure) { return at(input.shown(), failure); };
  age::FdReader file{input.file()};
  Sealed sealed = TRY(Sealed::look(file, input.shown()));
  const age::Form form = sealed.armored() ? age::Form::armored : age::Form::binary;
  const std::size_t readers = sealed.readers();
  std::string header{sealed.header_text()};
  age::Identities identities = TRY(identities_for(options, sealed, input.shown()));
  Secret content = TRY(age::open(sealed, identities, {}).or_error(failed));
  return Document{std::move(content), form, readers, std::move(header), std::move(identities)};
}

Result<Readers> readers_of(const SealOptions& options, const std::string& path, const Document& document) {
  Readers readers = TRY(readers_for(options, directory_of(resolved(path)), document.identities ? &*document.identities : nullptr, Passphrase::kept));
  TRY(confirm(readers, document.readers, options, shown_path(path)));
  return readers;
}

bool changed_meanwhile(const std::string& path, const Document& document) {
  if (!sys::exists(path)) return !document.header.empty();
  const sys::Answer<Fd> file = sys::open_file(path);
  if (!file) return true;
  age::FdReader reader{file.value()};
  const Result<Sealed> now = Sealed::look(reader, shown_path(path));
  return !now || now.value().header_text() != document.header;
}

Result<void> seal_document(const SealOptions& options, const std::string& path, const Document& document, const Readers& readers, const Secret& content) {
  const auto failed = [&](const age::Failure& failure) { return at(shown_path(path), failure); };
  if (content.size() > kDocumentLimit) return failed({age::Failed::too_large, "it would be more than 16 MiB"});
  Output output = TRY(Output::at(path, Contents::sealed));
  const age::Form form = options.armored ? age::Form::armored : document.form;
  age::Sealer sealer = TRY(age::Sealer::start(readers.list, form, output, content.size()).or_error(failed));
  TRY(sealer.write(age::View{content}.text().data(), content.size()).or_error(failed));
  TRY(sealer.finish().or_error(failed));
  TRY(output.appear());
  announce(readers, shown_path(path));
  return {};
}

}  // namespace hushrun::tool
