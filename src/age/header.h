#pragma once
// The header: a version line, a stanza per recipient, and the MAC line that binds them to the file key.
//
// Strict, so that a header which parses has one spelling only: the MAC is taken over the bytes as they stand.

#include <string>
#include <string_view>
#include <vector>

#include "age/failure.h"
#include "age/primitives.h"

namespace hushrun::age {

inline constexpr std::string_view kVersionLine = "age-encryption.org/v1\n";

/// Bounds of our own; the format sets none. A post-quantum stanza's line takes 1.5 KB, and nobody has 4096 readers.
inline constexpr std::size_t kHeaderLineLimit = 16 * 1024;
inline constexpr std::size_t kHeaderLimit = 1024 * 1024;
inline constexpr std::size_t kStanzaLimit = 4096;

/// One recipient's wrapping of the file key: `-> TYPE ARGUMENT...` and a body. Views into the header's text.
struct Stanza {
  std::string_view type;
  std::vector<std::string_view> arguments;
  std::string body;
};

struct Header {
  std::vector<Stanza> stanzas;          // at least one
  std::string_view authenticated;       // what the MAC covers: all up to and including "---"
  Bytes32 mac;
  std::size_t size;                     // bytes up to the payload
};

/// A header that is malformed, or (`incomplete`) sound as far as it goes: more bytes may complete it.
struct HeaderProblem {
  Literal why;
  bool incomplete = false;
};

/// The header at the beginning of `text`; what follows it is the payload.
Result<Header, HeaderProblem> parse_header(std::string_view text);

/// A stanza's body when it is a wrapped file key: 32 bytes.
std::optional<Bytes32> wrapped_key(const Stanza& stanza);

}  // namespace hushrun::age
