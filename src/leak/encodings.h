#pragma once
// The shapes a value leaks in: the spellings that real programs produce, as a list. spellings.cc says who writes which.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/text.h"
#include "leak/locked_bytes.h"

namespace hushrun::leak {

enum class Disguise : std::uint8_t {
  plain,     // as it is
  word,      // as it is, 1 to 7 bytes, and only where its neighbours are no letter, digit or underscore
  newlines,  // other line ends, or none: CRLF, a blank, the two characters \n
  line,      // one line of a value of several
  base64,    // RFC 4648 §4, at any offset in what was encoded
  base64url,
  base64_wrapped,
  hex,
  percent,
  json,
  shell,
  code,    // a string of C, Go, Python, JavaScript
  markup,  // HTML, XML
};

/// Without the blanks around it: space, tab, CR, LF.
std::string_view trimmed(std::string_view text);

/// For a report: "in base64".
Literal word(Disguise disguise);

/// One pattern: where its bytes lie among those of its Forms.
struct Form {
  std::uint32_t start;
  std::uint32_t size;
  std::uint32_t public_size;  // how much of its beginning everybody may see: a URL's scheme, the first line of a PEM block
  std::uint32_t needle;
  Disguise disguise;
};

/// Collects the forms of values. Plain bytes, in locked memory: for the time in which patterns are prepared.
class Forms {
 public:
  /// No form is shorter: five in a row of any log would be one otherwise, and the filter gets its speed from it.
  static constexpr std::size_t kShortest = 8;
  /// A line of a value is a needle of its own from here on. Shorter ones (`{`, `],`, `type: x`) are everybody's.
  static constexpr std::size_t kShortestLine = 16;
  /// Above it a value has fewer disguises (plain, line ends, base64): nobody prints a certificate bundle as a C string.
  static constexpr std::size_t kLarge = 65536;
  /// Bytes of all forms together; the patterns take twice as much. Two values of the largest size allowed fit.
  static constexpr std::size_t kMostBytes = std::size_t{32} << 20;
  /// A value's lines; a file of more is no credential.
  static constexpr std::size_t kMostLines = 1024;
  /// Lines of wrapped base64 that are also looked for one by one (a logger may put its own text in front of each), …
  static constexpr std::size_t kMostWrappedLines = 32;
  /// … but for a last line so short that the filter would have to take smaller steps for it.
  static constexpr std::size_t kShortestWrappedLine = 12;

  /// Adds all forms of a value of 8 bytes or more that has no blanks around it. False if some found no room.
  bool spell(std::string_view value, std::uint32_t needle);
  /// Adds the value as it is, to be found as a word.
  void add_word(std::string_view value, std::uint32_t needle);

  std::span<const Form> list() const { return list_; }
  std::string_view bytes(const Form& form) const { return pool_.view(form.start, form.size); }
  void reserve(std::size_t bytes) { pool_.reserve(bytes); }

 private:
  template <class Write>
  void add(Disguise disguise, std::string_view value, std::size_t public_size, Write&& write);
  void add_base64(std::string_view value, std::size_t public_size);
  void add_wrapped(Form whole, std::size_t width);
  void add_hex(std::string_view value, std::size_t public_size);
  void add_texts(std::string_view value, std::size_t public_size);
  void add_json(Disguise disguise, std::string_view value, std::size_t public_size);
  void add_newlines(std::string_view value, std::size_t public_size);
  void add_lines(std::string_view value);
  void keep(Form form);

  LockedBytes pool_;
  std::vector<Form> list_;
  std::size_t first_ = 0;  // of the forms of the value at hand
  std::uint32_t needle_ = 0;
  bool complete_ = true;
};

}  // namespace hushrun::leak
