#include "source/environment.h"

#include <algorithm>

namespace hushrun {
namespace {

Public place_of(const Name& name) { return "variable " + Public::variable(name.text()) + " of our environment"; }

}  // namespace

Opening<OpenEnvironmentSource> OpenEnvironmentSource::open(const EnvironmentSource& config, const Environment& environment, Presence) {
  return std::optional{OpenEnvironmentSource{config.names, environment}};
}

std::optional<std::string_view> OpenEnvironmentSource::value(const Name& name) const {
  const bool listed = std::any_of(names_.begin(), names_.end(), [&](const VariableName& each) { return each.text() == name.text(); });
  if (!listed) return std::nullopt;
  return environment_.find(name.text());
}

Lookup OpenEnvironmentSource::find(const Name& name) const {
  const std::optional<std::string_view> text = value(name);
  if (!text) return std::optional<Found>{};
  Secret copy = Secret::filled_by(text->size(), [&](char* room, std::size_t size) {
    std::copy(text->begin(), text->end(), room);
    return size;
  });
  return std::optional{Found{std::move(copy), place_of(name), std::nullopt}};
}

std::optional<Public> OpenEnvironmentSource::whereabouts(const Name& name) const {
  if (!value(name)) return std::nullopt;
  return place_of(name);
}

std::vector<std::string> OpenEnvironmentSource::variables() const {
  std::vector<std::string> texts;
  for (const VariableName& each : names_) texts.push_back(each.text());
  return texts;
}

}  // namespace hushrun
