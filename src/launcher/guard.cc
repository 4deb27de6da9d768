#include "launcher/guard.h"

#include <algorithm>

#include "core/log.h"

namespace hushrun {

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
    std::vector<leak::Delivered> delivered;
    for (const ResolvedBinding& binding : bindings_) delivered.push_back({binding.named(), &binding.value});
    for (const Resolved::Raw& raw : raw_) delivered.push_back({raw.name, &raw.value});
    for (const Chatter& chatter : chatter_) {
      if (chatter.unused) delivered.push_back({chatter.command, &*chatter.unused});
    }
    needles_.emplace(delivered);
  }
  return leak::masked(*needles_, text);
}

}  // namespace hushrun
