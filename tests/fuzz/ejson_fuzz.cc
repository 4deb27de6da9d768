// ejson documents, opened with a key that the corpus is sealed to: what opens is JSON with the same names.

#include <cstdint>
#include <cstdlib>

#include "age/ejson.h"
#include "core/json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hushrun;
  const Secret document = Secret::of_public({reinterpret_cast<const char*>(data), size});
  // Its public key, 7b4e909bbe7ffe44c465a220037d608ee35897d31ef972f07f74892cb0f73f13, is the one in the corpus.
  const Secret key = Secret::of_public("1111111111111111111111111111111111111111111111111111111111111111");
  const auto opened = ejson::open(document, key);
  if (!opened) return opened.error().why.empty() ? std::abort(), 1 : 0;
  const auto before = json::members(document), after = json::members(opened.value());
  if (!before || !after || before.value() != after.value()) std::abort();
  return 0;
}
