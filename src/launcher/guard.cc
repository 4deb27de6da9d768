#include "launcher/guard.h"

#include <algorithm>
#include <map>

#include "core/log.h"

namespace hushrun {
namespace {

leak::Policy policy_of(Masking masking, Masked which) {
  if (which == Masked::all || masking == Masking::automatic) return leak::Policy::automatic;
  return masking == Masking::always ? leak::Policy::always : leak::Policy::never;
}

std::string_view trimmed(const Secret& value) {
  const Exposed bytes = value.expose();
  return leak::trimmed({bytes.data(), bytes.size()});
}

}  // namespace

std::vector<leak::Delivered> delivered_values(std::span<const ResolvedBinding> bindings, std::span<const Resolved::Raw> raw,
                                              std::span<const Chatter> chatter, Masked which) {
  std::vector<leak::Delivered> all;
  std::map<std::string_view, const ResolvedBinding*> by_name;
  for (const ResolvedBinding& one : bindings) {
    all.push_back({one.named(), &one.value, policy_of(one.masking, which)});
    by_name.emplace(one.named().view(), &one);
  }
  for (const Resolved::Raw& one : raw) {
    // Most are delivered as they are, and would only be spelled twice.
    const auto same = by_name.find(one.name.view());
    const bool is_known = same != by_name.end() && same->second->masking == one.masking && trimmed(same->second->value) == trimmed(one.value);
    if (!is_known) all.push_back({one.name, &one.value, policy_of(one.masking, which)});
  }
  for (const Chatter& one : chatter) {
    if (one.unused) all.push_back({one.command, &*one.unused});
  }
  return all;
}

LogGuard::LogGuard(const Resolved& resolved) : bindings_{resolved.bindings}, raw_{resolved.raw}, chatter_{resolved.chatter} {
  log::guard_with([](const void* guard, std::string_view line) { return static_cast<const LogGuard*>(guard)->masked(line); }, this);
}

void LogGuard::pass_on(std::span<const Chatter> chatter) const {
  for (const Chatter& said : chatter) {
    const Exposed bytes = said.text.expose();
    const std::string text = masked({bytes.data(), bytes.size()});
    for (std::size_t start = 0; start < text.size();) {
      const std::size_t end = std::min(text.find('\n', start), text.size());
      // Masked, and without the control bytes that could steer a terminal.
      if (end > start) log::write(log::Level::warn, "{}: {}", {said.command, Public::vouched(text.substr(start, end - start))});
      start = end + 1;
    }
  }
}

LogGuard::~LogGuard() { log::guard_with(nullptr, nullptr); }

std::string LogGuard::masked(std::string_view text) const {
  if (!needles_) {
    needles_.emplace(delivered_values(bindings_, raw_, chatter_, Masked::all));
  }
  return leak::masked(*needles_, text);
}

}  // namespace hushrun
