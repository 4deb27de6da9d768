#pragma once
// Does jobs: walks what it is given, and searches it. Opens nothing.

#include <functional>
#include <memory>
#include <optional>

#include "audit/image.h"
#include "audit/job.h"
#include "audit/search.h"
#include "core/fd.h"

namespace hushrun::audit {

class Workbench {
 public:
  explicit Workbench(const Patterns& patterns) : search_{patterns} {}

  void run(const Job& job, std::optional<Fd> file);

  std::vector<Hit> take_hits() { return std::exchange(hits_, {}); }
  std::vector<Gap> take_gaps() { return std::exchange(gaps_, {}); }
  const Totals& totals() const { return search_.totals(); }

 private:
  void settle(Image* image, const Locator& where);

  Search search_;
  std::unique_ptr<Image> folder_;  // an image in a folder, whose members come one by one
  std::vector<Hit> hits_;
  std::vector<Gap> gaps_;
};

}  // namespace hushrun::audit
