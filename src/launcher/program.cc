#include "launcher/program.h"

#include <elf.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "core/sys_process.h"
#include "init/child.h"

namespace hushrun {
namespace {

/// confstr(3), _CS_PATH: what execvp(3) searches where PATH is not set.
constexpr std::string_view kDefaultPath = "/bin:/usr/bin";

std::string_view search_path(char* const* environment) {
  for (; *environment != nullptr; ++environment) {
    if (std::strncmp(*environment, "PATH=", 5) == 0) return *environment + 5;
  }
  return kDefaultPath;
}

// The candidates for a program's name, in order. An empty element of PATH is the working directory; an empty name is nowhere.
template <class Try>
void each_candidate(std::string_view program, char* const* environment, Try&& attempt) {
  if (program.empty()) return;
  if (program.find('/') != std::string_view::npos) {
    attempt(std::string{program});
    return;
  }
  std::string_view rest = search_path(environment);
  for (bool more = true; more;) {
    const std::size_t colon = rest.find(':');
    const std::string_view directory = rest.substr(0, colon);
    more = colon != std::string_view::npos;
    if (more) rest.remove_prefix(colon + 1);
    std::string path{directory.empty() ? std::string_view{"."} : directory};
    if (!attempt((path += '/') += program)) return;
  }
}

// One candidate's answer, on top of those before it.
void take(ExecFailure& failure, Errno error, const std::string& path) {
  // EACCES seen once outlives later ENOENTs: 126, not 127.
  if (error.value != ENOENT && !(failure.error.value == EACCES && init::search_goes_on(error.value))) failure = {error, path};
  if (error.value == ENOENT && failure.path.empty() && sys::exists(path)) failure.path = path;
}

std::string beginning_of(const std::string& path) {
  const sys::Answer<Fd> file = sys::open_file(path);
  if (!file) return {};
  sys::Answer<std::string> text = sys::read_beginning(file.value(), 4096);
  return text ? std::move(text).value() : std::string{};
}

// The interpreter a `#!` line names; a CR that an editor on Windows left is part of it.
std::optional<std::string> script_interpreter(std::string_view text) {
  if (!text.starts_with("#!")) return std::nullopt;
  text.remove_prefix(2);
  text = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  return std::string{text.substr(0, text.find_first_of(" \t"))};
}

// PT_INTERP of an ELF file: the loader that must be in the image.
std::optional<std::string> elf_loader(std::string_view text) {
  Elf64_Ehdr header;
  if (text.size() < sizeof header || !text.starts_with(ELFMAG)) return std::nullopt;
  std::memcpy(&header, text.data(), sizeof header);
  if (header.e_ident[EI_CLASS] != ELFCLASS64) return std::nullopt;
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr part;
    const std::size_t at = header.e_phoff + i * sizeof part;
    if (at > text.size() || text.size() - at < sizeof part) return std::nullopt;
    std::memcpy(&part, text.data() + at, sizeof part);
    if (part.p_type != PT_INTERP || part.p_offset > text.size() || part.p_filesz > text.size() - part.p_offset) continue;
    const std::string_view loader = text.substr(part.p_offset, part.p_filesz);
    return std::string{loader.substr(0, loader.find('\0'))};
  }
  return std::nullopt;
}

#if defined(__x86_64__)
constexpr unsigned kMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr unsigned kMachine = EM_AARCH64;
#else
constexpr unsigned kMachine = EM_NONE;
#endif

Why format_problem(std::string_view text) {
  Elf64_Ehdr header;
  if (text.empty()) return "the file is empty";
  if (text.starts_with(ELFMAG) && text.size() >= sizeof header) {
    std::memcpy(&header, text.data(), sizeof header);
    if (kMachine != EM_NONE && header.e_machine != kMachine) return "it was built for another architecture";
    return "it is a broken ELF file";
  }
  if (text.starts_with("\xef\xbb\xbf#!")) return "a byte order mark stands before its #! line";
  if (text.starts_with("#!")) return "its #! line names no interpreter";
  return "it is no program: a script needs a #! line (no shell is tried)";
}

}  // namespace

Public shown_program(const char* program) {
  const std::string_view text{program};
  if (text.empty()) return "a command whose name is empty";
  if (text.find('/') != std::string_view::npos || could_be_a_key(text)) return Public::path(text);
  return Public::vouched(text);
}

ExecFailure execute_by_path(char* const* argv, char* const* environment) {
  ExecFailure failure{Errno{ENOENT}, {}};
  each_candidate(argv[0], environment, [&](const std::string& path) {
    const Errno error = sys::execute(path.c_str(), argv, environment);
    take(failure, error, path);
    return init::search_goes_on(error.value);
  });
  return failure;
}

std::vector<std::string> candidates(const char* program, char* const* environment) {
  std::vector<std::string> all;
  each_candidate(program, environment, [&](const std::string& path) {
    all.push_back(path);
    return true;
  });
  return all;
}

ExecFailure failure_of(std::span<const std::string> tried, std::span<const int> answers) {
  ExecFailure failure{Errno{ENOENT}, {}};
  for (std::size_t i = 0; i < tried.size() && answers[i] != 0; ++i) take(failure, Errno{answers[i]}, tried[i]);
  return failure;
}

Error describe_failure(const ExecFailure& failure, const char* program) {
  const Public where = failure.path.empty() ? shown_program(program) : Public::path(failure.path);
  if (failure.error.value == ENOENT && failure.path.empty()) {
    return {Code::command_not_found, "command not found", where,
            std::strchr(program, '/') != nullptr ? Why{"there is no such file"} : Why{"no directory of PATH has it"},
            "correct CMD or the command after --, or install it in the image"};
  }
  if (failure.error.value == ENOENT) {
    const std::string text = beginning_of(failure.path);
    const std::optional<std::string> interpreter = script_interpreter(text);
    if (interpreter && interpreter->ends_with('\r')) {
      return {Code::command_not_found, "the script's interpreter is missing", where, "its #! line ends in a carriage return",
              "save the script with Unix line ends"};
    }
    if (interpreter) {
      return {Code::command_not_found, "the script's interpreter is missing", where, "its #! line names " + Public::path(*interpreter),
              "install the interpreter in the image, or correct the #! line"};
    }
    if (const std::optional<std::string> loader = elf_loader(text)) {
      return {Code::command_not_found, "the program's loader is missing", where, "it needs " + Public::path(*loader),
              "use an image with that libc (musl and glibc do not mix), or link the program statically"};
    }
    return {Code::command_not_found, "command not found", where, failure.error, "correct CMD or the command after --"};
  }
  if (failure.error.value == ENOEXEC) {
    return {Code::command_not_executable, "command cannot be executed", where, format_problem(beginning_of(failure.path)),
            "give the image a program for this machine"};
  }
  if (failure.error.value == E2BIG) {
    return {Code::command_not_executable, "command cannot be executed", where, "arguments and environment together are too large for the kernel",
            "deliver large secrets as files, under files:"};
  }
  if (failure.error.value == EAGAIN) {
    return {Code::command_not_executable, "command cannot be executed", where, "the process limit of its user is used up (EAGAIN)",
            "raise RLIMIT_NPROC, or the pids limit"};
  }
  if (failure.error.value == EACCES) {
    return {Code::command_not_executable, "command cannot be executed", where, failure.error,
            "make it executable for the user it runs as (chmod +x), and its directories searchable"};
  }
  return {Code::command_not_executable, "command cannot be executed", where, failure.error, "see execve(2)"};
}

std::optional<Error> missing_program(const char* program, char* const* environment) {
  ExecFailure failure{Errno{ENOENT}, {}};
  bool found = false;
  each_candidate(program, environment, [&](const std::string& path) {
    const sys::Answer<sys::FileStatus> status = sys::status(path);
    if (!status) return true;
    if (status.value().kind == sys::FileKind::regular && sys::is_executable(path)) {
      found = true;
      return false;
    }
    failure = {Errno{EACCES}, path};
    return true;
  });
  if (found) return std::nullopt;
  return describe_failure(failure, program);
}

}  // namespace hushrun
