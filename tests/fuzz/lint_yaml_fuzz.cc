// A compose file or a workflow of any bytes is checked or is a gap, and no path it names leads out of the root.

#include <cstdint>
#include <cstdlib>
#include <string>

#include "lint/check_yaml.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void require_inside(const std::string& path) { require(!path.starts_with('/') && !path.starts_with("../") && path != ".."); }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hushrun;
  const lint::File file{"a/compose.yaml", std::string{reinterpret_cast<const char*>(data), size}};
  lint::Findings findings{"."};
  const lint::ComposeUse use = lint::check_compose(file, findings);
  for (const auto& build : use.builds) require_inside(build.context), require_inside(build.dockerfile);
  for (const std::string& path : use.env_files) require_inside(path);
  for (const std::string& path : use.secret_files) require_inside(path);
  lint::check_workflow(file, findings);
  return 0;
}
