#pragma once
// Shopify ejson: a JSON document whose string values are sealed one by one to the document's own key (NaCl boxes).
//
// Not authenticated as a document: whoever holds the public key can drop, swap and add values. age files are, and come first.

#include <cstdint>
#include <string>

#include "core/error.h"
#include "core/secret.h"

namespace hushrun::ejson {

enum class Failed : std::uint8_t {
  document,    // not JSON, or no `_public_key` in it
  key,         // the private key's text is none
  no_match,    // a key, of another document
  value,       // a value is in clear, or its box is malformed
  forged,      // a box does not open: changed, or sealed to another key
};

/// Nothing of the document or of the key is in it but line numbers.
struct Failure {
  Failed kind;
  Public why;
  Literal fix;
};

/// "cannot open ejson file: …"
Literal what(Failed kind);
/// "ejson-document" …, for the log. Never renamed.
Literal word(Failed kind);

/// The document's `_public_key` in lower-case hexadecimal: the name of its key file in a key directory (`--keydir`, EJSON_KEYDIR).
Result<std::string, Failure> public_key(const Secret& document);

/// The document with every box opened, all else byte for byte. All or nothing.
///
/// `private_key` is the text of a key file: 64 hexadecimal digits, blanks around them forgiven. As in the reference, a string value stays
/// what it is when the last key before it in the text, at whatever depth, begins with `_`; any other string has to be a box.
Result<Secret, Failure> open(const Secret& document, const Secret& private_key);

}  // namespace hushrun::ejson
