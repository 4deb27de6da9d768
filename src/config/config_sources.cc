// `sources:` of hushrun.yaml. A kind of source is a table of its fields, a maker, and a line in kSourceKinds.

#include <algorithm>

#include "config/config_sections.h"
#include "config/suggest.h"

namespace hushrun {
namespace {

// The fields of every kind; which of them may be said is up to its table.
struct SourceDraft {
  std::string path;
  std::string service;
  std::vector<VariableName> variables;
  std::vector<std::string> argv;
  std::optional<Name> name;
  std::optional<std::chrono::milliseconds> timeout;
  std::vector<KeyPlace> identities;
  std::optional<KeyPlace> passphrase;
  std::optional<std::string> key_directory;
  bool optional = false;
};
using SourceField = Field<SourceDraft>;
using Kind = decltype(SourceConfig::kind);

constexpr bool kRequired = true;

void read_source_path(const Spot& at, SourceDraft& out) { read_path(at, out.path); }

void read_names(const Spot& at, SourceDraft& out) {
  read(at, out.variables);
  if (at.is(Node::Kind::list) && at.node().items.empty())
    at.problem("empty field", "no variable is named", "name one, or take the source out");
}

// A word that holds a slash is a path and starts at the file's directory, one without is looked for in PATH when it is run.
void read_argv(const Spot& at, SourceDraft& out) {
  if (!require_list(at)) return;
  for (std::size_t i = 0; i < at.node().items.size(); ++i) {
    if (auto word = read_any_text(at.item(i))) out.argv.push_back(std::move(*word));
  }
  if (at.node().items.empty() || (!out.argv.empty() && out.argv[0].empty())) {
    at.problem("empty field", "no program is named", "write [PROGRAM, ARGUMENT, ...]");
  } else if (!out.argv.empty() && out.argv[0].find('/') != std::string::npos) {
    out.argv[0] = at.reading().joined(out.argv[0]);
  }
}

void read_timeout(const Spot& at, SourceDraft& out) {
  std::chrono::milliseconds timeout{-1};
  read(at, timeout);
  if (timeout.count() == 0) at.problem("invalid value", "no program answers in no time", "write it like 10s");
  else out.timeout = timeout;
}

// People paste the key where its place belongs: what was found is never shown.
std::optional<KeyPlace> read_key_place(const Spot& at) {
  std::string text;
  const std::size_t before = at.reading().problem_count();
  read(at, text);
  if (at.reading().problem_count() != before) return std::nullopt;
  std::optional<KeyPlace> place = parse_key_place(text);
  if (!place) {
    at.refuse_value("the place of a key is wanted, not the key", "write a file, env:VARIABLE, fd:NUMBER (from 3 on) or secret:NAME");
    return std::nullopt;
  }
  if (place->kind == KeyPlace::Kind::file) place->text = at.reading().joined(place->text);
  place->place = at.place();
  return place;
}

void read_identities(const Spot& at, SourceDraft& out) {
  const auto add = [&](const Spot& spot) {
    if (auto place = read_key_place(spot)) out.identities.push_back(std::move(*place));
  };
  if (!at.is(Node::Kind::list)) return add(at);
  if (at.node().items.empty()) at.problem("empty field", "no identity is named", "name one, or take the field out");
  for (std::size_t i = 0; i < at.node().items.size(); ++i) add(at.item(i));
}

void read_passphrase(const Spot& at, SourceDraft& out) { out.passphrase = read_key_place(at); }

void read_key_directory(const Spot& at, SourceDraft& out) { read_path(at, out.key_directory.emplace()); }

Kind make_command(SourceDraft&& draft) {
  CommandSource source{std::move(draft.argv), std::move(*draft.name)};
  if (draft.timeout) source.timeout = *draft.timeout;
  return source;
}

constexpr SourceField kOptional = {"optional", into<&SourceDraft::optional>};
constexpr SourceField kDirectoryFields[] = {{"dir", read_source_path, kRequired}, kOptional};
constexpr SourceField kDotenvFields[] = {{"dotenv", read_source_path, kRequired}, kOptional};
constexpr SourceField kEnvironmentFields[] = {{"env", read_names, kRequired}, kOptional};
constexpr SourceField kComposeFields[] = {
    {"compose", read_source_path, kRequired}, {"service", into<&SourceDraft::service>, kRequired}, kOptional};
constexpr SourceField kCommandFields[] = {
    {"command", read_argv, kRequired}, {"name", into<&SourceDraft::name>, kRequired}, {"timeout", read_timeout}, kOptional};

constexpr SourceField kAgeFields[] = {
    {"age", read_source_path, kRequired}, {"identity", read_identities}, {"passphrase", read_passphrase}, kOptional};
constexpr SourceField kEjsonFields[] = {
    {"ejson", read_source_path, kRequired}, {"identity", read_identities}, {"keydir", read_key_directory}, kOptional};

struct SourceKind {
  std::string_view key;
  std::string_view section;
  std::span<const SourceField> fields;
  Kind (*make)(SourceDraft&& draft);
};
constexpr SourceKind kSourceKinds[] = {
    {"dir", "source_dir", kDirectoryFields, [](SourceDraft&& d) -> Kind { return DirectorySource{std::move(d.path)}; }},
    {"dotenv", "source_dotenv", kDotenvFields, [](SourceDraft&& d) -> Kind { return DotenvSource{std::move(d.path)}; }},
    {"env", "source_env", kEnvironmentFields, [](SourceDraft&& d) -> Kind { return EnvironmentSource{std::move(d.variables)}; }},
    {"compose", "source_compose", kComposeFields,
     [](SourceDraft&& d) -> Kind { return ComposeSource{std::move(d.path), std::move(d.service)}; }},
    {"command", "source_command", kCommandFields, make_command},
    {"age", "source_age", kAgeFields,
     [](SourceDraft&& d) -> Kind { return AgeSource{std::move(d.path), std::move(d.identities), std::move(d.passphrase)}; }},
    {"ejson", "source_ejson", kEjsonFields,
     [](SourceDraft&& d) -> Kind { return EjsonSource{std::move(d.path), std::move(d.identities), std::move(d.key_directory)}; }},
};

// The kind whose key is there. More or less than one is a problem.
const SourceKind* kind_of(const Spot& at) {
  const SourceKind* kind = nullptr;
  for (const SourceKind& candidate : kSourceKinds) {
    if (at.node().find(candidate.key) == nullptr) continue;
    if (kind != nullptr) {
      at.problem("more than one source", "each entry of the list is one source", "give each its own - line");
      return nullptr;
    }
    kind = &candidate;
  }
  if (kind != nullptr) return kind;
  std::vector<std::string_view> keys;
  for (const SourceKind& candidate : kSourceKinds) keys.push_back(candidate.key);
  for (const Node::Entry& entry : at.node().entries) {
    if (!suggest(entry.key, keys)) continue;
    at.below(entry).refuse_key(keys);
    return nullptr;
  }
  at.problem("missing field", "a source says its kind", "write one of dir, age, ejson, dotenv, env, compose, command");
  return nullptr;
}

std::optional<SourceConfig> read_source(const Spot& at) {
  if (!require_map(at)) return std::nullopt;
  const SourceKind* kind = kind_of(at);
  if (kind == nullptr) return std::nullopt;
  SourceDraft draft;
  const std::size_t before = at.reading().problem_count();
  read_map(at, kind->fields, draft);
  if (at.reading().problem_count() != before) return std::nullopt;  // what is required may be missing
  const bool optional = draft.optional;
  return SourceConfig{kind->make(std::move(draft)), optional, at.place()};
}

}  // namespace

void read_sources(const Spot& at, std::vector<SourceConfig>& out) {
  out.clear();
  if (!require_list(at)) return;
  for (std::size_t i = 0; i < at.node().items.size(); ++i) {
    if (auto source = read_source(at.item(i))) out.push_back(std::move(*source));
  }
}

std::vector<SectionKeys> source_keys() {
  std::vector<SectionKeys> all;
  for (const SourceKind& kind : kSourceKinds) all.push_back(keys_of(kind.section, kind.fields));
  return all;
}

}  // namespace hushrun
