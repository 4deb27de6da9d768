#include "source/sources.h"

#include <algorithm>
#include <iterator>

namespace hushrun {
namespace {

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

Error error_at(const Place& place, Trouble trouble) {
  return {trouble.code, trouble.what, place.shown(), trouble.why, trouble.fix};
}

template <class Open, class Config>
Opening<Source> open_as(const Config& config, const Environment& environment, Presence presence) {
  std::optional<Open> opened = TRY(Open::open(config, environment, presence));
  if (!opened) return std::optional<Source>{};
  return std::optional<Source>{std::move(*opened)};
}

// What opening a source may need beside its own config.
struct Surroundings {
  const Environment& environment;
  const Environment& for_commands;
  Keyring& keyring;
  std::span<const OpenDirectorySource* const> directories;
};

Opening<Source> as_source(Opening<OpenSealedSource> opening) {
  std::optional<OpenSealedSource> opened = TRY(std::move(opening));
  if (!opened) return std::optional<Source>{};
  return std::optional<Source>{std::move(*opened)};
}

bool is_sealed(const SourceConfig& config) {
  return std::holds_alternative<AgeSource>(config.kind) || std::holds_alternative<EjsonSource>(config.kind);
}

Opening<Source> open_one(const SourceConfig& config, const Surroundings& around) {
  const Environment& environment = around.environment;
  const Presence presence = config.optional ? Presence::optional : Presence::required;
  return std::visit(Overloaded{
                        [&](const DirectorySource& kind) { return open_as<OpenDirectorySource>(kind, environment, presence); },
                        [&](const DotenvSource& kind) { return open_as<OpenDotenvSource>(kind, environment, presence); },
                        [&](const EnvironmentSource& kind) { return open_as<OpenEnvironmentSource>(kind, environment, presence); },
                        [&](const ComposeSource& kind) { return open_as<OpenComposeSource>(kind, environment, presence); },
                        [&](const CommandSource& kind) { return open_as<OpenCommandSource>(kind, around.for_commands, presence); },
                        [&](const AgeSource& kind) { return as_source(OpenSealedSource::open(kind, around.keyring, around.directories, presence)); },
                        [&](const EjsonSource& kind) {
                          return as_source(OpenSealedSource::open(kind, around.keyring, around.directories, environment, presence));
                        },
                    },
                    config.kind);
}

// The file whose content would have to be read for the names in it, or for that of its values.
const std::string* content_of(const SourceConfig& config) {
  if (const auto* dotenv = std::get_if<DotenvSource>(&config.kind)) return &dotenv->path;
  if (const auto* compose = std::get_if<ComposeSource>(&config.kind)) return &compose->path;
  if (const auto* age = std::get_if<AgeSource>(&config.kind)) return &age->path;
  if (const auto* ejson = std::get_if<EjsonSource>(&config.kind)) return &ejson->path;
  return nullptr;
}

}  // namespace

Result<Sources, Problems> Sources::open(std::span<const SourceConfig> configs, const Environment& environment, Reading reading) {
  Sources sources{Keyring{configs, environment}};
  if (reading == Reading::values) sources.keyring_.take_descriptors();
  const std::vector<std::string> carriers = sources.keyring_.variables();
  for (char* const* entry = environment.entries(); entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text{*entry};
    if (std::find(carriers.begin(), carriers.end(), text.substr(0, text.find('='))) == carriers.end()) sources.for_commands_.push_back(*entry);
  }
  sources.for_commands_.push_back(nullptr);
  const Environment for_commands{sources.for_commands_.data()};

  Problems problems;
  for (const SourceConfig& config : configs) sources.slots_.push_back(Slot{config.place, std::nullopt, {}});
  std::vector<const OpenDirectorySource*> directories;
  const auto open_slot = [&](std::size_t index) {
    const SourceConfig& config = configs[index];
    Slot& slot = sources.slots_[index];
    const std::string* content = reading == Reading::names ? content_of(config) : nullptr;
    if (content != nullptr && sys::exists(*content)) {
      slot.unread = Public::path(*content);
      return;
    }
    // A content that is not there is opened all the same: for the error, or for nothing.
    Opening<Source> opened = open_one(config, {environment, for_commands, sources.keyring_, directories});
    if (!opened) return problems.add(error_at(config.place, std::move(opened).error()));
    slot.source = std::move(opened).value();
    if (!slot.source) return;
    if (const auto* directory = std::get_if<OpenDirectorySource>(&*slot.source)) directories.push_back(directory);
  };
  for (std::size_t i = 0; i < configs.size(); ++i) {
    if (!is_sealed(configs[i])) open_slot(i);
  }
  for (std::size_t i = 0; i < configs.size(); ++i) {
    if (is_sealed(configs[i])) open_slot(i);
  }
  if (!problems.empty()) return problems;
  return sources;
}

// An identity that reaches the application opens all there is, and not only what it was given.
Lookup Sources::without_keys(Lookup found) const {
  if (!found || !found.value() || !keyring_.holds(found.value()->value)) return found;
  return Trouble{Code::identity_exposed, "this is the key of a sealed file", found.value()->where + ": an identity or a passphrase is not for the application",
                 "map what it opens, not the key itself"};
}

Lookup Sources::find(const Name& name) {
  for (Slot& slot : slots_) {
    if (!slot.source) continue;
    std::optional<Found> found = TRY(std::visit([&](auto& source) -> Lookup { return source.find(name); }, *slot.source));
    if (found) return without_keys(std::move(found));
  }
  return std::optional<Found>{};
}

Whereabouts Sources::whereabouts(const Name& name) const {
  Whereabouts answer;
  for (const Slot& slot : slots_) {
    if (!slot.unread.empty()) answer.unread.push_back(slot.unread);
    if (!slot.source) continue;
    answer.where = std::visit([&](const auto& source) { return source.whereabouts(name); }, *slot.source);
    if (answer.where) break;
  }
  return answer;
}

std::optional<Located> Sources::locate(std::string_view path) const {
  for (std::size_t index = 0; index < slots_.size(); ++index) {
    if (!slots_[index].source) continue;
    const auto* directory = std::get_if<OpenDirectorySource>(&*slots_[index].source);
    if (directory == nullptr) continue;
    if (std::optional<std::string> relative = directory->relative_to(path)) return Located{index, std::move(*relative)};
  }
  return std::nullopt;
}

Lookup Sources::find_path(std::size_t source, const std::string& relative) const {
  return without_keys(std::get<OpenDirectorySource>(*slots_[source].source).find_path(relative));
}

Result<std::vector<Offer>, Problems> Sources::offered() const {
  std::vector<Offer> offers;
  Problems problems;
  for (const Slot& slot : slots_) {
    if (!slot.source) continue;
    Result<Offer, Trouble> offer = std::visit([](const auto& source) { return source.offered(); }, *slot.source);
    if (offer) {
      if (const auto* directory = std::get_if<OpenDirectorySource>(&*slot.source)) {
        for (const std::string& key : keyring_.names_in(*directory)) {
          std::erase_if(offer.value().names, [&](const Name& name) { return name.text() == key; });
        }
      }
      offers.push_back(std::move(offer).value());
    } else problems.add(error_at(slot.place, std::move(offer).error()));
  }
  if (!problems.empty()) return problems;
  return offers;
}

std::vector<std::string> Sources::paths(std::span<const SourceConfig> configs) const {
  std::vector<std::string> all;
  for (const SourceConfig& config : configs) {
    std::visit(Overloaded{
                   [&](const DirectorySource& kind) { all.push_back(kind.path); },
                   [&](const DotenvSource& kind) { all.push_back(kind.path); },
                   [](const EnvironmentSource&) {},
                   [](const ComposeSource&) {},  // its files, below
                   [](const CommandSource&) {},
                   [&](const AgeSource& kind) { all.push_back(kind.path); },
                   [&](const EjsonSource& kind) { all.push_back(kind.path); },
               },
               config.kind);
  }
  for (std::string& path : keyring_.files()) all.push_back(std::move(path));
  for (const Slot& slot : slots_) {
    const auto* compose = slot.source ? std::get_if<OpenComposeSource>(&*slot.source) : nullptr;
    if (compose == nullptr) continue;
    for (std::string& path : compose->files()) all.push_back(std::move(path));
  }
  return all;
}

std::vector<std::string> Sources::variables() const {
  std::vector<std::string> names = keyring_.variables();
  const auto add = [&](std::vector<std::string> more) { std::move(more.begin(), more.end(), std::back_inserter(names)); };
  for (const Slot& slot : slots_) {
    if (!slot.source) continue;
    if (const auto* environment = std::get_if<OpenEnvironmentSource>(&*slot.source)) add(environment->variables());
    if (const auto* compose = std::get_if<OpenComposeSource>(&*slot.source)) add(compose->variables());
  }
  return names;
}

std::vector<Chatter> Sources::take_chatter() {
  std::vector<Chatter> all;
  for (Slot& slot : slots_) {
    auto* command = slot.source ? std::get_if<OpenCommandSource>(&*slot.source) : nullptr;
    if (command == nullptr) continue;
    if (std::optional<Chatter> chatter = command->take_chatter()) all.push_back(std::move(*chatter));
  }
  return all;
}

std::vector<Error> Sources::warnings() const {
  std::vector<Error> all;
  for (const Slot& slot : slots_) {
    const auto* sealed = slot.source ? std::get_if<OpenSealedSource>(&*slot.source) : nullptr;
    if (sealed == nullptr) continue;
    for (const Trouble& remark : sealed->remarks()) all.push_back(error_at(slot.place, remark));
  }
  return all;
}

}  // namespace hushrun
