// A compose file of any bytes opens or is refused with a place in it; whatever it offers it can locate, and what
// Compose's interpolation gives back holds no more of the text than the text had.

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "source/compose.h"
#include "source/interpolation.h"

namespace hushrun {
namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void open_as_compose(std::string_view text) {
  const Fd file = Fd::adopt(::memfd_create("compose.yaml", MFD_CLOEXEC));
  require(sys::write_all(file, text.data(), text.size()) ? true : false);
  const std::string path = "/proc/self/fd/" + std::to_string(file.number());
  char variable[] = "SET=value";
  char* const block[] = {variable, nullptr};
  const auto opened = OpenComposeSource::open({path, "app"}, Environment{block}, Presence::optional);
  if (!opened) {
    require(!opened.error().why.empty() && !opened.error().fix.empty());
    return;
  }
  require(opened.value().has_value());
  const OpenComposeSource& source = *opened.value();
  const auto offer = source.offered();
  require(offer && std::is_sorted(offer.value().names.begin(), offer.value().names.end()));
  require(std::adjacent_find(offer.value().names.begin(), offer.value().names.end()) == offer.value().names.end());
  for (const Name& name : offer.value().names) require(source.whereabouts(name).has_value());
}

void interpolate_it(std::string_view text) {
  const auto nothing_set = [](std::string_view) { return std::optional<std::string>{}; };
  const auto result = interpolate(text, nothing_set);
  if (result) require(result.value().size() <= text.size());
  if (text.find('$') == std::string_view::npos) require(result && (result.value() == text || text.size() > 65536));
}

}  // namespace
}  // namespace hushrun

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  hushrun::open_as_compose(text);
  hushrun::interpolate_it(text);
  return 0;
}
