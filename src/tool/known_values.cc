#include "tool/known_values.h"

#include <unistd.h>

#include <algorithm>

#include "core/log.h"
#include "options/load.h"
#include "options/options.h"
#include "plan/resolve.h"
#include "tool/place.h"

namespace hushrun::tool {
namespace {

// The last problem is the caller's to tell; the others would be lost.
Error last_of(Problems&& problems) {
  for (std::size_t i = 0; i + 1 < problems.list.size(); ++i) log::report(problems.list[i]);
  return std::move(problems.list.back());
}

}  // namespace

void KnownValues::describe(Words& words) {
  words.option("-c,--config", config_, kFile, "the hushrun.yaml whose secrets are looked for, found as hushrun finds it");
  words.flag("--no-config", no_config_, "use none");
  words.option("-p,--profile", profile_, kName, "apply this profile of it");
  words.list("-s,--source", sources_, {"KIND:ARG", ""}, "look for the values of this source, as hushrun -s");
  words.list("-i,--identity", identities_, kPlace, "open sealed sources with the keys in this place");
  words.option("--passphrase", passphrase_, kPlace, "the passphrase of sealed sources is in this place");
  words.list("--value", given_, {"NAME=WHERE", ""}, "look for the value in this place (FILE, env:VARIABLE, fd:NUMBER) as well");
}

void KnownValues::add(Public name, Secret value, bool asked) {
  // A file's last newline is not part of what is looked for.
  const auto looked_for = [](const Secret& one) {
    const Exposed bytes = one.expose();
    return leak::trimmed({bytes.data(), bytes.size()});
  };
  if (looked_for(value).empty()) {
    if (std::find(blank_.begin(), blank_.end(), name) == blank_.end()) blank_.push_back(name);
    return;
  }
  for (Value& other : values_) {
    if (looked_for(other.value) != looked_for(value)) continue;
    // One value under two names is one to rotate: the first name is told.
    other.asked |= asked;
    return;
  }
  values_.push_back({name, std::move(value), asked});
}

Result<void> KnownValues::read_sources() {
  // The launcher's own reading of its options: an audit looks where the launcher looks.
  std::vector<std::string> words{"hushrun", "--check"};
  const auto option = [&](const char* name, const std::string& text) { words.insert(words.end(), {name, text}); };
  if (config_) option("--config", *config_);
  if (no_config_) words.emplace_back("--no-config");
  if (profile_) option("--profile", *profile_);
  for (const std::string& one : sources_) option("--source", one);
  for (const std::string& one : identities_) option("--identity", one);
  if (passphrase_) option("--passphrase", *passphrase_);
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  const Environment environment{environ};
  Options options = TRY(parse_options(static_cast<int>(words.size()), argv.data(), environment).or_error(last_of));
  log::configure(log::Level::info, log::Format::text);
  Config config = TRY(load_config(options).or_error(last_of));
  const bool only_given = config.sources.empty() && config.variables.empty() && config.files.empty() && !given_.empty();
  if (only_given) return {};

  Plan plan = TRY(Plan::from(std::move(config), environment).or_error(last_of));
  Sources sources = TRY(Sources::open(plan.sources(), environment, Reading::values).or_error(last_of));
  if (plan.automatic()) static_cast<void>(TRY(add_automatic(plan, sources, environment).or_error(last_of)));
  plan.allow_empty();
  Resolved resolved = TRY(resolve(std::move(plan), sources, environment).or_error([](Unresolved&& failed) { return last_of(std::move(failed.problems)); }));
  for (Resolved::Raw& raw : resolved.raw) add(raw.name, std::move(raw.value), true);
  for (ResolvedBinding& binding : resolved.bindings) add(binding.named(), std::move(binding.value), true);
  // What another service uses lies in the same source, and leaks as well.
  const std::vector<Offer> offers = TRY(sources.offered().or_error(last_of));
  for (const Offer& offer : offers) {
    for (const Name& name : offer.names) {
      Lookup found = sources.find(name);
      if (!found) {
        const Trouble& trouble = found.error();
        return Error{trouble.code, trouble.what, Public::vouched(name.text()), trouble.why, trouble.fix};  // a name found in a source
      }
      if (found.value()) add(Public::vouched(name.text()), std::move(found.value()->value), false);  // the same
    }
  }
  return {};
}

Result<void> KnownValues::read_given() {
  constexpr std::size_t kLargest = std::size_t{1} << 20;
  for (const std::string& one : given_) {
    const std::size_t equals = one.find('=');
    const auto name = equals == std::string::npos ? std::nullopt : Name::parse(std::string_view{one}.substr(0, equals));
    if (!name || equals + 1 == one.size()) {
      return Error{Code::usage, "not a name and a place", "option --value", "NAME=WHERE is wanted, not the value itself", "put the value into a file, and say where that is"};
    }
    // It stands where a name belongs, and its value elsewhere; a key in its place is not shown.
    add(could_be_a_key(name->text()) ? Public{"a secret"} : Public::vouched(name->text()), TRY(read_place(one.substr(equals + 1), kLargest)), true);
  }
  return {};
}

Result<void> KnownValues::load() {
  TRY(read_given());
  TRY(read_sources());
  if (!values_.empty()) return {};
  return Error{Code::secret_missing, "there is no value to look for", "command line", "neither the config nor a source nor --value gives one",
               "name a config with -c, or a source with -s, as in -s dir:/run/secrets"};
}

std::vector<leak::Delivered> KnownValues::delivered() const {
  std::vector<leak::Delivered> all;
  for (const Value& one : values_) all.push_back({one.name, &one.value});
  return all;
}

bool KnownValues::is_unasked(Public name) const {
  return std::none_of(values_.begin(), values_.end(), [&](const Value& one) { return one.asked && one.name == name; });
}

}  // namespace hushrun::tool
