// Identity files and lists of recipients: whatever stands in them, a failure has words, and an answer has keys.

#include <cstdint>
#include <cstdlib>

#include "age/identity.h"
#include "age/recipient.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hushrun;
  age::ready();
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const auto identities = age::parse_identities(Secret::of_public(text));
  if (identities ? !identities.value().usable() && identities.value().unusable.empty() : identities.error().why.words().empty()) std::abort();
  const auto recipients = age::parse_recipients(text);
  if (recipients ? recipients.value().empty() : recipients.error().why.words().empty()) std::abort();
  return 0;
}
