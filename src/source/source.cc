#include "source/source.h"

#include <cstring>

namespace hushrun {

std::optional<std::string_view> Environment::find(std::string_view name) const {
  for (char* const* entry = entries_; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text{*entry};
    if (text.size() > name.size() && text[name.size()] == '=' && text.starts_with(name)) return text.substr(name.size() + 1);
  }
  return std::nullopt;
}

Secret copy_of(const Secret& value) {
  return Secret::filled_by(value.size(), [&](char* room, std::size_t size) {
    std::memcpy(room, value.expose().data(), size);
    return size;
  });
}

Public reason(Public place, Why why) { return place + ": " + why.words(); }

}  // namespace hushrun
