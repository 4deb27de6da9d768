#include "age/open.h"
#include "age/scrypt.h"
#include "age/ssh_ed25519.h"
#include "tool/commands.h"
#include "tool/place.h"
#include "tool/sealed.h"

namespace hushrun::tool {
namespace {

// The header's grammar leaves printable ASCII in types and arguments, without blanks.
std::string shortened(std::string_view word) { return std::string{word.substr(0, 60)} + (word.size() > 60 ? "…" : ""); }

std::string described(const age::Stanza& stanza) {
  std::string line = shortened(stanza.type);
  if ((stanza.type == age::kSshEd25519Type || stanza.type == "ssh-rsa") && !stanza.arguments.empty()) {
    line += ", key tag " + shortened(stanza.arguments.front());
  }
  if (stanza.type == age::kScryptType) {
    if (const auto scrypt = age::parse_scrypt(stanza)) {
      line += ", work factor " + std::to_string(scrypt.value().work_factor);
      if (scrypt.value().work_factor >= 10 && scrypt.value().work_factor < 54) {
        line += " (" + std::to_string(1ULL << (scrypt.value().work_factor - 10)) + " MiB of memory to open)";
      }
    }
  }
  return line;
}

// Bytes from here to the end.
Result<std::uint64_t, age::Failure> count(age::Reader& reader) {
  std::string piece(age::kChunkSize, '\0');
  std::uint64_t all = 0;
  while (const std::size_t got = TRY(reader.read(piece.data(), piece.size()))) all += got;
  return all;
}

class Inspect final : public Subcommand {
 public:
  void describe(Words& words) override { words.word(file_, kFile, "standard input without one"); }

  Result<ExitCode> run() override {
    const Input input = TRY(Input::open(file_));
    const auto failed = [&](const age::Failure& failure) { return at(input.shown(), failure); };
    age::FdReader reader{input.file()};
    Sealed sealed = TRY(Sealed::look(reader, input.shown()));
    if (sealed.flaw()) return at(input.shown(), *sealed.flaw());

    std::string text = "form:    ";
    text += sealed.armored() ? "age v1, armored\n" : "age v1, binary\n";
    text += "sealed:  to " + std::string{age::stanzas_in_words(sealed.header()).view()} + "\n";
    for (const age::Stanza& stanza : sealed.stanzas()) text += "         " + described(stanza) + "\n";
    const std::size_t header = sealed.header().size;
    std::uint64_t whole = 0;
    if (sealed.armored()) {
      age::ArmorReader armor{sealed};
      whole = TRY(count(armor).or_error(failed));
    } else {
      whole = TRY(count(sealed).or_error(failed));
    }
    text += "header:  " + std::to_string(header) + " bytes\n";
    const auto content = age::content_size(whole - header);
    text += "content: " + (content ? std::to_string(*content) + " bytes\n" : std::string{"cut off: no content has this size\n"});
    TRY(print(text.data(), text.size()));
    return ExitCode::success();
  }

 private:
  std::optional<std::string> file_;
};

}  // namespace

Made inspect() { return std::make_unique<Inspect>(); }

}  // namespace hushrun::tool
