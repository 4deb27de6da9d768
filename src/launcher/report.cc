#include "launcher/report.h"

#include <algorithm>

#include "core/json.h"
#include "launcher/program.h"

namespace hushrun {
namespace {

std::string text(Public words) { return std::string{words.view()}; }
std::string quoted(Public words) { return json::quoted(words.view()); }

// Joins JSON members or elements.
class Joined {
 public:
  void add(std::string_view item) { (all_ += all_.empty() ? "" : ",") += item; }
  const std::string& all() const { return all_; }

 private:
  std::string all_;
};

struct Described {
  Literal kind;
  Public place;
};

Described describe(const SourceConfig& source) {
  struct {
    Described operator()(const DirectorySource& dir) const { return {"dir", Public::path(dir.path)}; }
    Described operator()(const DotenvSource& file) const { return {"dotenv", Public::path(file.path)}; }
    Described operator()(const EnvironmentSource& variables) const {
      Public names;
      for (const VariableName& name : variables.names) names = names + (names.empty() ? Public{} : Public{" "}) + Public::variable(name.text());
      return {"env", names};
    }
    Described operator()(const ComposeSource& compose) const { return {"compose", Public::path(compose.path)}; }
    Described operator()(const AgeSource& file) const { return {"age", Public::path(file.path)}; }
    Described operator()(const EjsonSource& file) const { return {"ejson", Public::path(file.path)}; }
    Described operator()(const CommandSource& command) const {
      return {"command", command.argv.empty() ? Public{} : Public::path(command.argv.front())};
    }
  } visitor;
  return std::visit(visitor, source.kind);
}

Public described_template(const Template& text) {
  Public names;
  for (const Template::Part& part : text.parts) {
    if (const auto* reference = std::get_if<Reference>(&part)) names = names + (names.empty() ? Public{} : Public{", "}) + shown(*reference);
  }
  return "template of " + names;
}

Public described_value(const Binding& binding) {
  if (const auto* pointed = std::get_if<Pointed>(&binding.value)) return "the file that " + Public::variable(pointed->entry) + " names";
  const auto& wanted = std::get<Wanted>(binding.value);
  if (const auto* reference = std::get_if<Reference>(&wanted.from)) {
    // A name of the automatism was found in a listing: it is a name.
    return binding.origin == Origin::automatic ? Public::vouched(reference->name.text()) : shown(*reference);
  }
  if (const auto* text = std::get_if<Template>(&wanted.from)) return described_template(*text);
  return "template file " + Public::path(std::get<TemplateFile>(wanted.from).path);
}

Public octal(unsigned mode) {
  std::string digits = "0000";
  for (std::size_t i = 4; i-- > 0; mode >>= 3) digits[i] = static_cast<char>('0' + (mode & 7));
  return Public::vouched(digits);
}

Public described_file(const ToFile& file) {
  Public how = file.as == FileConfig::As::memfd ? Public{"memfd"} : Public{"file"};
  how = how + ", mode " + octal(file.mode);
  if (file.variable) how = how + ", path in " + Public::variable(file.variable->text());
  return how;
}

Public yes(bool truth) {
  if (truth) return "true";
  return "false";
}

std::string problem_json(const Error& error, std::string_view level) {
  return R"({"level":")" + std::string{level} + R"(","code":")" + std::string{word(error.code).view()} + R"(","what":)" + json::quoted(error.what.view()) +
         R"(,"where":)" + quoted(error.where) + R"(,"why":)" + quoted(error.why.words()) + R"(,"fix":)" + quoted(error.fix) + "}";
}
std::string problem_text(const Error& error, std::string_view level) {
  return std::string{level} + ": " + std::string{error.what.view()} + "\n  where: " + text(error.where) + "\n  why:   " + text(error.why.words()) +
         "\n  fix:   " + text(error.fix) + "\n";
}

std::string counted(std::size_t count, std::string_view one, std::string_view many) {
  return std::to_string(count) + " " + std::string{count == 1 ? one : many};
}

}  // namespace

std::string describe_plan(const Plan& plan, const char* program, log::Format format) {
  const Public command = program != nullptr ? shown_program(program) : Public{};
  if (format == log::Format::json) {
    Joined sources, bindings;
    for (const SourceConfig& source : plan.sources()) {
      const Described described = describe(source);
      sources.add(R"({"kind":")" + std::string{described.kind.view()} + R"(","place":)" + quoted(described.place) + R"(,"optional":)" + text(yes(source.optional)) + "}");
    }
    for (const Binding& binding : plan.bindings()) {
      const auto* file = std::get_if<ToFile>(&binding.target);
      bindings.add(R"({"target":)" + quoted(binding.target_shown()) + R"(,"kind":)" + quoted(file != nullptr ? described_file(*file) : Public{"variable"}) + R"(,"from":)" +
                   quoted(described_value(binding)) + R"(,"place":)" + quoted(binding.place.text) + "}");
    }
    return R"({"sources":[)" + sources.all() + R"(],"bindings":[)" + bindings.all() + R"(],"automatic":)" + text(yes(plan.automatic())) + R"(,"mode":)" + (plan.process().mode == Mode::exec ? R"("exec")" : R"("supervise")") + R"(,"command":)" + quoted(command) + "}\n";
  }
  std::string out = "sources, searched in this order\n";
  for (const SourceConfig& source : plan.sources()) {
    const Described described = describe(source);
    out += "  " + std::string{described.kind.view()} + " " + text(described.place) + (source.optional ? " (optional)\n" : "\n");
  }
  out += "bindings\n";
  std::size_t width = 0;
  for (const Binding& binding : plan.bindings()) width = std::max(width, binding.target_shown().view().size());
  for (const Binding& binding : plan.bindings()) {
    std::string target = text(binding.target_shown());
    target.resize(width, ' ');
    out += "  " + target + "  from " + text(described_value(binding));
    if (const auto* file = std::get_if<ToFile>(&binding.target)) out += " (" + text(described_file(*file)) + ")";
    out += "  [" + text(binding.place.text) + "]\n";
  }
  if (plan.bindings().empty()) out += "  none\n";
  if (plan.automatic()) out += "  and every other name the sources offer\n";
  const ProcessConfig& process = plan.process();
  out += process.mode == Mode::exec ? "process\n  exec" : "process\n  supervise, " + std::to_string(process.stop_timeout.count()) + "ms from TERM to KILL";
  if (process.mode == Mode::supervise && process.group) out += ", signals to the group";
  if (process.mode == Mode::supervise && !process.rewrite.empty()) out += ", signals rewritten";
  if (process.die_with_parent) out += ", ends with its parent";
  if (!process.shield.empty()) out += ", sources shielded";
  if (process.user) out += ", another user";
  if (process.no_new_privs) out += ", no new privileges";
  if (process.drop_capabilities) out += ", fewer capabilities";
  if (!process.core_dumps) out += ", no core dumps";
  if (process.close_fds) out += ", descriptors closed";
  if (process.clear_environment) out += ", environment cleared";
  out += "\n";
  if (program != nullptr) out += "command\n  " + text(command) + "\n";
  return out;
}

std::string describe_checkup(const Checkup& checkup, log::Format format) {
  const std::vector<Error>& problems = checkup.problems.list;
  if (format == log::Format::json) {
    Joined seen, found;
    for (const Checkup::Seen& one : checkup.seen) {
      seen.add(R"({"target":)" + quoted(one.target) + R"(,"secret":)" + quoted(one.secret) + R"(,"bytes":)" + std::to_string(one.size) + R"(,"place":)" + quoted(one.where) + "}");
    }
    for (const Error& error : problems) found.add(problem_json(error, "error"));
    for (const Error& error : checkup.warnings) found.add(problem_json(error, "warning"));
    return R"({"ok":)" + text(yes(problems.empty())) + R"(,"secrets":[)" + seen.all() + R"(],"findings":[)" + found.all() + "]}\n";
  }
  std::string out;
  for (const Checkup::Seen& one : checkup.seen) {
    out += "ok: " + text(one.target) + " from " + text(one.secret) + ", " + counted(one.size, "byte", "bytes") + "\n";
  }
  for (const Error& error : checkup.warnings) out += problem_text(error, "warning");
  for (const Error& error : problems) out += problem_text(error, "error");
  out += counted(problems.size(), "problem", "problems") + ", " + counted(checkup.warnings.size(), "warning", "warnings") + ", " +
         counted(checkup.seen.size(), "secret", "secrets") + " in order\n";
  return out;
}

}  // namespace hushrun
