#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>

#include "age/recipient.h"
#include "core/log.h"
#include "tool/commands.h"
#include "tool/keys.h"
#include "tool/place.h"
#include "tool/terminal.h"

namespace hushrun::tool {
namespace {

constexpr mode_t kReadableByOthers = 0044;

std::string now() {
  const std::time_t seconds = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[32];
  const std::size_t size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return {text, size};
}

// What age-keygen writes: two comments and the key.
Secret identity_file(const age::X25519Identity& identity, const std::string& recipient) {
  const std::string comments = "# created: " + now() + "\n# public key: " + recipient + "\n";
  const Secret key = age::identity_text(identity);
  return Secret::filled_by(comments.size() + key.size() + 1, [&](char* room, std::size_t size) {
    comments.copy(room, comments.size());
    age::View{key}.text().copy(room + comments.size(), key.size());
    room[size - 1] = '\n';
    return size;
  });
}

// The directory of the usual place, and that one's directory: nobody has them on a new machine.
void make_usual_directory(const std::string& path) {
  const std::optional<std::string> usual = default_identity();
  const sys::Answer<std::string> here = sys::working_directory();
  if (!usual || (path != *usual && here && here.value() + "/" + path != *usual)) return;
  const std::string directory = directory_of(*usual);
  ::mkdir(directory_of(directory).c_str(), 0700);
  ::mkdir(directory.c_str(), 0700);  // whatever fails here, creating the file says why
}

Result<void> write_new(const std::string& path, const Secret& text) {
  make_usual_directory(path);
  const Public shown = shown_path(path);
  const auto failed = [&](Errno why) {
    Public fix = "look at the space and the permissions of its directory";
    if (why.value == EEXIST) fix = "name a place that does not exist yet: an identity is never overwritten";
    if (why.value == ENOENT) fix = "make its directory first";
    return Error{Code::target_unwritable, "cannot write identity", shown, why, fix};
  };
  const Fd directory = TRY(sys::open_directory(directory_of(path)).or_error(failed));
  const std::string name = path.substr(path.rfind('/') + 1);
  const Fd file = TRY(sys::create_exclusively(directory, name, 0600).or_error(failed));
  const auto write = [&]() -> sys::Answer<void> {
    TRY(sys::write_all(file, age::View{text}.text().data(), text.size()));
    return sys::flush(file);
  };
  sys::Answer<void> written = write();
  if (!written) static_cast<void>(sys::remove_file(directory, name));
  return std::move(written).or_error(failed);
}

void warn_of_readers() {
  struct stat out {};
  if (::fstat(STDOUT_FILENO, &out) != 0 || !S_ISREG(out.st_mode) || (out.st_mode & kReadableByOthers) == 0) return;
  log::warn({Code::source_exposed, "the identity goes to a file that others can read", "standard output", "its mode lets the group or everybody read it",
             "chmod 600 it now, or use -o FILE"});
}

class Keygen final : public Subcommand {
 public:
  void describe(Words& words) override {
    words.option("-o,--output", output_, kFile, "write here: an identity where nothing is yet");
    words.flag("-y", to_recipient_, "read an identity, print its recipient");
    words.word(file_, kFile, "with -y: the identity; standard input without one");
  }

  Result<ExitCode> run() override {
    TRY(to_recipient_ ? print_recipients() : make());
    return ExitCode::success();
  }

 private:
  Result<void> print_recipients() const {
    const Secret text = TRY(read_place(file_.value_or("-"), age::kIdentityFileLimit));
    const Public shown = shown_place(file_.value_or("-"));
    const auto failed = [&](const age::Failure& failure) { return at(shown, failure); };
    const age::Identities found = TRY(age::load_identities(text, {}, {}).or_error(failed));
    if (found.x25519.empty()) {
      return Error{Code::source_invalid, "cannot use identity", shown, "no age identity is in it", "for an SSH key: ssh-keygen -y -f FILE"};
    }
    std::string lines;
    for (const age::X25519Identity& identity : found.x25519) lines.append(age::recipient_text(identity.recipient)).append("\n");
    if (is_stream(output_)) return print(lines.data(), lines.size());
    Output output = TRY(Output::at(*output_, Contents::sealed));
    TRY(output.write(lines.data(), lines.size()).or_error(failed));
    return output.appear();
  }

  Result<void> make() const {
    if (file_) {
      return Error{Code::usage, "an argument too many", "command line", "keygen reads a file with -y only", "write the identity with -o FILE"};
    }
    const age::X25519Identity identity = age::generate_identity();
    const std::string recipient = age::recipient_text(identity.recipient);
    const Secret text = identity_file(identity, recipient);
    if (!is_stream(output_)) {
      TRY(write_new(*output_, text));
    } else {
      warn_of_readers();
      TRY(print(age::View{text}.text().data(), text.size()));
    }
    // The recipient is the public half: made to be shown.
    if (!is_stream(output_) || !is_terminal(STDOUT_FILENO)) log::info("public key: {}", Public::vouched(recipient));
    return {};
  }

  std::optional<std::string> output_, file_;
  bool to_recipient_ = false;
};

}  // namespace

Made keygen() { return std::make_unique<Keygen>(); }

}  // namespace hushrun::tool
