#include "launcher/deliver.h"

#include <algorithm>
#include <cstring>
#include <set>
#include <string_view>

#include "core/sys_process.h"

namespace hushrun {
namespace {

Secret entry_of(const std::string& name, std::string_view value) {
  return Secret::filled_by(name.size() + 1 + value.size() + 1, [&](char* out, std::size_t size) {
    std::memcpy(out, name.data(), name.size());
    out[name.size()] = '=';
    if (!value.empty()) std::memcpy(out + name.size() + 1, value.data(), value.size());
    out[size - 1] = '\0';
    return size;
  });
}

}  // namespace

Result<Delivery, Problems> deliver(Resolved&& resolved, const Environment& environment, Remover remover) {
  Delivery delivery;
  Problems problems;
  delivery.process = std::move(resolved.process);
  if (delivery.process.user) delivery.user = TRY(find_user(*delivery.process.user));

  delivery.values.reserve(resolved.bindings.size() + 4);
  std::set<std::string, std::less<>> replaced{resolved.taken_out.begin(), resolved.taken_out.end()};
  const auto give = [&](const std::string& name, std::string_view value) {
    delivery.values.push_back(entry_of(name, value));
    replaced.insert(name);
  };

  FilePlacer placer{remover, delivery.user ? delivery.user->uid : sys::effective_user(), delivery.user ? delivery.user->gid : sys::effective_group()};
  for (ResolvedBinding& binding : resolved.bindings) {
    if (const auto* variable = std::get_if<ToVariable>(&binding.target)) {
      const Exposed bytes = binding.value.expose();
      give(variable->name.text(), {bytes.data(), bytes.size()});
      continue;
    }
    const auto& file = std::get<ToFile>(binding.target);
    std::optional<User> owner;
    if (file.owner) {
      Result<User, Error> found = find_user(*file.owner);
      if (!found) {
        problems.add(std::move(found).error());
        continue;
      }
      owner = std::move(found).value();
    }
    Result<FilePlacer::Placed, Error> placed = placer.place(file, binding.value, binding.place, std::move(owner));
    if (!placed) {
      problems.add(std::move(placed).error());
      continue;
    }
    if (placed.value().memfd) delivery.memfds.push_back(*placed.value().memfd);
    if (file.variable) give(file.variable->text(), placed.value().path);
  }
  if (!problems.empty()) {
    placer.traces().remove();
    return problems;
  }
  if (placer.private_directory()) give("HUSHRUN_DIR", *placer.private_directory());
  if (delivery.user) {
    const auto give_unless_mapped = [&](const std::string& name, const std::string& value) {
      if (!replaced.contains(name)) give(name, value);
    };
    give_unless_mapped("HOME", delivery.user->home);
    if (!delivery.user->name.empty()) {
      give_unless_mapped("USER", delivery.user->name);
      give_unless_mapped("LOGNAME", delivery.user->name);
    }
  }
  delivery.traces = std::move(placer.traces());

  const auto is_kept = [&](std::string_view name) {
    if (name.starts_with("HUSHRUN_") || replaced.contains(name)) return false;
    if (!delivery.process.clear_environment) return true;
    return std::any_of(delivery.process.keep.begin(), delivery.process.keep.end(), [&](const VariableName& kept) { return kept.text() == name; });
  };
  for (char* const* entry = environment.entries(); *entry != nullptr; ++entry) {
    const std::string_view text{*entry};
    if (is_kept(text.substr(0, text.find('=')))) delivery.environment.push_back(*entry);
  }
  // execve(2) takes char*, and writes nothing through it.
  for (const Secret& value : delivery.values) delivery.environment.push_back(const_cast<char*>(value.expose().data()));
  delivery.environment.push_back(nullptr);
  return delivery;
}

}  // namespace hushrun
