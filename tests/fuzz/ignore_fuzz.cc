// A .dockerignore of any bytes is read or refused with its line; a walk from folder to folder says what a look from the root says,
// and nothing ships from a folder that a builder does not look into.

#include <cstdint>
#include <cstdlib>
#include <string>

#include "audit/ignore.h"

namespace {

using namespace hushrun::audit;

void require(bool holds) {
  if (!holds) std::abort();
}

void look(const IgnoreFile& file, std::string_view path, Builder builder) {
  IgnoreFile::Folder folder;
  bool closed = false;
  for (std::size_t slash = path.find('/'); slash != std::string_view::npos; slash = path.find('/', slash + 1)) {
    folder = file.look(folder, path.substr(0, slash), builder).folder;
    require(folder.closed || !closed);
    closed = folder.closed;
  }
  const bool ships = file.look(folder, path, builder).ships;
  require(ships == file.ships(path, builder));
  require(!ships || !closed);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // The patterns, and behind a NUL one more path to look at.
  std::string_view text{reinterpret_cast<const char*>(data), size}, path;
  if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos) {
    path = text.substr(nul + 1);
    text = text.substr(0, nul);
  }
  const auto file = IgnoreFile::parse(text);
  if (!file) {
    require(file.error().line > 0 && !file.error().why.empty());
    return 0;
  }
  for (Builder builder : {Builder::buildkit, Builder::classic, Builder::older}) {
    for (std::string_view each : {std::string_view{".env"}, std::string_view{"a/b/.env"}, std::string_view{"a b/\xc3\xa4.txt"}, path}) look(file.value(), each, builder);
  }
  return 0;
}
