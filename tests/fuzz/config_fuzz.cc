// No text makes the parser crash, hang or use memory without bound; what it refuses, it refuses with problems that quote no key.
// The first byte chooses: a profile, and for the tree alone whether aliases are resolved.

#include <cstdint>
#include <cstdlib>
#include <string>

#include "config/config.h"
#include "config/document.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

// A key, by its beginning: as a key of the file, a component of a path, or a profile's name no message may hold it. As a part of
// a longer word it is no key, and may be shown as far as the rules of Public go.
void require_no_canary(const hushrun::Error& error) {
  constexpr std::string_view kCanary = "sk-c4n4rY";
  const std::string_view where = error.where.view();
  require(error.why.words().view().find(kCanary) == std::string_view::npos);
  require(error.fix.view().find(std::string{" "}.append(kCanary)) == std::string_view::npos);
  require(where.find(std::string{"/"}.append(kCanary)) == std::string_view::npos);
  for (const std::string section : {"env.", "files.", "profiles.", ""}) require(!where.starts_with(section + std::string{kCanary}));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hushrun;
  if (size == 0) return 0;
  const std::string_view text{reinterpret_cast<const char*>(data) + 1, size - 1};
  const std::optional<std::string> profile = data[0] % 2 == 0 ? std::nullopt : std::optional<std::string>{"dev"};

  const auto config = parse_config(text, "hushrun.yaml", profile);
  if (!config) {
    require(!config.error().empty());
    for (const Error& error : config.error().list) require_no_canary(error);
  }

  const DocumentLimits limits = {64 * 1024, 2000, 20};
  const auto document = parse_document(text, data[0] % 4 < 2 ? Aliases::resolved : Aliases::refused, limits);
  if (!document) require(document.error().at.line >= 1 && document.error().at.column >= 1);
  return 0;
}
