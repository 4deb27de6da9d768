#pragma once
// Errors are values. `Result<T>` must be looked at; `TRY(expression)` yields the value or returns the error.

#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

namespace hushrun {

struct Error;

/// A value of type T, or an error of type E. Never both, never neither.
template <class T, class E = Error>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_{std::in_place_index<0>, std::move(value)} {}  // NOLINT: return values convert
  template <class F>
    requires(std::is_constructible_v<E, F &&> && !std::is_same_v<std::remove_cvref_t<F>, T> &&
             !std::is_same_v<std::remove_cvref_t<F>, Result> && !std::is_constructible_v<T, F &&>)
  Result(F&& error) : state_{std::in_place_index<1>, std::forward<F>(error)} {}  // NOLINT

  explicit operator bool() const { return state_.index() == 0; }
  T& value() & { return *std::get_if<0>(&state_); }
  const T& value() const& { return *std::get_if<0>(&state_); }
  T&& value() && { return std::move(*std::get_if<0>(&state_)); }
  E& error() & { return *std::get_if<1>(&state_); }
  const E& error() const& { return *std::get_if<1>(&state_); }
  E&& error() && { return std::move(*std::get_if<1>(&state_)); }

  /// Turns a bare Errno into an Error: `describe` adds what, where and how to fix.
  template <class Describe>
  auto or_error(Describe&& describe) && -> Result<T, std::invoke_result_t<Describe, E>> {
    if (*this) return std::move(*this).value();
    return describe(std::move(*this).error());
  }

 private:
  std::variant<T, E> state_;
};

template <class E>
class [[nodiscard]] Result<void, E> {
 public:
  Result() = default;
  template <class F>
    requires(std::is_constructible_v<E, F &&> && !std::is_same_v<std::remove_cvref_t<F>, Result>)
  Result(F&& error) : error_{std::in_place, std::forward<F>(error)} {}  // NOLINT

  explicit operator bool() const { return !error_; }
  void value() const {}
  E& error() & { return *error_; }
  const E& error() const& { return *error_; }
  E&& error() && { return std::move(*error_); }

  template <class Describe>
  auto or_error(Describe&& describe) && -> Result<void, std::invoke_result_t<Describe, E>> {
    if (*this) return {};
    return describe(std::move(*error_));
  }

 private:
  std::optional<E> error_;
};

/// The value of a Result, or `return` of its error from the enclosing function. A GNU statement expression:
/// both compilers of Debian 12 have it, and nothing in standard C++20 reads as well.
#define TRY(expression)                                                 \
  __extension__({                                                       \
    auto try_result_ = (expression);                                    \
    if (!try_result_) return std::move(try_result_).error();            \
    std::move(try_result_).value();                                     \
  })

}  // namespace hushrun
