#pragma once
// JSON: picking one value out of a secret document, and writing public text. RapidJSON stops at json.cc.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/secret.h"

namespace hushrun::json {

enum class Miss {
  not_json,     // the document does not parse (RFC 8259), is not UTF-8, or has a key twice on the way
  not_there,    // no such member or index
  null,         // there, and null
};

/// The value at `pointer` (RFC 6901: "" is the whole document, "/a/0" a member and an index, "~1" a slash): a string as its text, anything
/// else as the JSON text that stands in the document. No copy outside locked memory; iterative, so that no nesting
/// exhausts the stack.
Result<Secret, Miss> select(const Secret& document, std::string_view pointer);

/// A member of an object. Its value is what select() would give; a null has none.
struct Member {
  std::string name;
  std::optional<Secret> value;
};
/// All members of an object, in order, in one pass. Miss::not_there if the document is something else, Miss::not_json if a name stands twice.
Result<std::vector<Member>, Miss> object(const Secret& document);

/// The top-level member names of an object, in order. Names are not secret, values stay unread.
Result<std::vector<std::string>, Miss> members(const Secret& document);

/// A part of a document that is no container, decoded: a member's name, a string, or a number or other word.
struct Scalar {
  enum class Kind : std::uint8_t { name, string, word } kind;
  std::string_view path;  // where: "config/Env/3"; a name stands in the path of its value
  std::string_view text;
};
/// Tells every scalar of a document, in order. False if it does not parse to its end, or nests more than 1000 deep; what came before
/// was told.
bool scalars(std::string_view document, const std::function<void(const Scalar&)>& tell);

/// A JSON string, quotes included; control bytes escaped, all else as it is (so UTF-8 stays UTF-8).
Secret quoted(const Secret& value);
/// The same for text that is public.
std::string quoted(std::string_view text);

/// Writes a document of public text, indented by two blanks, in the order of the calls. Strings have to be UTF-8.
class Writer {
 public:
  Writer();
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  void begin_object();
  void end_object();
  void begin_array();
  void end_array();
  void key(std::string_view name);
  void string(std::string_view text);
  void number(std::uint64_t value);
  void boolean(bool value);

  void member(std::string_view name, std::string_view text) { key(name), string(text); }
  void member(std::string_view name, std::uint64_t value) { key(name), number(value); }
  /// What has been written, with a line end behind it.
  std::string text() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hushrun::json
