// Opens and seals files for the interoperability tests: the format's libraries and nothing else around them.
//
//   age_tool open   [-i FILE]... [-p FILE] [--whole] SEALED CONTENT    --whole: in memory, as the launcher does
//   age_tool seal   [-R FILE]... [-p FILE] [-w LOGN] [-a] CONTENT SEALED
//   age_tool keygen IDENTITY                                           the recipient goes to stdout
//   age_tool ejson  KEY SEALED CONTENT
//
// Exit 0, or 1 with the failure's stable word on the first line of stderr, or 2. CONTENT appears only when it is whole.

#include <fcntl.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "age/ejson.h"
#include "age/open.h"
#include "age/open_in_parallel.h"
#include "age/seal.h"
#include "core/sys_file.h"

namespace hushrun::age {
namespace {

struct Options {
  std::vector<std::string> identities, recipients, operands;
  std::string passphrase;
  unsigned work_factor = 10;
  bool whole = false, armored = false;
};

[[noreturn]] void stop(int code, std::string_view word, std::string_view why) {
  std::fprintf(stderr, "%.*s\n%.*s\n", static_cast<int>(word.size()), word.data(), static_cast<int>(why.size()), why.data());
  std::exit(code);
}

template <class T>
T good(Result<T, Failure> result) {
  if (!result) stop(1, word(result.error().kind).view(), result.error().why.words().view());
  if constexpr (!std::is_void_v<T>) return std::move(result).value();
}

template <class T>
T good(sys::Answer<T> answer) {
  if (!answer) stop(2, "system", Why{answer.error()}.words().view());
  return std::move(answer).value();
}

Secret secret_in(const std::string& path) { return good(sys::read_secret(good(sys::open_file(path)), 16 * 1024 * 1024)); }

Fd created(const std::string& path) {
  const int number = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (number < 0) stop(2, "system", "cannot create the file");
  return Fd::adopt(number);
}

void write_to(const std::string& path, View bytes) {
  const Fd file = created(path);
  good(FdWriter{file}.write(bytes.text().data(), bytes.size()));
}

Passphrase passphrase_in(const std::string& path) {
  auto passphrase = Passphrase::from(secret_in(path));
  if (!passphrase) stop(2, "usage", "the passphrase is empty");
  return std::move(*passphrase);
}

void open_file(const Options& options) {
  Identities identities;
  if (!options.passphrase.empty()) identities.passphrases.push_back(passphrase_in(options.passphrase));
  for (const std::string& path : options.identities) identities.add(good(load_identities(secret_in(path), identities, {})));
  const Fd sealed = good(sys::open_file(options.operands.at(0)));
  FdReader reader{sealed};
  const std::string& target = options.operands.at(1);
  if (options.whole) {
    Limits limits;
    limits.sealed_size = 64 * 1024 * 1024;
    const Secret content = good(open(reader, identities, limits));
    return write_to(target, content);
  }
  const std::string temporary = target + ".part";
  {
    const Fd file = created(temporary);
    FdWriter writer{file};
    const auto opened = open_into(reader, identities, {}, writer, open_payload_in_parallel);
    if (!opened) std::remove(temporary.c_str());
    good(opened);
  }
  if (std::rename(temporary.c_str(), target.c_str()) != 0) stop(2, "system", "cannot rename");
}

void seal_file(const Options& options) {
  std::vector<Recipient> recipients;
  for (const std::string& path : options.recipients) {
    const Secret text = secret_in(path);
    for (Recipient& recipient : good(parse_recipients(View{text}.text()))) recipients.push_back(std::move(recipient));
  }
  if (!options.passphrase.empty()) recipients.push_back(PassphraseRecipient{passphrase_in(options.passphrase), options.work_factor});
  const Fd content = good(sys::open_file(options.operands.at(0)));
  const Fd sealed = created(options.operands.at(1));
  FdReader reader{content};
  FdWriter writer{sealed};
  Sealer sealer = good(Sealer::start(recipients, options.armored ? Form::armored : Form::binary, writer, reader.size()));
  std::vector<char> piece(100'000);  // no divisor of a chunk
  while (const std::size_t got = good(reader.read(piece.data(), piece.size()))) good(sealer.write(piece.data(), got));
  good(sealer.finish());
}

void make_identity(const Options& options) {
  const X25519Identity identity = generate_identity();
  const Secret text = identity_text(identity);
  write_to(options.operands.at(0), text);
  std::printf("%s\n", recipient_text(identity.recipient).c_str());
}

void open_ejson(const Options& options) {
  const auto opened = ejson::open(secret_in(options.operands.at(1)), secret_in(options.operands.at(0)));
  if (!opened) stop(1, ejson::word(opened.error().kind).view(), opened.error().why.view());
  write_to(options.operands.at(2), opened.value());
}

}  // namespace
}  // namespace hushrun::age

int main(int argc, char** argv) {
  using namespace hushrun::age;
  Options options;
  for (int i = 2; i < argc; ++i) {
    const std::string word = argv[i];
    const auto next = [&] { return i + 1 < argc ? std::string{argv[++i]} : std::string{}; };
    if (word == "-i") options.identities.push_back(next());
    else if (word == "-R") options.recipients.push_back(next());
    else if (word == "-p") options.passphrase = next();
    else if (word == "-w") options.work_factor = static_cast<unsigned>(std::stoul(next()));
    else if (word == "-a") options.armored = true;
    else if (word == "--whole") options.whole = true;
    else options.operands.push_back(word);
  }
  const std::string command = argc > 1 ? argv[1] : "";
  if (command == "open") open_file(options);
  else if (command == "seal") seal_file(options);
  else if (command == "keygen") make_identity(options);
  else if (command == "ejson") open_ejson(options);
  else stop(2, "usage", "age_tool open|seal|keygen|ejson");
}
