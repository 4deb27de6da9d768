#pragma once
// Places a secret may be read from, and files that appear only when they are good.

#include <optional>
#include <string>

#include "age/bytes.h"
#include "core/sys_file.h"

namespace hushrun::tool {

/// A failure of the format, at a place.
Error at(Public where, const age::Failure& failure);

/// How a path is named in messages: a file that is there has its name; what leads nowhere may be a value in a path's place.
Public shown_path(const std::string& path);

/// FILE, env:VARIABLE, fd:NUMBER or - (standard input), whole. The variable is wiped and taken out of our environment.
Result<Secret> read_place(const std::string& place, std::size_t limit);
/// How a place is named in messages.
Public shown_place(const std::string& place);

/// What a command reads: a file, or standard input.
class Input {
 public:
  static Result<Input> open(const std::optional<std::string>& path);
  const Fd& file() const { return file_; }
  Public shown() const { return shown_; }
  /// An error if `path` is the very file that is read: what is written would take its place.
  Result<void> expect_another(const std::string& path) const;

 private:
  Input(Fd file, Public shown) : file_{std::move(file)}, shown_{shown} {}
  Fd file_;
  Public shown_;
};

enum class Contents { sealed, plain };

/// A file that is written beside its place, mostly without a name, and takes it when `appear` is called: before that nobody sees it, and
/// if it is never called nothing is left. A device or a pipe is written as it is.
class Output final : public age::Writer {
 public:
  /// Plain content is for us alone (0600). A sealed file has the mode and owner of the one it replaces, or what the umask leaves.
  static Result<Output> at(const std::string& path, Contents contents);
  Output(Output&& other) noexcept = default;
  ~Output() override;

  Result<void, age::Failure> write(const char* bytes, std::size_t size) override;
  Result<void> appear();
  Public shown() const { return shown_; }

 private:
  Output(Fd directory, std::string name, Fd file, Public shown, Contents contents)
      : directory_{std::move(directory)}, name_{std::move(name)}, file_{std::move(file)}, shown_{shown}, contents_{contents} {}

  Fd directory_;
  std::string name_;
  Fd file_;
  Public shown_;
  Contents contents_;
  std::string temporary_;  // none: it has no name yet
  bool in_place_ = false;
};

/// True if a path stands for a standard stream.
bool is_stream(const std::optional<std::string>& path);
/// The directory a path lies in.
std::string directory_of(const std::string& path);
/// A path with its symbolic links followed; as it is where it leads nowhere yet.
std::string resolved(const std::string& path);

/// The standard output, whole.
Result<void> print(const char* bytes, std::size_t size);

}  // namespace hushrun::tool
