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

Opening<Source> open_one(const SourceConfig& config, const Environment& environment) {
  const Presence presence = config.optional ? Presence::optional : Presence::required;
  return std::visit(Overloaded{
                        [&](const DirectorySource& kind) { return open_as<OpenDirectorySource>(kind, environment, presence); },
                        [&](const DotenvSource& kind) { return open_as<OpenDotenvSource>(kind, environment, presence); },
                        [&](const EnvironmentSource& kind) { return open_as<OpenEnvironmentSource>(kind, environment, presence); },
                        [&](const ComposeSource& kind) { return open_as<OpenComposeSource>(kind, environment, presence); },
                        [&](const CommandSource& kind) { return open_as<OpenCommandSource>(kind, environment, presence); },
                    },
                    config.kind);
}

// The file whose content would have to be read for the names in it, or for that of its values.
const std::string* content_of(const SourceConfig& config) {
  if (const auto* dotenv = std::get_if<DotenvSource>(&config.kind)) return &dotenv->path;
  if (const auto* compose = std::get_if<ComposeSource>(&config.kind)) return &compose->path;
  return nullptr;
}

}  // namespace

Result<Sources, Problems> Sources::open(std::span<const SourceConfig> configs, const Environment& environment, Reading reading) {
  Sources sources;
  Problems problems;
  for (const SourceConfig& config : configs) {
    Slot& slot = sources.slots_.emplace_back(Slot{config.place, std::nullopt, {}});
    const std::string* content = reading == Reading::names ? content_of(config) : nullptr;
    if (content != nullptr && sys::exists(*content)) {
      slot.unread = Public::path(*content);
      continue;
    }
    // A content that is not there is opened all the same: for the error, or for nothing.
    Opening<Source> opened = open_one(config, environment);
    if (opened) slot.source = std::move(opened).value();
    else problems.add(error_at(config.place, std::move(opened).error()));
  }
  if (!problems.empty()) return problems;
  return sources;
}

Lookup Sources::find(const Name& name) {
  for (Slot& slot : slots_) {
    if (!slot.source) continue;
    std::optional<Found> found = TRY(std::visit([&](auto& source) -> Lookup { return source.find(name); }, *slot.source));
    if (found) return found;
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
  return std::get<OpenDirectorySource>(*slots_[source].source).find_path(relative);
}

Result<std::vector<Offer>, Problems> Sources::offered() const {
  std::vector<Offer> offers;
  Problems problems;
  for (const Slot& slot : slots_) {
    if (!slot.source) continue;
    Result<Offer, Trouble> offer = std::visit([](const auto& source) { return source.offered(); }, *slot.source);
    if (offer) offers.push_back(std::move(offer).value());
    else problems.add(error_at(slot.place, std::move(offer).error()));
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
               },
               config.kind);
  }
  for (const Slot& slot : slots_) {
    const auto* compose = slot.source ? std::get_if<OpenComposeSource>(&*slot.source) : nullptr;
    if (compose == nullptr) continue;
    for (std::string& path : compose->files()) all.push_back(std::move(path));
  }
  return all;
}

std::vector<std::string> Sources::variables() const {
  std::vector<std::string> names;
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

}  // namespace hushrun
