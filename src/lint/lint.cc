#include "lint/lint.h"

#include <algorithm>
#include <map>

#include "core/sys_file.h"
#include "lint/check_context.h"
#include "lint/check_dockerfile.h"
#include "lint/check_yaml.h"
#include "lint/git.h"

namespace hushrun::lint {
namespace {

class Linter {
 public:
  Linter(Fd root, std::string folder, Findings& findings) : root_{std::move(root)}, folder_{std::move(folder)}, findings_{findings} {}

  void look_at_everything() {
    tree_ = walk(root_, findings_);
    for (const std::string& path : tree_.compose_files) look_at_compose(path);
    for (const std::string& path : tree_.workflows) {
      if (const auto file = read_file(root_, path, findings_)) check_workflow(*file, findings_);
    }
    look_at_dockerfiles();
    look_at_git();
  }

  void look_at_one(const std::string& name) {
    if (name.ends_with(".yml") || name.ends_with(".yaml")) {
      const auto file = read_file(root_, name, findings_);
      if (!file) return;
      check_compose(*file, findings_);
      return check_workflow(*file, findings_);
    }
    tree_ = walk(root_, findings_);
    tree_.dockerfiles = {name};
    look_at_dockerfiles();
  }

 private:
  void look_at_compose(const std::string& path) {
    const auto file = read_file(root_, path, findings_);
    if (!file) return;
    ComposeUse use = check_compose(*file, findings_);
    for (ComposeUse::Build& build : use.builds) contexts_.emplace(build.dockerfile, build.context);
    env_files_.insert(env_files_.end(), use.env_files.begin(), use.env_files.end());
    secret_files_.insert(secret_files_.end(), use.secret_files.begin(), use.secret_files.end());
    if (use.reads_dotenv) dotenv_folders_.push_back(folder_of(path));
  }

  void look_at_dockerfiles() {
    for (const std::string& path : env_files_) dotenv_folders_.push_back(folder_of(path));
    for (const Candidate& candidate : tree_.candidates) {
      if (candidate.kind == FileKind::env_template) dotenv_folders_.push_back(folder_of(candidate.path));
    }
    // Named by a compose file, whatever it is called.
    for (const auto& [path, context] : contexts_) {
      if (std::find(tree_.dockerfiles.begin(), tree_.dockerfiles.end(), path) == tree_.dockerfiles.end() && sys::open_beneath(root_, path)) tree_.dockerfiles.push_back(path);
    }
    for (const std::string& path : tree_.dockerfiles) {
      const auto file = read_file(root_, path, findings_);
      if (!file) continue;
      const Dockerfile dockerfile = parse_dockerfile(file->text);
      check_dockerfile(*file, dockerfile, findings_);
      const auto [first, last] = contexts_.equal_range(path);
      if (first == last) look_at_build({*file, dockerfile, likely_context(path, dockerfile)});
      for (auto build = first; build != last; ++build) look_at_build({*file, dockerfile, build->second});
    }
  }

  void look_at_build(const Build& build) {
    const bool uses_env = std::any_of(dotenv_folders_.begin(), dotenv_folders_.end(), [&](const std::string& folder) {
      return build.context.empty() || folder == build.context || folder.starts_with(build.context + "/");
    });
    check_context(build, root_, tree_, uses_env, findings_);
  }

  // Nothing says what is sent to the builder: the folder in which the first source is that is named.
  std::string likely_context(const std::string& path, const Dockerfile& dockerfile) const {
    const std::string own = folder_of(path);
    for (const Instruction& instruction : dockerfile.instructions) {
      if ((instruction.keyword != "COPY" && instruction.keyword != "ADD") || instruction.flag("--from")) continue;
      for (const Word& word : instruction.json_form().value_or(instruction.words())) {
        const bool is_plain = word.text.find_first_of("*?[$<:") == std::string::npos;
        const auto here = join(own, word.text), at_top = join({}, word.text);
        if (!is_plain || !here || !at_top || *here == own) continue;
        if (sys::open_beneath(root_, *here)) return own;
        if (sys::open_beneath(root_, *at_top)) return {};
        break;  // the first source of an instruction
      }
    }
    return own;
  }

  void look_at_git() {
    if (!is_in_repository(folder_)) return;
    std::vector<std::string> paths{".env"};
    for (const Candidate& candidate : tree_.candidates) paths.push_back(candidate.path);
    for (const auto* list : {&env_files_, &secret_files_}) {
      for (const std::string& path : *list) {
        if (!path.empty()) paths.push_back(path);
      }
    }
    const auto answer = ask_git(folder_, paths);
    if (!answer) return findings_.gap({}, audit::Gap::Kind::missing, answer.error());
    for (const Candidate& candidate : tree_.candidates) look_at_candidate(candidate, answer.value());
    for (const std::string& path : secret_files_) look_at_secret_file(path, answer.value());
    const bool has_env = sys::open_beneath(root_, ".env") ? true : false;
    const bool uses_env = std::find(dotenv_folders_.begin(), dotenv_folders_.end(), std::string{}) != dotenv_folders_.end();
    if (!has_env && uses_env && !answer.value().ignored.contains(".env")) {
      findings_.add(std::string{".gitignore"}, Level::note, "env-not-gitignored", "an .env would be committed by git add", "write .env* into .gitignore, and !.env.example");
    }
  }

  void look_at_candidate(const Candidate& candidate, const GitAnswer& git) {
    const bool is_env = candidate.kind == FileKind::env;
    const FileContent content = candidate.content;
    if (content == FileContent::harmless || candidate.kind == FileKind::env_template) return;
    const bool ignored = git.ignored.contains(candidate.path), tracked = git.tracked.contains(candidate.path);
    if (ignored && !tracked) return;
    Level level = content == FileContent::secret && tracked ? Level::error : content == FileContent::secret ? Level::warning : Level::note;
    if (is_for_tests(candidate.path)) level = Level::note;
    if (ignored) {
      return findings_.add(candidate.path, level, "gitignored-but-tracked", "it is in .gitignore, and committed all the same",
                           "rotate what is in it, then git rm --cached; the history keeps it");
    }
    const bool by_compose = std::find(env_files_.begin(), env_files_.end(), candidate.path) != env_files_.end();
    Public message = "it is not in .gitignore: git add takes it along";
    Public fix = "write it into .gitignore";
    if (tracked) {
      message = "it is committed";
      fix = "rotate what is in it, take it out of the repository, and write it into .gitignore; the history keeps it";
    }
    if (by_compose) findings_.add(candidate.path, level, "env-file-not-gitignored", message, fix);
    else if (is_env) findings_.add(candidate.path, level, "env-not-gitignored", message, fix);
    else findings_.add(candidate.path, level, "secret-file-not-gitignored", message, fix);
  }

  // What a compose file mounts as a secret holds nothing but that.
  void look_at_secret_file(const std::string& path, const GitAnswer& git) {
    const auto file = sys::open_beneath(root_, path);
    const auto text = file ? sys::read_beginning(file.value(), 4096) : sys::Answer<std::string>{file.error()};
    if (!text || git.ignored.contains(path) || worth(text.value()) == Worth::nothing) return;
    const bool tracked = git.tracked.contains(path);
    const Level level = worth(text.value()) != Worth::literal ? Level::note : tracked ? Level::error : Level::warning;
    Public message = "a compose file mounts it as a secret, and it is not in .gitignore";
    if (tracked) message = "a compose file mounts it as a secret, and it is committed";
    findings_.add(path, level, "secret-file-not-gitignored", message, "rotate it if it was ever committed, write it into .gitignore, or seal it with hushkit seal");
  }

  Fd root_;
  std::string folder_;
  Findings& findings_;
  Tree tree_;
  std::multimap<std::string, std::string> contexts_;  // of Dockerfiles, as compose files say
  std::vector<std::string> env_files_;
  std::vector<std::string> secret_files_;
  std::vector<std::string> dotenv_folders_;  // where an env file belongs, says a compose file or a template
};

}  // namespace

Result<audit::Outcome> lint(const std::string& path) {
  const auto unreadable = [&](Errno why) {
    return Error{Code::source_unreadable, "cannot look at it", Public::path(path), why, "name a folder, a Dockerfile or a compose file that can be read"};
  };
  const sys::FileStatus status = TRY(sys::status(path).or_error(unreadable));
  const bool is_folder = status.kind == sys::FileKind::directory;
  std::string folder = is_folder ? path : folder_of(path);
  if (folder.empty()) folder = path.starts_with('/') ? "/" : ".";
  Findings findings{folder};
  Linter linter{TRY(sys::open_directory(folder).or_error(unreadable)), folder, findings};
  if (is_folder) linter.look_at_everything();
  else linter.look_at_one(path.substr(path.rfind('/') + 1));
  return findings.take();
}

}  // namespace hushrun::lint
