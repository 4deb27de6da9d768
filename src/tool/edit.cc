// edit: the content lies on a tmpfs while an editor has it.
//
// What is promised: the file, whatever the editor writes beside it, and whatever it keeps in the home directory or in TMPDIR, lie in one private
// directory in memory, which is removed afterwards. What is not: an editor that is told by a system-wide setting to write elsewhere does so, and
// a tmpfs may be swapped out.

#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/log.h"
#include "core/sys_process.h"
#include "tool/commands.h"
#include "tool/content.h"
#include "tool/document.h"
#include "tool/terminal.h"

namespace hushrun::tool {
namespace {

// A signal that ends us while the editor runs: it is passed on, and we clean up.
volatile sig_atomic_t ended_by = 0;
volatile pid_t editor = 0;
void pass_on(int signal) {
  ended_by = signal;
  if (editor > 0) ::kill(editor, signal);
}

bool is_in_memory(const Fd& directory) {
  const sys::Answer<std::uint64_t> kind = sys::file_system(directory);
  return kind && (kind.value() == TMPFS_MAGIC || kind.value() == RAMFS_MAGIC);
}

// What is below a directory, and then nothing.
void remove_contents(const Fd& directory) {
  const sys::Answer<std::vector<sys::Entry>> entries = sys::list(directory, 100'000);
  if (!entries) return;
  for (const sys::Entry& entry : entries.value()) {
    if (sys::remove_file(directory, entry.name)) continue;
    if (const sys::Answer<Fd> below = sys::open_subdirectory(directory, entry.name)) remove_contents(below.value());
    static_cast<void>(sys::remove_directory(directory, entry.name));
  }
}

constexpr std::string_view kDeskPrefix = "hushkit.";

// What an edit that was killed has left behind: nobody holds its lock any more. An empty one may be about to be locked.
void remove_abandoned(const Fd& parent) {
  const sys::Answer<std::vector<sys::Entry>> entries = sys::list(parent, 100'000);
  if (!entries) return;
  for (const sys::Entry& entry : entries.value()) {
    if (!entry.name.starts_with(kDeskPrefix)) continue;
    const sys::Answer<Fd> desk = sys::open_subdirectory(parent, entry.name);
    if (!desk) continue;
    const sys::Answer<sys::FileStatus> status = sys::status(desk.value());
    const sys::Answer<std::vector<sys::Entry>> inside = sys::list(desk.value(), 100'000);
    if (!status || status.value().owner != sys::effective_user() || !inside || inside.value().empty() || !sys::lock(desk.value())) continue;
    remove_contents(desk.value());
    static_cast<void>(sys::remove_directory(parent, entry.name));
  }
}

// A private directory in memory, as long as it lives.
class Desk {
 public:
  static Result<Desk> make() {
    const char* const run = ::getenv("XDG_RUNTIME_DIR");
    for (const std::string& base : {std::string{run != nullptr && *run == '/' ? run : "/dev/shm"}, std::string{"/dev/shm"}, std::string{"/run"}}) {
      sys::Answer<Fd> parent = sys::open_directory(base);
      if (!parent || !is_in_memory(parent.value())) continue;
      remove_abandoned(parent.value());
      const std::string name = std::string{kDeskPrefix} + sys::random_name();
      if (!sys::make_directory(parent.value(), name, 0700)) continue;
      sys::Answer<Fd> directory = sys::open_subdirectory(parent.value(), name);
      if (!directory || !is_in_memory(directory.value()) || !sys::lock(directory.value())) {
        static_cast<void>(sys::remove_directory(parent.value(), name));
        continue;
      }
      return Desk{std::move(parent).value(), std::move(directory).value(), name, base + "/" + name};
    }
    return Error{Code::target_on_disk, "no place to edit", "$XDG_RUNTIME_DIR, /dev/shm, /run", "none of them is a tmpfs that we may write to",
                 "mount a tmpfs on one of them; or change one value at a time with hushkit set, which needs none"};
  }
  Desk(Desk&& other) noexcept = default;
  ~Desk() {
    if (name_.empty()) return;
    remove_contents(directory_);
    static_cast<void>(sys::remove_directory(parent_, name_));
  }

  const Fd& directory() const { return directory_; }
  const std::string& path() const { return path_; }

 private:
  Desk(Fd parent, Fd directory, std::string name, std::string path)
      : parent_{std::move(parent)}, directory_{std::move(directory)}, name_{std::move(name)}, path_{std::move(path)} {}
  Fd parent_, directory_;
  std::string name_, path_;
};

// The sealed file's name without its seal, so that the editor knows the language.
std::string name_on_desk(const std::string& path) {
  std::string name = path.substr(path.rfind('/') + 1);
  for (const std::string_view sealed : {".age", ".asc"}) {
    if (name.ends_with(sealed) && name.size() > sealed.size()) name.resize(name.size() - sealed.size());
  }
  return name;
}

const char* editor_command() {
  for (const char* name : {"VISUAL", "EDITOR"}) {
    if (const char* value = ::getenv(name); value != nullptr && *value != '\0') return value;
  }
  return "vi";
}

// A plain command replaces the shell, so that a signal we pass on reaches the editor itself; `A=1 vi` and the like need the shell.
const char* replacing(std::string_view command) {
  const bool plain = command.find_first_of(";&|()<>$`\n") == std::string_view::npos && command.substr(0, command.find(' ')).find('=') == std::string_view::npos;
  return plain ? "exec " : "";
}

// The shell cuts $EDITOR into words, as git and crontab(1) have it: `code --wait` is two of them.
Result<void> run_editor(const Desk& desk, const std::string& name) {
  const std::string command = editor_command();
  const std::string script = replacing(command) + command + " \"$1\"";
  const std::string file = desk.path() + "/" + name;
  const Public shown = "$VISUAL, $EDITOR or vi";
  const KeptTerminal terminal;
  ended_by = 0;
  struct sigaction action {}, ignore {}, before[5];
  action.sa_handler = pass_on;
  ignore.sa_handler = SIG_IGN;
  // Keys of the terminal are the editor's business.
  constexpr int kSignals[5] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGPIPE};
  for (int i = 0; i < 5; ++i) ::sigaction(kSignals[i], kSignals[i] == SIGTERM || kSignals[i] == SIGHUP ? &action : &ignore, &before[i]);
  // What comes until the handler knows whom to pass it to has to wait.
  const sys::SignalMask mask = sys::block_all_signals();
  const sys::Answer<pid_t> child = sys::fork_child();
  if (child && child.value() == 0) {
    for (int i = 0; i < 5; ++i) ::sigaction(kSignals[i], &before[i], nullptr);
    sys::restore_signals(mask);
    for (const char* place : {"HOME", "TMPDIR", "TMP", "TEMP", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"}) {
      ::setenv(place, desk.path().c_str(), 1);
    }
    for (const char* setting : {"VIMINIT", "GVIMINIT", "EXINIT", "MYVIMRC"}) ::unsetenv(setting);
    if (::chdir(desk.path().c_str()) != 0) _exit(126);
    ::execl("/bin/sh", "sh", "-c", script.c_str(), "sh", file.c_str(), static_cast<char*>(nullptr));
    _exit(127);
  }
  if (child) editor = child.value();
  sys::restore_signals(mask);
  const sys::Answer<int> ended = child ? sys::wait_for(child.value()) : child.error();
  editor = 0;
  for (int i = 0; i < 5; ++i) ::sigaction(kSignals[i], &before[i], nullptr);
  if (!ended) return Error{Code::system, "cannot start the editor", shown, ended.error(), "look at the limits of this user"};
  if (ended_by != 0 || !WIFEXITED(ended.value()) || WEXITSTATUS(ended.value()) != 0) {
    return Error{Code::system, "the editor failed", shown, "it was ended by a signal, or its exit status is not 0", "the sealed file is untouched; set EDITOR to one that works"};
  }
  return {};
}

Result<void> write_down(const Desk& desk, const std::string& name, const Secret& content) {
  const auto failed = [&](Errno why) { return Error{Code::target_unwritable, "cannot write", Public::path(desk.path()), why, "look at the space that is left in memory"}; };
  const Fd file = TRY(sys::create_exclusively(desk.directory(), name, 0600).or_error(failed));
  return sys::write_all(file, age::View{content}.text().data(), content.size()).or_error(failed);
}

// By name, for most editors write a new file and rename it.
Result<Secret> read_back(const Desk& desk, const std::string& name) {
  const auto failed = [&](Errno why) {
    return Error{Code::source_unreadable, "cannot read what was edited", Public::path(desk.path()), why, "the sealed file is untouched; keep the file where it is while editing"};
  };
  const Fd file = TRY(sys::open_beneath(desk.directory(), name).or_error(failed));
  return sys::read_secret(file, kDocumentLimit).or_error(failed);
}

// Where work goes that cannot go where it was meant to.
std::string beside(const std::string& path) {
  const std::string name = path + ".edited";
  return sys::exists(name) ? name + "." + sys::random_name() : name;
}

class Edit final : public Subcommand {
 public:
  void describe(Words& words) override {
    options_.describe(words);
    words.required_word(path_, kFile, "the sealed file");
  }

  Result<ExitCode> run() override {
    TRY(expect_file(path_));
    const Document document = TRY(open_document(options_.keys, path_, Missing::empty));
    // Before somebody types for an hour.
    const Readers readers = TRY(readers_of(options_, path_, document));
    const bool was_good = static_cast<bool>(names_in(document.content, format_of(path_, document.content)));

    const Desk desk = TRY(Desk::make());
    const std::string name = name_on_desk(path_);
    TRY(write_down(desk, name, document.content));
    for (;;) {
      TRY(run_editor(desk, name));
      const Secret edited = TRY(read_back(desk, name));
      if (equal_in_constant_time(edited, document.content)) {
        log::info("{}: unchanged, left as it is", shown_path(path_));
        return ExitCode::success();
      }
      const auto names = names_in(edited, format_of(path_, edited));
      if (names || !was_good) {
        TRY(keep(document, readers, edited));
        return ExitCode::success();
      }
      const Public place = names.error().line > 0 ? shown_path(path_) + ":" + Public::number(names.error().line) : shown_path(path_);
      const Error broken{Code::secret_invalid, "what was edited cannot be read", place, names.error().why, "edit it again; the sealed file is untouched"};
      if (!is_terminal(STDIN_FILENO)) return broken;
      log::report(broken);
      if (!agrees("Enter to edit again, anything else to drop the change: ")) return broken;
    }
  }

 private:
  // Neither somebody else's change nor an hour's work is lost.
  Result<void> keep(const Document& document, const Readers& readers, const Secret& edited) const {
    if (!changed_meanwhile(path_, document)) return seal_document(options_, path_, document, readers, edited);
    const std::string other = beside(path_);
    TRY(seal_document(options_, other, document, readers, edited));
    return Error{Code::target_refused, "the file was changed while it was edited", shown_path(path_), "somebody else has sealed it since it was read",
                 "what you wrote is sealed in " + shown_path(other) + ": hushkit open both, and edit once more"};
  }

  SealOptions options_;
  std::string path_;
};

}  // namespace

Made edit() { return std::make_unique<Edit>(); }

}  // namespace hushrun::tool
