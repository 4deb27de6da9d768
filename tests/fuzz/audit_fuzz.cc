// Whatever a hostile archive, log, repository or process says is walked to its end, within bounds, and a value in it that stands as it is
// is found however the bytes are cut. The first byte chooses the parser.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "audit/image.h"
#include "audit/job.h"
#include "audit/search.h"
#include "audit/unpack.h"
#include "audit/walk_git.h"
#include "audit/walk_log.h"
#include "audit/wire.h"

namespace {

using namespace hushrun;

const audit::Patterns& patterns() {
  static const Secret first = Secret::of_public("Xk29tok/Qw84&zz17+p"), second = Secret::of_public("one line\ntwo \"lines\"\n3rd");
  static const leak::Delivered delivered[] = {{"first", &first}, {"second", &second}};
  static const audit::Patterns made{delivered};
  return made;
}

// In two pieces, so that parsers meet the border.
class TwoPieces : public audit::Bytes {
 public:
  TwoPieces(std::string_view text, std::size_t at) : first_{text.substr(0, at)}, second_{text.substr(first_.size())} {}

 protected:
  std::string_view more() override {
    const std::string_view piece = first_.empty() ? std::exchange(second_, {}) : std::exchange(first_, {});
    return piece;
  }

 private:
  std::string_view first_, second_;
};

void check_search(std::string_view text) {
  const bool there = text.find("Xk29tok/Qw84&zz17+p") != std::string_view::npos;
  for (const std::size_t cut : {std::size_t{1}, std::size_t{7}, text.size() + 1}) {
    audit::Search search{patterns()};
    search.begin({});
    for (std::size_t at = 0; at < text.size(); at += cut) search.feed(text.substr(at, cut));
    search.end();
    const auto hits = search.take_hits();
    if (there && hits.empty()) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view text{reinterpret_cast<const char*>(data) + 2, size - 2};
  audit::Search search{patterns()};
  audit::Image image;
  TwoPieces bytes{text, data[1]};
  switch (data[0] % 7) {
    case 0: check_search(text); break;
    case 1:
      audit::Unpacker{search, &image}.walk(bytes, {});
      image.show(search, {});
      {
        auto hits = search.take_hits();
        auto gaps = search.take_gaps();
        image.settle(hits, gaps);
      }
      break;
    case 2: audit::Unpacker{search, nullptr}.walk(bytes, {}); break;
    case 3: audit::walk_log(bytes, {}, search); break;
    case 4: audit::walk_engine_log(bytes, {}, search); break;
    case 5: audit::walk_git_objects(bytes, {}, search); break;
    default: {
      static_cast<void>(audit::jobs_of(text));
      audit::wire::Reader hits{text}, gaps{text}, totals{text};
      while (audit::wire::hit_of(hits, 2)) {
      }
      while (audit::wire::gap_of(gaps)) {
      }
      while (audit::wire::totals_of(totals)) {
      }
    }
  }
  return 0;
}
