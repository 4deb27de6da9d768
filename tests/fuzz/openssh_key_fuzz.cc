// OpenSSH private keys: the text of a file when it begins with a dash, else the blob inside it.

#include <cstdint>
#include <cstdlib>
#include <string>

#include "age/openssh_key.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hushrun::age;
  ready();
  std::string text{reinterpret_cast<const char*>(data), size};
  if (!text.starts_with('-')) {
    text = std::string{kOpenSshBegin} + "\n" + base64_encode(View{text}, Padding::required) + "\n" + std::string{kOpenSshEnd} + "\n";
  }
  const auto key = parse_openssh_key(text);
  if (!key) return 0;
  // What was taken for a key is one: its public half belongs to its private half.
  const auto* identity = std::get_if<SshEd25519Identity>(&key.value());
  if (identity != nullptr && x25519_base(identity->scalar) != identity->recipient.point) std::abort();
  return 0;
}
