#pragma once
// A YAML document as a tree with positions. yaml-cpp stops at document.cc.

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/error.h"

namespace hushrun {

/// Line and column, from 1; a column counts bytes.
struct Position {
  unsigned line = 1;
  unsigned column = 1;
  bool operator==(const Position&) const = default;
};

/// One value of the tree. A key keeps its position, so that an error can point at it.
struct Node {
  enum class Kind { null, scalar, list, map };
  struct Entry;

  Kind kind = Kind::null;
  Position at;
  std::string scalar;          // text of a scalar: UTF-8 without a NUL
  bool plain = false;          // written without quotes: `true`, `10` and `~` have their YAML 1.2 core meaning only then
  std::vector<Node> items;     // list
  std::vector<Entry> entries;  // map, in order of the file; keys are scalars and unique

  const Node* find(std::string_view key) const;
};
struct Node::Entry {
  std::string key;
  Position at;
  Node value;
};

/// Bounds on what a document may cost us.
struct DocumentLimits {
  std::size_t bytes;  // of the text; and again of what aliases repeat
  std::size_t nodes;  // keys among them, after aliases are expanded: an alias bomb ends here
  std::size_t depth;  // at most 400: yaml-cpp itself stops at 500
};

/// Fixed text that never quotes what was found.
struct DocumentError {
  Position at;
  Literal why;
  Literal fix;
  std::vector<std::string> keys;  // the way to the place, through maps: as written, so not yet public
};

/// Aliases and merge keys (`<<`) are resolved where `Aliases::resolved`; hushrun.yaml itself has none (Aliases::refused).
enum class Aliases { refused, resolved };

/// One document; an empty text is a null. More than one document, a duplicate key, a key that is no scalar, a NUL or another
/// control character, text that is not UTF-8, a tag that is not of the core schema: an error each. A BOM in front is passed over.
Result<Node, DocumentError> parse_document(std::string_view text, Aliases aliases, const DocumentLimits& limits);

}  // namespace hushrun
