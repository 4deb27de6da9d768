#include "config/config.h"

#include <array>

#include "config/config_sections.h"
#include "config/suggest.h"

namespace hushrun {
namespace {

// nodes: a config of kConfigLimit bytes with the longest entries; depth: profiles.NAME.files.PATH.expect is six deep.
constexpr DocumentLimits kLimits = {kConfigLimit, 128 * 1024, 16};

// What one reading of the file adds to.
struct Draft {
  Config config;
  Layer layer = Layer::base;
};

// ── process ──────────────────────────────────────────────────────────────────────────────────────────────────────

void read_capabilities(const Spot& at, ProcessConfig& out) {
  sys::CapabilitySet dropped;
  if (at.is(Node::Kind::scalar)) {
    constexpr std::array<std::string_view, 1> kWords = {"all"};
    if (read_word(at, kWords)) out.drop_capabilities = sys::CapabilitySet{.all = true, .numbers = {}};
    return;
  }
  if (!require_list(at)) return;
  for (std::size_t i = 0; i < at.node().items.size(); ++i) {
    const Spot item = at.item(i);
    const auto number = item.is_text() ? parse_capability(item.node().scalar) : std::nullopt;
    if (number) dropped.numbers.push_back(*number);
    else item.refuse_value("there is no such capability", "write it like NET_RAW, or drop_capabilities: all");
  }
  out.drop_capabilities = std::move(dropped);
}

void read_mode(const Spot& at, ProcessConfig& out) {
  constexpr std::array<std::string_view, 2> kWords = {"exec", "supervise"};
  if (const auto index = read_word(at, kWords)) {
    out.mode = static_cast<Mode>(*index);
    out.exec_is_written = out.mode == Mode::exec;
  }
}

void read_rewrite(const Spot& at, ProcessConfig& out) {
  if (!require_map(at)) return;
  out.rewrite.clear();
  for (const Node::Entry& entry : at.node().entries) {
    const Spot spot = at.below(entry, Spot::Key::profile);
    const auto rewrite = spot.is(Node::Kind::scalar) ? parse_rewrite(entry.key, entry.value.scalar) : std::nullopt;
    if (rewrite) out.rewrite.push_back(*rewrite);
    else spot.refuse_value("a signal and the one to send in its place are wanted", "write them like TERM: QUIT, or TERM: none");
  }
}

void read_shield(const Spot& at, ProcessConfig& out) {
  out.shield = {};
  if (!at.is(Node::Kind::list)) return read(at, out.shield.sources);
  for (std::size_t i = 0; i < at.node().items.size(); ++i) {
    std::string path;
    read_path(at.item(i), path);
    if (!path.empty()) out.shield.paths.push_back(std::move(path));
  }
}

constexpr Field<ProcessConfig> kProcessEnvironmentFields[] = {
    {"clear", into<&ProcessConfig::clear_environment>},
    {"keep", into<&ProcessConfig::keep>},
};

void read_process_environment(const Spot& at, ProcessConfig& out) {
  read_map<ProcessConfig>(at, kProcessEnvironmentFields, out);
  const bool only_keep = at.is(Node::Kind::map) && at.node().find("keep") != nullptr && at.node().find("clear") == nullptr;
  if (only_keep && !out.clear_environment) {
    at.problem("keep without clear", "nothing is taken away that could be kept", "add clear: true, or take keep out");
  }
}

constexpr Field<ProcessConfig> kProcessFields[] = {
    {"mode", read_mode},
    {"stop_timeout", into<&ProcessConfig::stop_timeout>},
    {"group", into<&ProcessConfig::group>},
    {"rewrite", read_rewrite},
    {"die_with_parent", into<&ProcessConfig::die_with_parent>},
    {"shield", read_shield},
    {"user", into<&ProcessConfig::user>},
    {"no_new_privs", into<&ProcessConfig::no_new_privs>},
    {"drop_capabilities", read_capabilities},
    {"core_dumps", into<&ProcessConfig::core_dumps>},
    {"close_fds", into<&ProcessConfig::close_fds>},
    {"env", read_process_environment},
};

// ── redact ───────────────────────────────────────────────────────────────────────────────────────────────────────

constexpr Field<RedactConfig> kRedactFields[] = {{"stdout", into<&RedactConfig::output>}, {"stderr", into<&RedactConfig::errors>}};

// A switch for both; or a map, in which what is not said is as it was, and on if it was never said.
void read_redact(const Spot& at, RedactConfig& out) {
  if (!at.is(Node::Kind::map)) {
    read(at, out.output);
    out.errors = out.output;
    return;
  }
  if (!out.any()) out = {true, true};
  read_map<RedactConfig>(at, kRedactFields, out);
}

// ── log ──────────────────────────────────────────────────────────────────────────────────────────────────────────

void read_level(const Spot& at, LogConfig& out) {
  constexpr std::array<std::string_view, 4> kWords = {"error", "warn", "info", "debug"};
  if (const auto index = read_word(at, kWords)) out.level = static_cast<log::Level>(*index);
}

void read_format(const Spot& at, LogConfig& out) {
  constexpr std::array<std::string_view, 2> kWords = {"text", "json"};
  if (const auto index = read_word(at, kWords)) out.format = static_cast<log::Format>(*index);
}

constexpr Field<LogConfig> kLogFields[] = {{"level", read_level}, {"format", read_format}};

// ── the file ─────────────────────────────────────────────────────────────────────────────────────────────────────

void read_version(const Spot& at, Draft&) {
  if (!at.is(Node::Kind::scalar) || !at.node().plain || at.node().scalar != "1") {
    at.refuse_value("this program reads version 1", "write version: 1");
  }
}

void read_automatic(const Spot& at, Draft& out) {
  bool automatic = out.config.automatic.value_or(false);
  read(at, automatic);
  out.config.automatic = automatic;
}

// The keys of the file; those of a profile are the same without the first two.
constexpr Field<Draft> kFields[] = {
    {"version", read_version, true},
    {"profiles", [](const Spot& at, Draft&) { require_map(at); }},  // read when all the rest is known
    {"sources", [](const Spot& at, Draft& out) { read_sources(at, out.config.sources); }},
    {"env", [](const Spot& at, Draft& out) { read_variables(at, out.layer, out.config.variables); }},
    {"files", [](const Spot& at, Draft& out) { read_files(at, out.layer, out.config.files); }},
    {"auto", read_automatic},
    {"process", [](const Spot& at, Draft& out) { read_map<ProcessConfig>(at, kProcessFields, out.config.process); }},
    {"redact", [](const Spot& at, Draft& out) { read_redact(at, out.config.process.redact); }},
    {"log", [](const Spot& at, Draft& out) { read_map<LogConfig>(at, kLogFields, out.config.log); }},
};
constexpr std::span<const Field<Draft>> kProfileFields = std::span{kFields}.subspan(2);

// ── profiles ─────────────────────────────────────────────────────────────────────────────────────────────────────

// exec and redact exclude each other, and the later word wins: a profile for development may well exec what is redacted in production.
void settle_redaction(const Node& profile, ProcessConfig& process) {
  const Node* const own = profile.find("process");
  const bool says_mode = own != nullptr && own->find("mode") != nullptr;
  const bool says_redact = profile.find("redact") != nullptr;
  if (says_mode && !says_redact && process.exec_is_written) process.redact = {};
  if (says_redact && !says_mode && process.redact.any()) process.exec_is_written = false;
}

// Reads every profile: the chosen one on top of `draft`, which merges by key and by entry; the others only to say what is wrong.
void read_profiles(const Spot& at, const std::optional<std::string>& chosen, Draft& draft) {
  const ProcessConfig base = draft.config.process;
  for (const Node::Entry& entry : at.node().entries) {
    const Spot spot = at.below(entry, Spot::Key::profile);
    if (!Name::parse(entry.key)) {
      spot.problem_at_key("not a profile's name", "it may hold letters, digits, . _ - and begins with none of . -", "rename it");
    }
    if (chosen == entry.key) {
      draft.layer = Layer::profile;
      read_map(spot, kProfileFields, draft);
      settle_redaction(entry.value, draft.config.process);
      continue;
    }
    Draft aside{{}, Layer::profile};
    aside.config.process = base;  // some of its fields are judged together with those of the file
    read_map(spot, kProfileFields, aside);
  }
}

void refuse_profile(Reading& reading, const Spot& root, const std::string& chosen, const Node* profiles) {
  std::vector<std::string_view> names;
  if (profiles != nullptr) {
    for (const Node::Entry& entry : profiles->entries) {
      if (Name::parse(entry.key) && !could_be_a_key(entry.key)) names.push_back(entry.key);
    }
  }
  Public fix = "choose none, or write one under profiles";
  if (const auto meant = suggest(chosen, names)) {
    fix = "did you mean " + Public::vouched(*meant);  // a profile's name that stands in the file
  } else if (!names.empty() && names.size() <= 10) {
    std::string list;
    for (const std::string_view name : names) list.append(list.empty() ? "" : ", ").append(name);
    fix = "it has " + Public::vouched(list);  // the same
  }
  reading.problem(
      {Code::config_invalid, "unknown profile", root.place().shown(), "the file has no profile of the name asked for", fix});
}

// A syntax error of yaml-cpp or of ours, with its field where the way to it is known. Only words of our own grammar are shown of
// that way.
Error syntax_error(const Reading& reading, const DocumentError& error) {
  std::string way;
  for (const std::string& key : error.keys) {
    bool ours = key == "profiles" || key == "version";
    for (const SectionKeys& section : section_keys()) {
      for (const SectionKeys::Key& known : section.keys) ours |= known.word == key;
    }
    const bool variable = Public::variable(key).view() == key;
    way.append(way.empty() ? "" : ".").append(ours || variable ? std::string_view{key} : "[not shown]");
  }
  return {Code::config_syntax, "malformed YAML", reading.place(error.at, Public::vouched(way)).shown(), error.why, error.fix};
}

}  // namespace

Result<Config, Problems> parse_config(std::string_view text, const std::string& path, const std::optional<std::string>& profile) {
  Reading reading{path};
  Result<Node, DocumentError> document = parse_document(text, Aliases::refused, kLimits);
  if (!document) return Problems{syntax_error(reading, document.error())};
  if (document.value().kind == Node::Kind::null) document.value().kind = Node::Kind::map;  // an empty file lacks its version

  const Spot root{reading, document.value()};
  Draft draft;
  read_map<Draft>(root, kFields, draft);
  const Node* profiles = nullptr;
  for (const Node::Entry& entry : root.node().entries) {
    if (entry.key != "profiles" || entry.value.kind != Node::Kind::map) continue;
    profiles = &entry.value;
    read_profiles(root.below(entry), profile, draft);
  }
  if (profile && (profiles == nullptr || profiles->find(*profile) == nullptr)) refuse_profile(reading, root, *profile, profiles);

  if (reading.problem_count() > 0) return std::move(reading).take_problems();
  return std::move(draft.config);
}

std::vector<SectionKeys> section_keys() {
  std::vector<SectionKeys> all = {
      keys_of<Draft>("config", kFields), keys_of("profile", kProfileFields), keys_of<ProcessConfig>("process", kProcessFields),
      keys_of<ProcessConfig>("process_env", kProcessEnvironmentFields), keys_of<RedactConfig>("redact_streams", kRedactFields), keys_of<LogConfig>("log", kLogFields)};
  for (const auto& part : {source_keys(), target_keys()}) all.insert(all.end(), part.begin(), part.end());
  return all;
}

}  // namespace hushrun
