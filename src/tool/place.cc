#include "tool/place.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>

#include "config/reference.h"
#include "core/sys_process.h"

namespace hushrun::tool {
namespace {

constexpr mode_t kPlainMode = 0600;
constexpr mode_t kSealedMode = 0666;  // and the umask

constexpr std::string_view kVariable = "env:";
constexpr std::string_view kDescriptor = "fd:";

Error unreadable(Public where, Errno why) {
  Public fix = "let user " + Public::number(sys::effective_user()) + " read it";
  if (why.value == ENOENT) fix = "look at its spelling";
  if (why.value == EISDIR) fix = "name a file";
  if (why.value == EBADF) fix = "let the shell open it: 3<FILE";
  if (why.value == EFBIG) fix = "look whether it is the file that was meant: it is far too large";
  return {Code::source_unreadable, "cannot read", where, why, fix};
}

Error unwritable(Public where, Errno why) {
  Public fix = "look at the permissions of its directory";
  if (why.value == ENOENT) fix = "make its directory first";
  if (why.value == EISDIR) fix = "name a file";
  if (why.value == ENOSPC || why.value == EDQUOT) fix = "make room there, and do it again";
  return {Code::target_unwritable, "cannot write", where, why, fix};
}

Result<Secret> read_variable(std::string_view text) {
  const std::optional<VariableName> name = VariableName::parse(text);
  if (!name) {
    return Error{Code::usage, "not a variable's name", "command line", "letters, digits and underscores follow env:", "give the name, not the value"};
  }
  char* const value = ::getenv(name->text().c_str());
  if (value == nullptr) {
    return Error{Code::source_missing, "a variable is not set", Public::variable(name->text()), "it is not in our environment", "export it, or give a file"};
  }
  const std::size_t size = std::strlen(value);
  Secret secret = Secret::filled_by(size, [&](char* room, std::size_t all) {
    std::memcpy(room, value, all);
    return all;
  });
  // An editor that we start has no business with it, and nobody else reads it from /proc/PID/environ.
  wipe(value, size);
  ::unsetenv(name->text().c_str());
  return secret;
}

// Whoever gave us the descriptor may have made it one that nobody waits at.
void wait_for_bytes(const Fd& file) { ::fcntl(file.number(), F_SETFL, ::fcntl(file.number(), F_GETFL) & ~O_NONBLOCK); }

Result<Fd> descriptor(std::string_view text) {
  int number = -1;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc{} || end != text.data() + text.size() || number < 0) {
    return Error{Code::usage, "not a descriptor", "command line", "a number follows fd:", "say fd:3, and let the shell open it: 3<file"};
  }
  Fd own = TRY(sys::duplicate(number).or_error([&](Errno why) { return unreadable("descriptor " + Public::number(static_cast<unsigned>(number)), why); }));
  wait_for_bytes(own);
  return own;
}

}  // namespace

Error at(Public where, const age::Failure& failure) { return {Code::source_invalid, age::what(failure.kind), where, failure.why, failure.fix}; }

Public shown_path(const std::string& path) {
  if (sys::exists(path)) return Public::vouched(path);  // a name that is there was no guess
  return Public::path(path);
}

Public shown_place(const std::string& place) {
  if (place == "-") return "standard input";
  if (place.starts_with(kVariable)) return Public::variable(std::string_view{place}.substr(kVariable.size()));
  if (place.starts_with(kDescriptor)) return "a descriptor";
  return shown_path(place);
}

Result<Secret> read_place(const std::string& place, std::size_t limit) {
  const std::string_view text{place};
  if (text.starts_with(kVariable)) return read_variable(text.substr(kVariable.size()));
  const auto failed = [&](Errno why) { return unreadable(shown_place(place), why); };
  const Fd file = text == "-"                      ? TRY(descriptor("0"))
                  : text.starts_with(kDescriptor) ? TRY(descriptor(text.substr(kDescriptor.size())))
                                                  : TRY(sys::open_file_waiting(place).or_error(failed));
  return sys::read_secret(file, limit).or_error(failed);
}

Result<Input> Input::open(const std::optional<std::string>& path) {
  if (is_stream(path)) return Input{TRY(descriptor("0")), "standard input"};
  const Public shown = shown_path(*path);
  Fd file = TRY(sys::open_file_waiting(*path).or_error([&](Errno why) { return unreadable(shown, why); }));
  const sys::Answer<sys::FileStatus> status = sys::status(file);
  if (status && status.value().kind == sys::FileKind::directory) return unreadable(shown, Errno{EISDIR});
  return Input{std::move(file), shown};
}

Result<void> Input::expect_another(const std::string& path) const {
  const sys::Answer<sys::FileStatus> mine = sys::status(file_), theirs = sys::status(path);
  if (!mine || !theirs || mine.value().kind != sys::FileKind::regular) return {};
  if (mine.value().device != theirs.value().device || mine.value().inode != theirs.value().inode) return {};
  return Error{Code::usage, "input and output are one file", shown_, "it would be replaced by what is made of it", "name another file with -o"};
}

bool is_stream(const std::optional<std::string>& path) { return !path || *path == "-"; }

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string resolved(const std::string& path) {
  char* const real = ::realpath(path.c_str(), nullptr);
  if (real == nullptr) return path;
  std::string text{real};
  ::free(real);
  return text;
}

Result<Output> Output::at(const std::string& path, Contents contents) {
  const std::string target = resolved(path);
  const Public shown = shown_path(path);
  const auto failed = [&](Errno why) { return unwritable(shown, why); };
  const sys::Answer<sys::FileStatus> before = sys::status(target);
  if (before && before.value().kind == sys::FileKind::directory) return failed(Errno{EISDIR});
  Fd directory = TRY(sys::open_directory(directory_of(target)).or_error(failed));
  if (before && before.value().kind != sys::FileKind::regular) {
    Output output{std::move(directory), {}, TRY(sys::open_for_writing(target).or_error(failed)), shown, contents};
    output.in_place_ = true;
    return output;
  }
  std::string name = target.substr(target.rfind('/') + 1);
  if (name.empty()) return failed(Errno{EISDIR});
  const mode_t mode = contents == Contents::plain ? kPlainMode : kSealedMode;
  std::string temporary;
  sys::Answer<Fd> file = sys::create_unnamed(directory, mode);
  if (!file) {
    // Not every file system has files without a name (NFS, FUSE).
    temporary = "." + name + "." + sys::random_name();
    file = sys::create_exclusively(directory, temporary, mode);
  }
  Output output{std::move(directory), std::move(name), TRY(std::move(file).or_error(failed)), shown, contents};
  output.temporary_ = std::move(temporary);
  if (before && contents == Contents::sealed) {
    static_cast<void>(sys::set_owner(output.file_, before.value().owner, before.value().group));  // only root may
    TRY(sys::set_mode(output.file_, before.value().mode).or_error(failed));
  }
  return output;
}

Output::~Output() {
  if (!temporary_.empty()) static_cast<void>(sys::remove_file(directory_, temporary_));
}

Result<void, age::Failure> Output::write(const char* bytes, std::size_t size) {
  const sys::Answer<void> written = sys::write_all(file_, bytes, size);
  if (!written) return age::Failure{age::Failed::writing, written.error()};
  return {};
}

Result<void> Output::appear() {
  if (in_place_) return {};
  const auto problem = [&](Errno why) { return unwritable(shown_, why); };
  // What was replaced would be lost with it; content can be opened again.
  if (contents_ == Contents::sealed) TRY(sys::flush(file_).or_error(problem));
  if (temporary_.empty()) {
    // rename(2) replaces what is there, linkat(2) does not: so it has another name for a moment.
    const std::string name = "." + name_ + "." + sys::random_name();
    TRY(sys::give_name(file_, directory_, name).or_error(problem));
    temporary_ = name;
  }
  TRY(sys::rename_over(directory_, temporary_, name_).or_error(problem));
  temporary_.clear();
  return {};
}

Result<void> print(const char* bytes, std::size_t size) {
  const Fd out = TRY(descriptor("1"));
  return sys::write_all(out, bytes, size).or_error([](Errno why) {
    return Error{Code::system, "cannot write to standard output", "standard output", why, "see where it leads"};
  });
}

}  // namespace hushrun::tool
