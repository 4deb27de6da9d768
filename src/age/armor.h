#pragma once
// ASCII armor: a sealed file as text, for places where bytes do not survive. Strict, as the format asks: one spelling per file,
// line ends and blanks around the block aside.

#include <array>
#include <string_view>

#include "age/bytes.h"

namespace hushrun::age {

inline constexpr std::string_view kArmorBegin = "-----BEGIN AGE ENCRYPTED FILE-----";
inline constexpr std::string_view kArmorEnd = "-----END AGE ENCRYPTED FILE-----";
inline constexpr std::size_t kArmorColumns = 64;
inline constexpr std::size_t kArmorLineBytes = 48;
/// Blanks allowed before, and after, the block.
inline constexpr std::size_t kArmorBlanks = 1023;

/// True if a file that begins so is armored, or was meant to be: a binary one never begins with a dash.
bool looks_armored(std::string_view beginning);

/// Takes the armor off, line by line. Nothing after a bad line is given out; whether the end is good is known only when `read`
/// has answered 0.
class ArmorReader final : public Reader {
 public:
  explicit ArmorReader(Reader& text) : text_{text} {}
  Result<std::size_t, Failure> read(char* room, std::size_t size) override;
  std::optional<std::uint64_t> size() const override;

 private:
  enum class State { before, inside, at_end, ended };
  Result<std::optional<std::string_view>, Failure> take_line();
  Result<void, Failure> find_begin();
  Result<void, Failure> decode_line();
  Result<void, Failure> expect_only_blanks();

  Reader& text_;
  State state_ = State::before;
  std::array<char, 4096> buffer_;  // text read and not yet decoded
  std::size_t start_ = 0, end_ = 0;
  bool exhausted_ = false;
  std::array<char, kArmorLineBytes + 3> line_;  // a line decoded and not yet given out
  std::size_t given_ = 0, decoded_ = 0;
};

}  // namespace hushrun::age
