#include "plan/resolve.h"

#include <algorithm>
#include <cstring>
#include <map>

#include "plan/automatic.h"
#include "plan/value.h"

namespace hushrun {
namespace {

/// A template file is text that people write; 1 MiB as a secret.
constexpr std::size_t kTemplateLimit = kSecretLimit;
/// execve(2): MAX_ARG_STRLEN, the longest `NAME=value` with its NUL.
constexpr std::size_t kVariableLimit = 131072;

Public separated(Public left, Public right) { return right.empty() ? left : left + ", " + right; }

// What a value's place in messages is: the secret (if it has a name), the target (which a field of the config names already), where it
// was written. Put together only when something is said: most runs say nothing.
Public where(const Binding& binding, Public secret) {
  if (!secret.empty() && !binding.place.field.empty()) return separated(secret, binding.place.shown());
  if (secret.empty() || secret == binding.target_shown()) return separated(binding.target_shown(), binding.place.shown());
  return separated(separated(secret, binding.target_shown()), binding.place.shown());
}

}  // namespace

Public ResolvedBinding::named() const { return shown.empty() ? target_shown(target) : shown; }

bool keeps_existing(const Binding& binding, const Environment& environment) {
  const auto* variable = std::get_if<ToVariable>(&binding.target);
  if (variable == nullptr || !variable->keep_existing) return false;
  const std::optional<std::string_view> existing = environment.find(variable->name.text());
  return existing && !existing->empty();
}

/// Works through the bindings one by one; what several of them need is read once.
class Resolver {
 public:
  Resolver(Sources& sources, const Environment& environment) : sources_{sources}, environment_{environment} {}

  Result<Resolved, Unresolved> run(Plan&& plan) {
    resolved_.bindings.reserve(plan.bindings().size());
    for (const Binding& binding : plan.bindings()) {
      if (keeps_existing(binding, environment_)) continue;
      one(binding);
    }
    resolved_.raw.reserve(read_.size());
    for (auto& [key, kept] : read_) {
      if (kept.value) resolved_.raw.push_back({kept.name, std::move(*kept.value), kept.where, kept.status});
    }
    for (KeyText& key : sources_.take_keys()) {
      if (key.opened) resolved_.raw.push_back({"a sealed file's key", std::move(*key.opened), key.where, std::nullopt});
      resolved_.raw.push_back({"a sealed file's key", std::move(key.text), key.where, key.status});
    }
    resolved_.taken_out = sources_.variables();
    resolved_.taken_out.insert(resolved_.taken_out.end(), plan.taken_out().begin(), plan.taken_out().end());
    resolved_.process = plan.process();
    warn_of_overridden();
    resolved_.chatter = sources_.take_chatter();
    if (!problems_.empty()) return Unresolved{std::move(problems_), std::move(resolved_)};
    return std::move(resolved_);
  }

 private:
  // A secret as it stands in its source; missing ones are remembered as well.
  struct Kept {
    Public name;  // to be shown only if there is a value, or trouble with it
    std::optional<Secret> value;
    std::optional<Trouble> trouble;
    Public where;
    std::optional<sys::FileStatus> status;
  };
  enum class Outcome { value, missing, failed };

  void one(const Binding& binding) {
    std::optional<Secret> value;
    Public shown_name;
    Outcome outcome = Outcome::failed;
    if (const auto* file = std::get_if<Pointed>(&binding.value)) {
      outcome = pointed(binding, *file, value);
    } else {
      outcome = wanted(binding, std::get<Wanted>(binding.value), value, shown_name);
    }
    if (outcome == Outcome::value && acceptable(binding, *value, shown_name)) {
      resolved_.bindings.push_back({binding.target, std::move(*value), binding.place, shown_name});
    }
  }

  Outcome pointed(const Binding& binding, const Pointed& pointed, std::optional<Secret>& value) {
    Kept& kept = keep(pointed.entry + '=', Public::vouched(pointed.entry), [&] { return sources_.find_path(pointed.file.source, pointed.file.relative); });
    if (kept.trouble) return fail(binding, *kept.trouble, {});
    if (!kept.value) {
      problems_.add(Error{Code::secret_missing, "secret is missing", where(binding, {}), "the file it points at does not exist",
                          "mount the file, or unset the variable"});
      return Outcome::failed;
    }
    value = copy_of(*kept.value);
    cut_newlines(*value, Newline::strip);
    look_at(binding, *value, {}, {});
    return Outcome::value;
  }

  Outcome wanted(const Binding& binding, const Wanted& wanted, std::optional<Secret>& value, Public& shown_name) {
    Outcome outcome = Outcome::failed;
    if (const auto* reference = std::get_if<Reference>(&wanted.from)) {
      outcome = referenced(binding, wanted, *reference, value, shown_name);
    } else if (const auto* text = std::get_if<Template>(&wanted.from)) {
      outcome = rendered(binding, wanted, *text, value);
    } else {
      outcome = rendered_file(binding, wanted, std::get<TemplateFile>(wanted.from), value);
    }
    if (outcome != Outcome::missing) return outcome;
    if (wanted.fallback) {
      value = Secret::of_public(*wanted.fallback);
      return Outcome::value;
    }
    if (wanted.optional) {
      log::debug("{}: not there, and optional", where(binding, missing_));
      return Outcome::missing;
    }
    problems_.add(Error{Code::secret_missing, "secret is missing", where(binding, missing_), no_source_has_it(),
                        "mount it, correct its name, or say optional: true"});
    return Outcome::failed;
  }

  // The value of one reference, newlines cut as the target wants it. `shown_name` becomes the reference as it may be shown.
  Outcome referenced(const Binding& binding, const Wanted& wanted, const Reference& reference, std::optional<Secret>& value, Public& shown_name) {
    // A name that a source has is a name, and no value that was pasted in its place; one that may not be there is shown with care.
    Kept& kept = keep(reference.name.text(), Public::vouched(reference.name.text()), [&] { return sources_.find(reference.name); });
    if (!kept.trouble && !kept.value) {
      missing_ = shown(reference.name);
      return Outcome::missing;
    }
    if (kept.trouble && !sources_.whereabouts(reference.name).where) kept.name = shown(reference.name);
    shown_name = shown(reference, kept.name);
    if (kept.trouble) return fail(binding, *kept.trouble, kept.name);

    Secret raw = copy_of(*kept.value);
    const bool to_file = std::holds_alternative<ToFile>(binding.target) && std::holds_alternative<Reference>(wanted.from);
    const Newline newline = wanted.newline.value_or(to_file ? Newline::keep : Newline::strip);
    if (!reference.has_pointer) cut_newlines(raw, newline);
    Result<Secret, Unfit> part = pointed_part(reference, std::move(raw));
    if (part) {
      if (newline != Newline::keep) look_at(binding, part.value(), reference.filters, shown_name);
      part = filtered(reference, std::move(part).value());
    }
    if (!part) {
      problems_.add(Error{Code::secret_invalid, "secret does not fit its reference", where(binding, shown_name), part.error().why, part.error().fix});
      return Outcome::failed;
    }
    value = std::move(part).value();
    return Outcome::value;
  }

  // What still looks wrong about a value as its source has it, before filters: what they make of it is what was asked for.
  void look_at(const Binding& binding, const Secret& value, std::span<const Filter> filters, Public name) {
    const bool trimmed = std::find(filters.begin(), filters.end(), Filter::trim) != filters.end();
    const Literal why = trimmed ? Literal{""} : suspicious_look(value);
    if (why.empty()) return;
    resolved_.warnings.push_back({Code::secret_suspicious, "secret looks wrong", where(binding, name), why,
                                  "correct the secret; newline: strip_all and the filter trim help"});
  }

  Outcome rendered(const Binding& binding, const Wanted& wanted, const Template& text, std::optional<Secret>& value) {
    std::vector<Secret> parts;
    std::size_t size = 0;
    Outcome outcome = Outcome::value;
    for (const Template::Part& part : text.parts) {
      if (const auto* plain = std::get_if<std::string>(&part)) {
        parts.push_back(Secret::of_public(*plain));
      } else {
        std::optional<Secret> piece;
        Public name;
        const Outcome got = referenced(binding, wanted, std::get<Reference>(part), piece, name);
        if (got == Outcome::failed) outcome = Outcome::failed;
        if (got == Outcome::missing && outcome == Outcome::value) outcome = Outcome::missing;
        if (got != Outcome::value) continue;
        parts.push_back(std::move(*piece));
      }
      size += parts.back().size();
    }
    if (outcome != Outcome::value) return outcome;
    value = Secret::filled_by(size, [&](char* out, std::size_t room) {
      for (const Secret& part : parts) {
        const Exposed bytes = part.expose();
        if (bytes.size() > 0) std::memcpy(out, bytes.data(), bytes.size());
        out += bytes.size();
      }
      return room;
    });
    return Outcome::value;
  }

  Outcome rendered_file(const Binding& binding, const Wanted& wanted, const TemplateFile& file, std::optional<Secret>& value) {
    const auto failed = [&](Why why, Public fix) {
      problems_.add(Error{Code::config_unreadable, "cannot read template file", where(binding, Public::path(file.path)), why, fix});
      return Outcome::failed;
    };
    sys::Answer<Fd> opened = sys::open_file(file.path);
    if (!opened) return failed(opened.error(), "correct template_file, or mount the file");
    const sys::Answer<sys::FileStatus> status = sys::status(opened.value());
    if (!status || status.value().kind != sys::FileKind::regular) return failed("it is not a regular file", "point template_file at a file");
    sys::Answer<std::string> text = sys::read_text(opened.value(), kTemplateLimit);
    if (!text) return failed(text.error(), "keep it readable, and under 1 MiB");
    Result<Template, Malformed> parsed = parse_template(text.value());
    if (!parsed) {
      std::size_t line = 1;
      for (std::size_t i = 0; i < parsed.error().offset && i < text.value().size(); ++i) line += text.value()[i] == '\n';
      problems_.add(Error{Code::config_invalid, "template file is malformed", where(binding, Public::path(file.path) + ":" + Public::number(line)),
                          parsed.error().why, "write ${NAME} for a secret and $$ for a dollar"});
      return Outcome::failed;
    }
    return rendered(binding, wanted, parsed.value(), value);
  }

  // What holds for every value, wherever it came from.
  bool acceptable(const Binding& binding, const Secret& value, Public name) {
    const auto* wanted = std::get_if<Wanted>(&binding.value);
    const auto refuse = [&](Code code, Literal what, Why why, Public fix) {
      problems_.add(Error{code, what, where(binding, name), why, fix});
      return false;
    };
    if (value.size() == 0 && !(wanted != nullptr && (wanted->allow_empty || wanted->fallback))) {
      return refuse(Code::secret_empty, "secret is empty", "its value has no bytes", "fill it, or say allow_empty: true");
    }
    if (value.size() > kSecretLimit) {
      return refuse(Code::secret_too_large, "secret is too large", Public::number(value.size()) + " bytes; 1 MiB is the limit", "deliver less of it");
    }
    if (wanted != nullptr) {
      if (const Literal why = unexpected(value, wanted->expect); !why.empty()) {
        return refuse(Code::secret_unexpected, "secret is not what is expected", why, "correct the secret, or what expect says of it");
      }
    }
    const auto* variable = std::get_if<ToVariable>(&binding.target);
    if (variable == nullptr) return true;
    if (holds_nul(value)) {
      return refuse(Code::secret_invalid, "secret cannot be a variable", "it holds a NUL byte (" + Public::number(value.size()) + " bytes in all)",
                    "deliver it as a file, under files:");
    }
    const std::size_t size = variable->name.text().size() + 1 + value.size() + 1;
    if (size > kVariableLimit) {
      return refuse(Code::variable_too_large, "secret is too large for a variable",
                    Public::number(value.size()) + " bytes; with its name the kernel takes 131072", "deliver it as a file, under files:");
    }
    return true;
  }

  // What `docker inspect` shows of the container's environment has leaked, whatever we put in its place.
  void warn_of_overridden() {
    for (const ResolvedBinding& binding : resolved_.bindings) {
      const auto* variable = std::get_if<ToVariable>(&binding.target);
      if (variable == nullptr) continue;
      const std::string& name = variable->name.text();
      const std::optional<std::string_view> existing = environment_.find(name);
      if (!existing || existing->empty()) continue;
      if (std::find(resolved_.taken_out.begin(), resolved_.taken_out.end(), name) != resolved_.taken_out.end()) continue;
      resolved_.warnings.push_back({Code::variable_overridden, "variable was set already and is overridden", Public::variable(name),
                                    "what the container's environment holds, inspect shows: a secret there has leaked",
                                    "take it out of the environment, or say keep_existing: true"});
    }
  }

  Why no_source_has_it() const {
    const bool any = std::any_of(sources_.slots().begin(), sources_.slots().end(), [](const Sources::Slot& slot) { return slot.source.has_value(); });
    if (any) return "none of the sources has it";
    return "none of the sources is there (is /run/secrets mounted?)";
  }

  template <class Find>
  Kept& keep(const std::string& key, Public name, Find&& find) {
    const auto known = read_.find(key);
    if (known != read_.end()) return known->second;
    Kept kept{name, {}, {}, {}, {}};
    Lookup found = find();
    if (!found) {
      kept.trouble = std::move(found).error();
    } else if (found.value()) {
      log::debug("{}: read from {}, {} bytes", name, found.value()->where, found.value()->value.size());
      kept.where = found.value()->where;
      kept.status = found.value()->status;
      kept.value = std::move(found.value()->value);
    }
    return read_.emplace(key, std::move(kept)).first->second;
  }

  Outcome fail(const Binding& binding, const Trouble& trouble, Public name) {
    problems_.add(Error{trouble.code, trouble.what, where(binding, name), trouble.why, trouble.fix});
    return Outcome::failed;
  }

  Sources& sources_;
  const Environment& environment_;
  std::map<std::string, Kept> read_;
  Public missing_;
  Resolved resolved_;
  Problems problems_;
};

Result<std::vector<Error>, Problems> add_automatic(Plan& plan, Sources& sources, const Environment& environment) {
  std::vector<Error> warnings;
  if (!plan.automatic()) return warnings;
  std::vector<PointedAt> pointed;
  for (char* const* entry = environment.entries(); *entry != nullptr; ++entry) {
    const std::string_view text{*entry};
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos || text.size() <= equals + 1 || text[equals + 1] != '/') continue;
    const std::string_view name = text.substr(0, equals);
    if (name.starts_with("HUSHRUN_")) continue;
    const std::optional<std::string_view> variable = pointed_variable(name);
    if (!variable) continue;
    if (auto file = sources.locate(text.substr(equals + 1))) pointed.push_back({name, *variable, std::move(*file)});
  }
  const std::vector<Offer> offers = TRY(sources.offered());
  Automatic found = TRY(automatic_bindings(plan, environment, offers, pointed));
  warnings = std::move(found.warnings);
  plan.add(std::move(found));
  return warnings;
}

Result<Resolved, Unresolved> resolve(Plan&& plan, Sources& sources, const Environment& environment) {
  Resolver resolver{sources, environment};
  return resolver.run(std::move(plan));
}

}  // namespace hushrun
