// What the types make impossible. Most of it is decided when this file is compiled; what must fail to compile as a whole is in
// must_not_compile.py.

#include <fmt/format.h>
#include <fmt/ranges.h>  // with it fmt formats a span of bytes happily: hence Exposed is none

#include <catch2/catch.hpp>
#include <concepts>
#include <ostream>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "core/error.h"
#include "core/fd.h"
#include "core/log.h"
#include "core/process.h"
#include "core/secret.h"
#include "core/text.h"
#include "plan/resolve.h"

namespace hushrun {
namespace {

template <class T>
concept Streamable = requires(std::ostream& out, const T& value) { out << value; };
template <class T>
concept Formattable = fmt::is_formattable<T>::value;
template <class T>
concept Comparable = requires(const T& a, const T& b) { a == b; };
template <class T>
concept Range = requires(T& value) {
  value.begin();
  value.end();
};
template <class From, class To>
concept Makes = std::is_constructible_v<To, From>;
template <class From, class To>
concept Becomes = std::is_convertible_v<From, To>;

// ── a secret: moved, never copied, printed, compared or taken for a string ───────────────────────────────────────
static_assert(std::movable<Secret> && !std::is_copy_constructible_v<Secret> && !std::is_copy_assignable_v<Secret>);
static_assert(!std::is_default_constructible_v<Secret>);
static_assert(!Streamable<Secret> && !Formattable<Secret> && !Comparable<Secret> && !Range<Secret>);
static_assert(!Becomes<Secret, std::string> && !Becomes<Secret, std::string_view> && !Makes<Secret, std::string>);
static_assert(!Makes<std::string, Secret> && !Makes<const char*, Secret>);
static_assert(!std::is_trivially_destructible_v<Secret>);

// What is being looked at is no range and no string either; and nobody but a Secret makes one.
static_assert(!Streamable<Exposed> && !Formattable<Exposed> && !Range<Exposed>);
static_assert(!Becomes<Exposed, std::string> && !Becomes<Exposed, std::string_view> && !std::is_default_constructible_v<Exposed>);
static_assert(!Makes<std::string, Exposed>);
template <class T>
concept ExposedAsTemporary = requires { T::of_public("x").expose(); };
static_assert(!ExposedAsTemporary<Secret>, "a view into a temporary would dangle");

// What holds secrets cannot be copied; std::vector<Secret> would claim that it can.
static_assert(!std::is_copy_constructible_v<Resolved> && std::is_move_constructible_v<Resolved>);
static_assert(!Streamable<Resolved> && !Formattable<Resolved> && !Streamable<ResolvedBinding> && !Formattable<ResolvedBinding>);

// ── the log's guest list ─────────────────────────────────────────────────────────────────────────────────────────
static_assert(log::Loggable<Literal> && log::Loggable<Public> && log::Loggable<ExitCode> && log::Loggable<std::size_t>);
static_assert(!log::Loggable<Secret> && !log::Loggable<Exposed> && !log::Loggable<Resolved>);
static_assert(!log::Loggable<std::string> && !log::Loggable<std::string_view> && !log::Loggable<const char*> && !log::Loggable<char*>);
static_assert(!log::Loggable<std::vector<char>> && !log::Loggable<char> && !log::Loggable<Name> && !log::Loggable<VariableName>);

// ── text that may be printed is fixed, or made by a function that says why it holds no secret ────────────────────
// (Run-time characters are refused by consteval, which a trait does not see: must_not_compile.py.)
static_assert(!Becomes<std::string, Public> && !Becomes<std::string_view, Public>);
static_assert(!Makes<std::string, Public> && !Makes<std::string_view, Public>);
static_assert(!Makes<std::string, Literal> && !Makes<std::string_view, Literal>);
static_assert(!Becomes<Public, Literal> && Becomes<Literal, Public>);
static_assert(!Becomes<Public, std::string>);

// ── errors ───────────────────────────────────────────────────────────────────────────────────────────────────────
// A bare kernel answer is none: somebody who knows the secret's name has to add the other three parts.
static_assert(!Becomes<Errno, Error> && !Makes<Errno, Problems> && !Becomes<Error, Errno>);
static_assert(Becomes<Error, Problems> && Becomes<Errno, Why> && Becomes<Public, Why> && !Becomes<std::string, Why>);
static_assert(!Becomes<int, Errno> && !Becomes<Errno, int>);
static_assert(!std::is_constructible_v<Result<int>, Errno> && std::is_constructible_v<Result<int, Errno>, Errno>);
static_assert(!std::is_convertible_v<Result<int>, int> && !std::is_convertible_v<Result<int>, bool>);

// ── owners and numbers ───────────────────────────────────────────────────────────────────────────────────────────
static_assert(!std::is_default_constructible_v<Fd> && !std::is_copy_constructible_v<Fd> && !Becomes<int, Fd> && !Makes<int, Fd>);
static_assert(!Becomes<int, ExitCode> && !Makes<int, ExitCode> && !Becomes<ExitCode, int>);
static_assert(!Makes<std::string, Name> && !Makes<std::string, VariableName> && !Becomes<Name, VariableName>);
static_assert(!std::is_constructible_v<Plan, Config>, "only Plan::from makes one of a checked config");

TEST_CASE("exit codes are those of env(1), and nobody else's") {
  CHECK(exit_code(Code::command_not_found) == ExitCode::not_found());
  CHECK(exit_code(Code::command_not_executable) == ExitCode::cannot_execute());
  for (int code = 0; code <= static_cast<int>(Code::system); ++code) {
    const Code each = static_cast<Code>(code);
    if (each == Code::command_not_found || each == Code::command_not_executable) continue;
    CHECK(exit_code(each).value() == 125);
  }
  CHECK(ExitCode::exited(256).value() == 0);
  CHECK(ExitCode::exited(3).value() == 3);
  CHECK(ExitCode::killed(9).value() == 137);
}

TEST_CASE("every code has a word of its own, in lower case and dashes") {
  std::vector<std::string> words;
  for (int code = 0; code <= static_cast<int>(Code::system); ++code) {
    const std::string text{word(static_cast<Code>(code)).view()};
    CHECK(!text.empty());
    CHECK(text.find_first_not_of("abcdefghijklmnopqrstuvwxyz-") == std::string::npos);
    CHECK(std::find(words.begin(), words.end(), text) == words.end());
    words.push_back(text);
  }
}

TEST_CASE("a kernel answer reads as words and symbol") {
  CHECK(Why{Errno{13}}.words() == Public{"Permission denied (EACCES)"});
  CHECK(Why{Errno{99999}}.words() == Public{"kernel error 99999"});
  CHECK(Why{"plain words"}.words() == Public{"plain words"});
}

}  // namespace
}  // namespace hushrun
