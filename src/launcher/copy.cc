#include "launcher/copy.h"

#include <elf.h>
#include <sys/auxv.h>

#include <cerrno>

#include "core/sys_file.h"
#include "core/sys_process.h"

namespace hushrun {
namespace {

// The inode we were started from, even if its name is gone by now; without /proc the name execve(2) was given.
sys::Answer<Fd> open_self() {
  sys::Answer<Fd> self = sys::open_file("/proc/self/exe");
  if (self) return self;
  const char* name = reinterpret_cast<const char*>(::getauxval(AT_EXECFN));
  return sys::open_file(name != nullptr ? name : "");
}

}  // namespace

Result<void> copy_self(const std::string& path) {
  const auto failed = [&](Errno error) {
    return Error{Code::target_unwritable, "cannot copy hushrun", Public::path(path), error, "name a path in a directory that exists and can be written"};
  };
  std::string target = path;
  const sys::Answer<sys::FileStatus> there = sys::status(path);
  if (there && there.value().kind == sys::FileKind::directory) target += "/hushrun";
  const std::size_t slash = target.rfind('/');
  const std::string directory_path = slash == std::string::npos ? "." : slash == 0 ? "/" : target.substr(0, slash);
  const std::string name = target.substr(slash == std::string::npos ? 0 : slash + 1);
  if (name.empty()) return failed(Errno{ENOENT});

  const Fd self = TRY(open_self().or_error(failed));
  const Fd directory = TRY(sys::open_directory(directory_path).or_error(failed));
  const std::string temporary = ".hushrun-" + sys::random_name();
  const auto copied = [&]() -> sys::Answer<void> {
    const Fd file = TRY(sys::create_exclusively(directory, temporary, 0755));
    TRY(sys::copy_contents(self, file));
    TRY(sys::set_mode(file, 0755));
    return {};
  }();
  const sys::Answer<void> moved = copied ? sys::rename_over(directory, temporary, name) : copied;
  if (moved) return {};
  static_cast<void>(sys::remove_file(directory, temporary));
  return failed(moved.error());
}

}  // namespace hushrun
