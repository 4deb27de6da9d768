#include "options/load.h"

#include <algorithm>
#include <array>

#include "core/sys_file.h"
#include "core/sys_process.h"

namespace hushrun {
namespace {

constexpr std::array kPlaces = {"hushrun.yaml", "/etc/hushrun/hushrun.yaml"};

std::optional<std::string> found_config(const Options& options) {
  if (options.config) return options.config;
  if (options.no_config) return std::nullopt;
  for (const char* path : kPlaces) {
    // access(2) needs no descriptor: at RLIMIT_NOFILE 3 a config that is not there is still no error.
    if (sys::exists(path)) return path;
  }
  return std::nullopt;
}

Result<std::string> read_config(const std::string& path, const Place& place) {
  const auto refused = [&](Code code, Literal what, Why why, Public fix) {
    return Error{code, what, place.text.empty() ? Public::path(path) : Public::path(path) + ", " + place.shown(), why, fix};
  };
  const Fd file = TRY(sys::open_file(path).or_error([&](Errno error) {
    if (error.value == ENOENT) return refused(Code::config_missing, "config is missing", error, "mount it, or correct its path");
    return refused(Code::config_unreadable, "cannot read config", error, "make it readable for the user that starts hushrun");
  }));
  const auto unreadable = [&](Errno error) {
    if (error.value == EFBIG) return refused(Code::config_invalid, "config is too large", "more than 1 MiB", "it holds names and places only; keep values out of it");
    return refused(Code::config_unreadable, "cannot read config", error, "make it readable for the user that starts hushrun");
  };
  const sys::FileStatus status = TRY(sys::status(file).or_error(unreadable));
  if (status.kind != sys::FileKind::regular) {
    return refused(Code::config_unreadable, "config is not a file", status.kind == sys::FileKind::directory ? Why{"it is a directory"} : Why{"it is not a regular file"},
                   "mount the file itself; Docker makes a directory where the host has no file");
  }
  if (status.owner != 0 && status.owner != sys::effective_user()) {
    return refused(Code::config_untrusted, "config belongs to somebody else", "it is neither ours nor root's, and it may name programs to run",
                   "chown it to the user that starts hushrun, or to root");
  }
  if ((status.mode & 022) != 0) {
    return refused(Code::config_untrusted, "config can be written by others", "its mode lets a group or others write, and it may name programs to run",
                   "chmod go-w it");
  }
  return TRY(sys::read_text(file, kConfigLimit).or_error(unreadable));
}

// What the command line gives for a target takes the place of what the config says of it.
template <class Item, class Same>
void lay_over(std::vector<Item>& configured, std::vector<Item>& given, Same&& same) {
  for (Item& item : given) {
    std::erase_if(configured, [&](const Item& other) { return same(other, item); });
  }
  for (Item& item : given) configured.push_back(std::move(item));
}

// Keys of the command line may open every sealed source. Where there is none nobody would take them from the application.
Result<void> add_keys(std::vector<SourceConfig>& sources, const Options& options) {
  if (options.identities.empty() && !options.passphrase) return {};
  bool any = false;
  for (SourceConfig& source : sources) {
    auto* age = std::get_if<AgeSource>(&source.kind);
    auto* ejson = std::get_if<EjsonSource>(&source.kind);
    if (age == nullptr && ejson == nullptr) continue;
    any = true;
    std::vector<KeyPlace>& places = age != nullptr ? age->identities : ejson->identities;
    places.insert(places.begin(), options.identities.begin(), options.identities.end());
    if (age != nullptr && options.passphrase) age->passphrase = options.passphrase;
  }
  if (any) return {};
  const Place& place = options.identities.empty() ? options.passphrase->place : options.identities.front().place;
  return Error{Code::usage, "option without effect", place.text, "no source is a sealed file", "name one with -s age:FILE, or take the option out"};
}

}  // namespace

Result<Config, Problems> load_config(Options& options) {
  Config config;
  const std::optional<std::string> path = found_config(options);
  if (path) {
    const std::string text = TRY(read_config(*path, options.config ? options.config_place : Place{}));
    config = TRY(parse_config(text, *path, options.profile));
  } else if (options.profile) {
    return Error{Code::usage, "profile without a config", "option --profile", "there is no hushrun.yaml to take it from", "name one with --config"};
  }

  lay_over(config.variables, options.variables, [](const VariableConfig& a, const VariableConfig& b) { return a.name == b.name; });
  lay_over(config.files, options.files, [](const FileConfig& a, const FileConfig& b) { return a.path == b.path; });
  std::move(config.sources.begin(), config.sources.end(), std::back_inserter(options.sources));
  config.sources = std::move(options.sources);
  TRY(add_keys(config.sources, options));
  if (options.user) config.process.user = options.user;
  if (options.mode) {
    config.process.mode = *options.mode;
    config.process.exec_is_written = *options.mode == Mode::exec;
  }
  if (options.redact) config.process.redact = {true, true};
  if (config.process.redact.any()) {
    if (config.process.exec_is_written) {
      return Error{Code::usage, "redaction without a supervisor", "exec and redact", "with exec nobody is left between the application and its log",
                   "take one of them out"};
    }
    config.process.mode = Mode::supervise;
  }
  if (options.stop_timeout) config.process.stop_timeout = *options.stop_timeout;
  if (options.group) config.process.group = true;
  if (!options.rewrite.empty()) config.process.rewrite = options.rewrite;
  if (options.supervise_only && config.process.mode == Mode::exec) {
    return Error{Code::usage, "option without effect", options.supervise_only->text, "with --exec we are replaced, and nobody is left to do it",
                 "add --supervise, or take the option out"};
  }
  if (options.log_level) config.log.level = options.log_level;
  if (options.log_format) config.log.format = options.log_format;
  return config;
}

}  // namespace hushrun
