// A sealed file's content. Not a byte of it is given out before the last one is verified, and none is kept on a disk where nobody
// asked for it: a large file that goes to standard output is read twice, first to verify it.

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>

#include "age/open_in_parallel.h"
#include "tool/commands.h"
#include "tool/keys.h"
#include "tool/place.h"
#include "tool/terminal.h"

namespace hushrun::tool {
namespace {

/// Up to here content waits in memory; twice opened costs more than that.
constexpr std::uint64_t kInMemory = 1024 * 1024;

enum class Refuse { nothing, binary };

// Only looks: is it good to the end, and is it text?
class Witness final : public age::Writer {
 public:
  Result<void, age::Failure> write(const char* bytes, std::size_t size) override {
    // Control characters could be anything to a terminal.
    text_ = text_ && std::all_of(bytes, bytes + size, [](char c) {
      const auto byte = static_cast<unsigned char>(c);
      return (byte >= ' ' && byte != 0x7f) || c == '\n' || c == '\t' || c == '\r';
    });
    return {};
  }
  bool text() const { return text_; }

 private:
  bool text_ = true;
};

Error not_for_a_terminal(Public where) {
  return {Code::target_refused, "the content is not text", where, "it has control characters, and standard output is a terminal",
          "write a file with -o FILE, or insist with -o -"};
}

// A pipe cannot be read twice: what came waits, still sealed, in a file without a name.
Result<Fd> waiting_place() {
  const char* const wanted = ::getenv("TMPDIR");
  const sys::Answer<Fd> directory = sys::open_directory(wanted != nullptr && *wanted == '/' ? wanted : "/tmp");
  sys::Answer<Fd> file = directory ? sys::create_unnamed(directory.value(), 0600) : directory.error();
  if (!file) file = sys::create_memfd();
  return std::move(file).or_error([](Errno why) { return Error{Code::system, "no place to keep what is read", "$TMPDIR or /tmp", why, "read it from a file"}; });
}

Result<Fd> kept(const Input& input) {
  const sys::Answer<sys::FileStatus> status = sys::status(input.file());
  const auto failed = [&](Errno why) { return Error{Code::source_unreadable, "cannot read", input.shown(), why, "read it from a file"}; };
  if (status && status.value().kind == sys::FileKind::regular && ::lseek(input.file().number(), 0, SEEK_CUR) == 0) {
    return Fd::adopt(TRY(sys::duplicate_for_child(input.file(), 3).or_error(failed)));
  }
  Fd copy = TRY(waiting_place());
  std::string piece(age::kChunkSize, '\0');
  while (const std::size_t got = TRY(sys::read_some(input.file(), piece.data(), piece.size()).or_error(failed))) {
    TRY(sys::write_all(copy, piece.data(), got).or_error([](Errno why) {
      return Error{Code::target_unwritable, "cannot keep what is read", "$TMPDIR or /tmp", why, "set TMPDIR to a place with more room, or read it from a file"};
    }));
  }
  ::lseek(copy.number(), 0, SEEK_SET);
  return copy;
}

// To standard output.
Result<void> show(const Fd& file, const KeyOptions& options, Public where, Refuse refuse) {
  const auto failed = [&](const age::Failure& failure) {
    if (failure.kind == age::Failed::writing) return at("standard output", failure);
    return at(where, failure);
  };
  age::FdReader reader{file};
  Sealed sealed = TRY(Sealed::look(reader, where));
  const age::Identities identities = TRY(identities_for(options, sealed, where));
  if (sealed.size().value_or(0) <= kInMemory) {
    const Secret content = TRY(age::open(sealed, identities, {}).or_error(failed));
    Witness witness;
    const std::string_view bytes = age::View{content}.text();
    TRY(witness.write(bytes.data(), bytes.size()).or_error(failed));
    if (refuse == Refuse::binary && !witness.text()) return not_for_a_terminal(where);
    return print(bytes.data(), bytes.size());
  }
  Witness witness;
  {
    Progress progress{sealed};
    const auto look = refuse == Refuse::binary ? age::open_payload_in_parallel : age::verify_payload_in_parallel;
    TRY(age::open_into(progress, identities, {}, witness, look).or_error(failed));
  }
  if (refuse == Refuse::binary && !witness.text()) return not_for_a_terminal(where);
  ::lseek(file.number(), 0, SEEK_SET);
  age::FdReader second{file};
  Sealed again = TRY(Sealed::look(second, where));
  // Under this header, hence this file key, nobody but its readers can have sealed anything else; whatever is changed from now on stops us.
  if (again.header_text() != sealed.header_text()) {
    return Error{Code::source_invalid, "the file was changed meanwhile", where, "it is another one than was verified", "do it again"};
  }
  const Fd out = Fd::adopt(::dup(STDOUT_FILENO));
  ::fcntl(out.number(), F_SETPIPE_SZ, 1 << 20);  // if it is a pipe, and may be: who reads it is waited for less often
  age::FdWriter writer{out};
  return age::open_into(again, identities, {}, writer, age::open_payload_in_parallel).or_error(failed);
}

class Open final : public Subcommand {
 public:
  void describe(Words& words) override {
    options_.describe(words);
    words.option("-o,--output", output_, kFile, "write the content here");
    words.word(file_, kFile, "standard input without one");
  }

  Result<ExitCode> run() override {
    const Input input = TRY(Input::open(file_));
    if (is_stream(output_)) {
      const Fd file = TRY(kept(input));
      TRY(show(file, options_, input.shown(), !output_ && is_terminal(STDOUT_FILENO) ? Refuse::binary : Refuse::nothing));
      return ExitCode::success();
    }
    TRY(input.expect_another(*output_));
    const auto failed = [&](const age::Failure& failure) { return at(failure.kind == age::Failed::writing ? shown_path(*output_) : input.shown(), failure); };
    age::FdReader reader{input.file()};
    Sealed sealed = TRY(Sealed::look(reader, input.shown()));
    const age::Identities identities = TRY(identities_for(options_, sealed, input.shown()));
    Output output = TRY(Output::at(*output_, Contents::plain));
    Progress progress{sealed};
    TRY(age::open_into(progress, identities, {}, output, age::open_payload_in_parallel).or_error(failed));
    TRY(output.appear());
    return ExitCode::success();
  }

 private:
  KeyOptions options_;
  std::optional<std::string> output_, file_;
};

}  // namespace

Made open() { return std::make_unique<Open>(); }

}  // namespace hushrun::tool
