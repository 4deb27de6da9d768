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
  explicit Workbench(const Patterns& patterns) : needles_{patterns.needles()}, search_{patterns} {}

  void run(const Job& job, std::optional<Fd> file);

  std::vector<Hit> take_hits() { return std::exchange(hits_, {}); }
  std::vector<Gap> take_gaps() { return std::exchange(gaps_, {}); }
  /// What an image_told has asked for.
  std::string take_told() { return std::exchange(told_, {}); }
  const Totals& totals() const { return search_.totals(); }

 private:
  void settle(Image* image, const Locator& where);
  void tell();
  void listen(std::string_view told, const Locator& where);

  std::size_t needles_;
  Search search_;
  std::unique_ptr<Image> image_;  // one of which more is to come
  std::string told_;
  std::vector<Hit> told_hits_;  // of other processes, as long as their image is not settled
  std::vector<Gap> told_gaps_;
  std::vector<Hit> hits_;
  std::vector<Gap> gaps_;
};

}  // namespace hushrun::audit
