#include "plan/plan.h"

#include <algorithm>
#include <map>

namespace hushrun {
namespace {

std::optional<Error> clash(std::map<std::string, Place>& seen, const std::string& key, Literal what, const Place& place) {
  const auto [found, is_new] = seen.try_emplace(key, place);
  if (is_new) return std::nullopt;
  return Error{Code::config_invalid, what, place.shown(), "already given at " + found->second.shown(), "take one of the two away"};
}

// The path without empty and `.` components: `a` and `./a` are one file. A target has no `..`.
std::string tidied(const std::string& path) {
  std::string out{path.starts_with('/') ? "/" : ""};
  for (std::size_t start = 0; start < path.size();) {
    const std::size_t slash = std::min(path.find('/', start), path.size());
    const std::string_view part = std::string_view{path}.substr(start, slash - start);
    start = slash + 1;
    if (part.empty() || part == ".") continue;
    if (!out.empty() && !out.ends_with('/')) out += '/';
    out += part;
  }
  return out;
}

}  // namespace

Public target_shown(const std::variant<ToVariable, ToFile>& target) {
  if (const auto* variable = std::get_if<ToVariable>(&target)) return Public::variable(variable->name.text());
  return Public::path(std::get<ToFile>(target).path);
}

Result<Plan, Problems> Plan::from(Config&& config, const Environment& environment) {
  Plan plan;
  Problems problems;
  std::map<std::string, Place> variables, files;

  plan.automatic_ = config.automatic.value_or(config.variables.empty() && config.files.empty());
  plan.process_ = std::move(config.process);
  plan.sources_ = std::move(config.sources);
  if (plan.sources_.empty()) {
    plan.sources_.push_back({DirectorySource{"/run/secrets"}, true, {"the default sources", {}}});
    if (const auto directory = environment.find("CREDENTIALS_DIRECTORY"); directory && directory->starts_with('/')) {
      plan.sources_.push_back({DirectorySource{std::string{*directory}}, true, {"variable CREDENTIALS_DIRECTORY", {}}});
    }
  }

  plan.bindings_.reserve(config.variables.size() + config.files.size());
  for (VariableConfig& variable : config.variables) {
    if (auto error = clash(variables, variable.name.text(), "variable given twice", variable.place)) problems.add(*error);
    plan.bindings_.push_back({std::move(variable.wanted), ToVariable{std::move(variable.name), variable.keep_existing}, Origin::written,
                              std::move(variable.place)});
  }
  for (FileConfig& file : config.files) {
    if (auto error = clash(files, tidied(file.path), "file given twice", file.place)) problems.add(*error);
    if (file.variable) {
      if (auto error = clash(variables, file.variable->text(), "variable given twice", file.place)) problems.add(*error);
    }
    plan.bindings_.push_back({std::move(file.wanted),
                              ToFile{std::move(file.path), file.as, file.mode, std::move(file.owner), std::move(file.variable),
                                     file.disk_allowed},
                              Origin::written, std::move(file.place)});
  }
  if (plan.bindings_.size() > kBindingsLimit) {
    problems.add(Error{Code::config_invalid, "too many bindings", plan.bindings_[kBindingsLimit].place.shown(), "more than 4096 were asked for",
                       "deliver a file with many values instead"});
  }
  if (!problems.empty()) return problems;
  return plan;
}

void Plan::allow_empty() {
  for (Binding& binding : bindings_) {
    if (auto* wanted = std::get_if<Wanted>(&binding.value)) wanted->allow_empty = true;
  }
}

void Plan::add(Automatic&& found) {
  if (bindings_.empty()) {
    bindings_ = std::move(found.bindings);
  } else {
    for (Binding& binding : found.bindings) bindings_.push_back(std::move(binding));
  }
  for (std::string& entry : found.taken_out) taken_out_.push_back(std::move(entry));
}

}  // namespace hushrun
