#include "plan/automatic.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace hushrun {
namespace {

// ld.so(8), bash(1), dash(1), locale(7), node(1), python(1), perlrun(1), ruby(1), java(1), git(1). Doppler warns about such
// names, Infisical drops them.
constexpr std::array<std::string_view, 50> kSteering = {
    "BASHOPTS", "BASH_ENV", "CDPATH", "CLASSPATH", "EDITOR", "ENV", "GCONV_PATH", "GETCONF_DIR", "GIT_ASKPASS",
    "GIT_EXEC_PATH", "GIT_EXTERNAL_DIFF", "GIT_SSH", "GIT_SSH_COMMAND", "GLIBC_TUNABLES", "GLOBIGNORE", "HOME",
    "HOSTALIASES", "IFS", "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "LISTEN_FDNAMES", "LISTEN_FDS", "LISTEN_PID", "LOCPATH",
    "MALLOC_TRACE", "NLSPATH", "NODE_OPTIONS", "NODE_PATH", "OPENSSL_CONF", "PAGER", "PATH", "PERL5DB", "PERL5LIB",
    "PERL5OPT", "PERLLIB", "PROMPT_COMMAND", "PS4", "PYTHONHOME", "PYTHONINSPECT", "PYTHONPATH", "PYTHONSTARTUP",
    "RES_OPTIONS", "RUBYLIB", "RUBYOPT", "SHELL", "SHELLOPTS", "TMPDIR", "VISUAL", "ZDOTDIR", "_JAVA_OPTIONS"};
static_assert(std::is_sorted(kSteering.begin(), kSteering.end()));
constexpr std::array<std::string_view, 5> kSteeringPrefixes = {"LD_", "BASH_FUNC_", "DYLD_", "HUSHRUN_", "GIT_CONFIG"};

Error conflict(Literal what, std::string_view variable, Public why, Public fix) {
  return {Code::variable_conflict, what, Public::variable(variable), why, fix};
}

}  // namespace

std::optional<std::string_view> pointed_variable(std::string_view entry_name) {
  std::string_view variable;
  if (entry_name.starts_with("FILE__")) {
    variable = entry_name.substr(6);
  } else if (entry_name.ends_with("_FILE")) {
    variable = entry_name.substr(0, entry_name.size() - 5);
  }
  if (!VariableName::parse(variable)) return std::nullopt;
  return variable;
}

std::optional<VariableName> variable_for(std::string_view secret_name) {
  std::string variable{secret_name};
  for (char& c : variable) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    if (c == '-' || c == '.') c = '_';
  }
  return VariableName::parse(variable);
}

bool steers_a_program(std::string_view variable) {
  return std::binary_search(kSteering.begin(), kSteering.end(), variable) ||
         std::any_of(kSteeringPrefixes.begin(), kSteeringPrefixes.end(), [&](std::string_view prefix) { return variable.starts_with(prefix); });
}

Result<Automatic, Problems> automatic_bindings(const Plan& plan, const Environment& environment, std::span<const Offer> offers,
                                               std::span<const PointedAt> pointed) {
  Automatic result;
  Problems problems;
  std::set<std::string_view> written;   // variables that the config gives itself
  std::set<std::string_view> named;     // secrets that the config or a claim has taken
  for (const Binding& binding : plan.bindings()) {
    if (const auto* variable = std::get_if<ToVariable>(&binding.target)) written.insert(variable->name.text());
    if (const auto* file = std::get_if<ToFile>(&binding.target); file != nullptr && file->variable) written.insert(file->variable->text());
    const auto& wanted = std::get<Wanted>(binding.value);
    if (const auto* reference = std::get_if<Reference>(&wanted.from)) named.insert(reference->name.text());
    if (const auto* text = std::get_if<Template>(&wanted.from)) {
      for (const Template::Part& part : text->parts) {
        if (const auto* reference = std::get_if<Reference>(&part)) named.insert(reference->name.text());
      }
    }
  }

  std::map<std::string_view, std::string_view> claimed;  // variable → the entry that claims it
  for (const PointedAt& entry : pointed) {
    if (steers_a_program(entry.variable)) {
      result.warnings.push_back({Code::variable_refused, "variable is never written by itself", Public::variable(entry.variable),
                                 "it steers a loader, a shell or an interpreter", "map it in hushrun.yaml under env, if it is really meant"});
      continue;
    }
    named.insert(entry.file.relative);
    result.taken_out.emplace_back(entry.entry);
    const auto [other, is_new] = claimed.try_emplace(entry.variable, entry.entry);
    if (!is_new) {
      problems.add(conflict("variable is pointed at twice", entry.variable, Public::variable(other->second) + " and " + Public::variable(entry.entry) + " are both set",
                            "unset one of the two"));
      continue;
    }
    const std::optional<std::string_view> existing = environment.find(entry.variable);
    if (existing && !existing->empty() && !written.contains(entry.variable)) {
      problems.add(conflict("variable and its _FILE form are both set", entry.variable, Public::variable(entry.variable) + " and " + Public::variable(entry.entry) + " exclude each other",
                            "unset one of the two"));
      continue;
    }
    // A variable that the config writes itself keeps the config's value; the entry is taken out all the same.
    if (written.contains(entry.variable)) continue;
    result.bindings.push_back({Pointed{entry.file, std::string{entry.entry}}, ToVariable{*VariableName::parse(entry.variable)},
                               Origin::claimed, {"variable " + Public::variable(entry.entry), {}}});
  }

  std::map<std::string_view, std::string_view> given;  // variable → the secret that falls on it; views of `result`, which does not grow
  std::set<std::string_view> seen;
  std::size_t count = result.bindings.size();
  for (const Offer& offer : offers) count += offer.names.size();
  result.bindings.reserve(count);
  for (const Offer& offer : offers) {
    for (const Skipped& skipped : offer.skipped) {
      result.warnings.push_back({Code::variable_refused, "not taken for a secret", skipped.where, skipped.why, "rename it, or take it away"});
    }
    for (const Name& name : offer.names) {
      const std::string& text = name.text();
      // The first source that has a name gives its value.
      if (named.contains(text) || (offers.size() > 1 && !seen.insert(text).second)) continue;
      const std::optional<VariableName> variable = variable_for(text);
      if (!variable) {
        // The name was found in a listing: it is a name, not a value.
        result.warnings.push_back({Code::variable_refused, "secret has a name no variable can have", Public::vouched(text),
                                   "a variable's name has letters, digits and _, and does not begin with a digit",
                                   "rename it, or map it in hushrun.yaml under env"});
        continue;
      }
      if (steers_a_program(variable->text())) {
        result.warnings.push_back({Code::variable_refused, "variable is never written by itself", Public::vouched(text),
                                   "it steers a loader, a shell or an interpreter",
                                   "map it in hushrun.yaml under env, if it is really meant"});
        continue;
      }
      if (written.contains(variable->text()) || claimed.contains(variable->text())) continue;
      if (const auto other = given.find(variable->text()); other != given.end()) {
        problems.add(conflict("two secrets fall on one variable", variable->text(), Public::vouched(other->second) + " and " + Public::vouched(text),
                              "rename one of them, or map both in hushrun.yaml under env"));
        continue;
      }
      Wanted wanted{Reference{name, {}, false, {}}};
      result.bindings.push_back({std::move(wanted), ToVariable{*variable}, Origin::automatic, {"found in the sources", {}}});
      given.emplace(std::get<ToVariable>(result.bindings.back().target).name.text(), text);
    }
  }
  if (plan.bindings().size() + result.bindings.size() > kBindingsLimit) {
    problems.add(Error{Code::config_invalid, "too many secrets", "the sources", "more than 4096 would become variables", "map the ones that are needed under env"});
  }
  if (!problems.empty()) return problems;
  return result;
}

}  // namespace hushrun
