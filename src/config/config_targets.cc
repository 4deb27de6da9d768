// `env:` and `files:` of hushrun.yaml: what each variable and file is made of.

#include <algorithm>
#include <array>

#include "config/config_sections.h"

namespace hushrun {
namespace {

// An entry of either section while it is read; which fields may be said is up to the section's table.
struct EntryDraft {
  std::size_t forms = 0;  // how many of secret, template, template_file are there, well-formed or not
  std::optional<decltype(Wanted::from)> from;
  bool optional = false;
  bool allow_empty = false;
  std::optional<std::string> fallback;
  std::optional<Newline> newline;
  Expectation expect;
  Masking masking = Masking::automatic;
  bool keep_existing = false;  // variables only

  FileConfig::As as = FileConfig::As::file;  // files only, from here on
  unsigned mode = 0400;
  std::optional<UserConfig> owner;
  std::optional<VariableName> variable;
  bool disk_allowed = false;

  Wanted wanted() { return {std::move(*from), optional, allow_empty, std::move(fallback), newline, std::move(expect), masking}; }
  VariableConfig variable_config(VariableName name, Place place) && { return {std::move(name), wanted(), keep_existing, place}; }
  FileConfig file_config(std::string path, Place place) && {
    return {std::move(path), wanted(), as, mode, std::move(owner), std::move(variable), disk_allowed, place};
  }
};

// ── what the value is made of ────────────────────────────────────────────────────────────────────────────────────

bool is_first_form(const Spot& at, EntryDraft& out) {
  if (++out.forms == 1) return true;
  at.problem_at_key("too many fields", "a value is made of one of secret, template, template_file", "keep one of them");
  return false;
}

void read_reference(const Spot& at, EntryDraft& out) {
  if (!is_first_form(at, out)) return;
  if (!at.is_text()) {
    at.refuse_kind("a secret's name is expected here", "write NAME, NAME#/json/pointer or NAME|filter");
    return;
  }
  Result<Reference, Malformed> reference = parse_reference(at.node().scalar);
  if (reference) out.from = std::move(reference).value();
  else
    at.problem("not a reference", reference.error().why,
               "write NAME, NAME#/json/pointer or NAME|filter; a value has no place here");
}

void read_template(const Spot& at, EntryDraft& out) {
  if (!is_first_form(at, out)) return;
  if (!at.is_text()) {
    at.refuse_kind("a template is text", "write text with ${NAME} in it");
    return;
  }
  Result<Template, Malformed> whole = parse_template(at.node().scalar);
  if (whole) out.from = std::move(whole).value();
  else at.problem("not a template", whole.error().why, "write text with ${NAME} in it");
}

void read_template_file(const Spot& at, EntryDraft& out) {
  if (!is_first_form(at, out)) return;
  TemplateFile file;
  read_path(at, file.path);
  if (!file.path.empty()) out.from = std::move(file);
}

void read_fallback(const Spot& at, EntryDraft& out) { out.fallback = read_any_text(at); }

void read_newline(const Spot& at, EntryDraft& out) {
  constexpr std::array<std::string_view, 3> kWords = {"strip", "strip_all", "keep"};
  if (const auto index = read_word(at, kWords)) out.newline = static_cast<Newline>(*index);
}

void read_masking(const Spot& at, EntryDraft& out) {
  constexpr std::array<std::string_view, 2> kWords = {"always", "never"};
  if (const auto index = read_word(at, kWords)) out.masking = *index == 0 ? Masking::always : Masking::never;
}

constexpr Field<Expectation> kExpectFields[] = {
    {"prefix", into<&Expectation::prefix>},
    {"min_length", into<&Expectation::min_length>},
    {"max_length", into<&Expectation::max_length>},
};

void read_expect(const Spot& at, EntryDraft& out) {
  read_map<Expectation>(at, kExpectFields, out.expect);
  const Expectation& expect = out.expect;
  if (expect.min_length && expect.max_length && *expect.min_length > *expect.max_length) {
    at.problem("impossible length", "min_length is larger than max_length", "swap them");
  }
}

// ── files only ───────────────────────────────────────────────────────────────────────────────────────────────────

void read_as(const Spot& at, EntryDraft& out) {
  constexpr std::array<std::string_view, 2> kWords = {"file", "memfd"};
  if (const auto index = read_word(at, kWords)) out.as = static_cast<FileConfig::As>(*index);
}

// YAML 1.2 would take an unquoted 0400 for four hundred; nobody who writes a mode means that.
void read_mode(const Spot& at, EntryDraft& out) {
  const auto mode = at.is(Node::Kind::scalar) ? parse_file_mode(at.node().scalar) : std::nullopt;
  if (!mode) at.refuse_value("a mode is permission bits in octal, 0777 at most", "write it like \"0400\" or \"0440\"");
  else if (is_world_writable(*mode)) at.problem("unsafe mode", "anybody could write the file", "take the last digit's 2 out");
  else out.mode = *mode;
}

void read_disk(const Spot& at, EntryDraft& out) {
  constexpr std::array<std::string_view, 1> kWords = {"allowed"};
  if (read_word(at, kWords)) out.disk_allowed = true;
}

// ── the two tables ───────────────────────────────────────────────────────────────────────────────────────────────

using EntryField = Field<EntryDraft>;

constexpr EntryField kVariableFields[] = {
    {"secret", read_reference},
    {"template", read_template},
    {"template_file", read_template_file},
    {"optional", into<&EntryDraft::optional>},
    {"allow_empty", into<&EntryDraft::allow_empty>},
    {"default", read_fallback},
    {"newline", read_newline},
    {"expect", read_expect},
    {"redact", read_masking},
    {"keep_existing", into<&EntryDraft::keep_existing>},
};
constexpr EntryField kFileFields[] = {
    {"secret", read_reference},
    {"template", read_template},
    {"template_file", read_template_file},
    {"optional", into<&EntryDraft::optional>},
    {"allow_empty", into<&EntryDraft::allow_empty>},
    {"default", read_fallback},
    {"newline", read_newline},
    {"expect", read_expect},
    {"redact", read_masking},
    {"mode", read_mode},
    {"owner", into<&EntryDraft::owner>},
    {"as", read_as},
    {"env", into<&EntryDraft::variable>},
    {"disk", read_disk},
};

// A bare reference, or a map of `fields`. Nothing if there was any problem.
std::optional<EntryDraft> read_entry(const Spot& at, std::span<const EntryField> fields) {
  EntryDraft draft;
  const std::size_t before = at.reading().problem_count();
  if (at.is(Node::Kind::scalar)) {
    read_reference(at, draft);
  } else if (at.is(Node::Kind::map)) {
    read_map(at, fields, draft);
    if (draft.forms == 0)
      at.problem("missing field", "a value is made of something", "write one of secret, template, template_file");
    if (draft.optional && draft.fallback) {
      at.problem("fields that exclude each other", "with default a secret may be missing anyway", "take optional out, or default");
    }
  } else {
    at.refuse_kind("a secret's name is expected here, or fields", "write NAME, or {secret: NAME, ...}");
  }
  if (at.reading().problem_count() != before || !draft.from) return std::nullopt;
  return draft;
}

bool require_entries(const Spot& at) {
  if (!require_map(at)) return false;
  if (at.node().entries.size() <= kMostEntries) return true;
  at.problem("too many entries", "there are more than 4096", "take some out");
  return false;
}

// True if the key of `at` can be a file's path; else says why not.
bool check_target(const Spot& at, std::string_view path) {
  const Literal flaw = flaw_of_target(path);
  if (flaw.empty()) return true;
  at.problem_at_key("not a file's path", flaw, "write an absolute path, or a relative one for our private directory");
  return false;
}

// What a memfd cannot have, and what it cannot do without.
void check_memfd(const Spot& at, std::string_view path, const EntryDraft& draft) {
  if (draft.as != FileConfig::As::memfd) return;
  if (path.starts_with('/')) {
    at.problem("memfd at a path", "a memfd has no path but /proc/self/fd/N", "name it without /, or take as: memfd out");
  }
  if (draft.disk_allowed) at.problem("memfd on a disk", "a memfd is never on a disk", "take disk out");
  if (!draft.variable) at.problem("memfd without env", "only its variable says where it is: /proc/self/fd/N", "add env: VARIABLE");
}

template <class Entry, class Same>
void put(std::vector<Entry>& out, Layer layer, Entry entry, Same&& same) {
  // Within one layer keys are unique, so only a profile can meet an entry of the same name.
  const auto old = layer == Layer::profile ? std::find_if(out.begin(), out.end(), same) : out.end();
  if (old != out.end()) *old = std::move(entry);
  else out.push_back(std::move(entry));
}

}  // namespace

void read_variables(const Spot& at, Layer layer, std::vector<VariableConfig>& out) {
  if (!require_entries(at)) return;
  for (const Node::Entry& entry : at.node().entries) {
    const Spot spot = at.below(entry, Spot::Key::variable);
    const auto name = VariableName::parse(entry.key);
    if (!name) {
      spot.problem_at_key("not a variable's name", "it may hold letters, digits and _, and begins with no digit", "rename it");
      continue;
    }
    const auto same = [&](const VariableConfig& other) { return other.name == *name; };
    if (layer == Layer::profile && spot.is(Node::Kind::null)) {
      std::erase_if(out, same);
      continue;
    }
    auto draft = read_entry(spot, kVariableFields);
    if (!draft) continue;
    put(out, layer, std::move(*draft).variable_config(*name, spot.place()), same);
  }
}

void read_files(const Spot& at, Layer layer, std::vector<FileConfig>& out) {
  if (!require_entries(at)) return;
  for (const Node::Entry& entry : at.node().entries) {
    const Spot spot = at.below(entry, Spot::Key::path);
    const auto same = [&](const FileConfig& other) { return other.path == entry.key; };
    if (!check_target(spot, entry.key)) continue;
    if (layer == Layer::profile && spot.is(Node::Kind::null)) {
      std::erase_if(out, same);
      continue;
    }
    auto draft = read_entry(spot, kFileFields);
    if (!draft) continue;
    check_memfd(spot, entry.key, *draft);
    put(out, layer, std::move(*draft).file_config(entry.key, spot.place()), same);
  }
}

std::vector<SectionKeys> target_keys() {
  return {keys_of<EntryDraft>("env_entry", kVariableFields), keys_of<EntryDraft>("file_entry", kFileFields),
          keys_of<Expectation>("expect", kExpectFields)};
}

}  // namespace hushrun
