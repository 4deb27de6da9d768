// A Dockerfile of any bytes is read; what was read points into the file, and all checks come to an end without quoting it.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "lint/check_dockerfile.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hushrun;
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const lint::Dockerfile dockerfile = lint::parse_dockerfile(text);
  const auto lines = static_cast<unsigned>(std::count(text.begin(), text.end(), '\n')) + 1;
  for (const lint::Instruction& instruction : dockerfile.instructions) {
    require(instruction.line >= 1 && instruction.line <= lines);
    for (const lint::Word& word : instruction.words()) require(word.line >= instruction.line && word.line <= lines);
    for (const lint::Heredoc& heredoc : instruction.heredocs) require(heredoc.line > instruction.line && heredoc.line <= lines + 1);
    for (const auto& pair : instruction.pairs()) require(pair.line <= lines);
    static_cast<void>(instruction.json_form());
  }
  require(lint::reach_the_image(dockerfile).size() == dockerfile.instructions.size());
  lint::Findings findings{"."};
  lint::check_dockerfile({"Dockerfile", std::string{text}}, dockerfile, findings);
  for (const audit::Finding& finding : findings.take().findings) {
    require(finding.where.line >= 1 && finding.where.line <= lines + 1);
    require(!finding.message.empty() && !finding.fix.empty());
  }
  return 0;
}
