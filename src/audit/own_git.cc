#include "audit/own_git.h"

#include <filesystem>

#include "core/sys_file.h"
#include "core/sys_process.h"
#include "core/sys_spawn.h"

namespace hushrun::audit {
namespace {

constexpr Public kNoGit = "git is not installed";
constexpr std::size_t kLargestConfig = std::size_t{1} << 20;

std::string path_of(const std::string& name) { return "/tmp/" + name; }

// With another format than the repository's git lists nothing, and says that all is well.
bool has_sha256(const std::string& directory) {
  const auto file = sys::open_file(directory + "/config");
  const auto text = file ? sys::read_text(file.value(), kLargestConfig) : sys::Answer<std::string>{file.error()};
  return text && text.value().find("sha256") != std::string::npos;
}

sys::Answer<void> write(const Fd& folder, const std::string& name, std::string_view text) {
  const Fd file = TRY(sys::create_exclusively(folder, name, 0600));
  return sys::write_all(file, text.data(), text.size());
}

// What git takes for a repository (gitrepository-layout(5)).
sys::Answer<void> fill(const Fd& folder, bool sha256) {
  TRY(sys::make_directory(folder, "objects", 0700));
  TRY(sys::make_directory(folder, "refs", 0700));
  TRY(write(folder, "HEAD", "ref: refs/heads/main\n"));
  return write(folder, "config", sha256 ? "[core]\nrepositoryformatversion = 1\n[extensions]\nobjectformat = sha256\n" : "[core]\nrepositoryformatversion = 0\n");
}

}  // namespace

Result<OwnGit, Public> OwnGit::beside(const std::string& directory) {
  std::string program;
  for (const char* path : {"/usr/bin/git", "/usr/local/bin/git", "/bin/git"}) {
    if (program.empty() && sys::is_executable(path)) program = path;
  }
  if (program.empty()) return kNoGit;
  const auto failed = [](Errno why) { return "cannot make a folder in /tmp: " + Why{why}.words(); };
  const Fd parent = TRY(sys::open_directory("/tmp").or_error(failed));
  const std::string name = "hushkit-" + sys::random_name();
  TRY(sys::make_directory(parent, name, 0700).or_error(failed));
  OwnGit own{std::move(program), name};
  const Fd folder = TRY(sys::open_subdirectory(parent, name).or_error(failed));
  TRY(fill(folder, has_sha256(directory)).or_error(failed));
  return own;
}

OwnGit::OwnGit(OwnGit&& other) noexcept : program_{std::move(other.program_)}, name_{std::exchange(other.name_, {})} {}

OwnGit::~OwnGit() {
  if (name_.empty()) return;
  std::error_code ignored;
  std::filesystem::remove_all(path_of(name_), ignored);
}

std::vector<std::string> OwnGit::environment(std::vector<std::string> more) const {
  more.insert(more.end(), {"GIT_DIR=" + path_of(name_), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_NO_LAZY_FETCH=1", "LC_ALL=C", "HOME=/nonexistent"});
  return more;
}

}  // namespace hushrun::audit
