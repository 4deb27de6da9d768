#pragma once
// The two kinds of text that may be printed. What is neither of them cannot reach an error or the log:
// a std::string does not convert, because nobody knows what is in it.

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace hushrun {

/// Text fixed at compile time. A run-time string cannot become one.
class Literal {
 public:
  consteval Literal(const char* text) : text_{text} {}  // NOLINT: "text" is meant to convert by itself
  constexpr std::string_view view() const { return text_; }
  /// The empty text stands for "nothing to say".
  constexpr bool empty() const { return *text_ == '\0'; }

 private:
  const char* text_;
};

/// Text that may be printed: fixed, or made at run time by a function that says why it holds no secret; to review
/// the project for leaks is to read the hits of `Public::` and `expose()`.
///
/// Run-time text is interned and lives as long as the program, so a Public is two words and copies freely.
class Public {
 public:
  constexpr Public() = default;
  consteval Public(const char* text) : text_{text} {}              // NOLINT: "text" converts by itself
  constexpr Public(Literal text) : text_{text.view()} {}           // NOLINT: a literal is always public

  static Public number(unsigned long long value);

  /// A path, each component shown unless it could itself be a key: people paste the value where its place
  /// belongs. Control characters, and bytes that are no UTF-8, are shown as `?`.
  static Public path(std::string_view path);

  /// A variable name such as DB_PASSWORD; anything that is not one, or that could be a key, comes out as the
  /// words "a variable".
  static Public variable(std::string_view name);

  /// A secret's name: shown when it cannot be a key itself, else the words "a secret". Names that really exist in a
  /// source are no guesses: they are `vouched`.
  static Public name(std::string_view name);

  /// Text that somebody vouches for: a name found in a directory listing, a user found in /etc/passwd, a key of our
  /// own grammar. The reason stands at each call. Control characters, and bytes that are no UTF-8, are shown as `?`.
  static Public vouched(std::string_view text);

  friend Public operator+(Public left, Public right);

  constexpr std::string_view view() const { return text_; }
  constexpr bool empty() const { return text_.empty(); }
  bool operator==(const Public&) const = default;

 private:
  explicit Public(std::string_view text);
  std::string_view text_;
};

Public operator+(Public left, Public right);

/// True for text that nobody could mistake for a key: short words of one case with the nouns people use for
/// secrets (`db_password`, `tls.crt`). False says only "cannot be sure". Used by Public::name.
bool is_plainly_a_name(std::string_view text);

/// True for text shaped like a credential: known prefixes (`sk-`, `ghp_`, `AKIA`, `AGE-SECRET-KEY-` …) or a long
/// run of mixed letters and digits. Used by Public::path.
bool could_be_a_key(std::string_view text);

/// True if `text` begins with what an issuer prints in front of its keys (`ghp_`, `AKIA` …).
bool begins_like_a_key(std::string_view text);

}  // namespace hushrun
