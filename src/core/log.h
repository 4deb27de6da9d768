#pragma once
// The log's door. spdlog stops at log.cc; fmt is seen here for its compile-time check of formats.

#include <fmt/core.h>

#include <concepts>
#include <initializer_list>
#include <string>
#include <string_view>

#include "core/error.h"
#include "core/process.h"

namespace hushrun::log {

enum class Level { error, warn, info, debug };
enum class Format { text, json };

template <class T, class... Ts>
concept OneOf = (std::same_as<T, Ts> || ...);

/// Who may be logged. A std::string is not on the list: nobody knows what is in it.
template <class T>
concept Loggable = OneOf<T, Literal, Public, ExitCode, unsigned, std::size_t>;

/// What is written, and how. Costs nothing until a line is really written.
void configure(Level level, Format format);
Level level();
Format format();
inline bool enabled(Level wanted) { return wanted <= level(); }

/// Whose name stands in front of every line; the launcher's until somebody else speaks.
void speak_as(Literal program);

/// Every finished line passes through `guard` before it is written, from now on: the last door, behind all types.
/// `context` is handed back. A null guard takes the last one away.
using Guard = std::string (*)(const void* context, std::string_view line);
void guard_with(Guard guard, const void* context);

/// A problem, in its four parts. `report` is for errors, `warn` says that it goes on.
void report(const Error& error);
void report(const Problems& problems);
void warn(const Error& error);

/// One line at level info or debug: `format` with its `{}` replaced by `arguments` in turn.
void write(Level level, std::string_view format, std::initializer_list<Public> arguments);

inline Public worded(Public text) { return text; }
inline Public worded(ExitCode code) { return Public::number(static_cast<unsigned>(code.value())); }
inline Public worded(std::size_t number) { return Public::number(number); }
inline Public worded(unsigned number) { return Public::number(number); }

inline std::string_view plain(fmt::string_view text) { return {text.data(), text.size()}; }

// fmt checks at compile time that format and arguments agree; the line itself is put together in log.cc, from text alone.
template <Loggable... Args>
void info(fmt::format_string<const Args&...> format, const Args&... args) {
  if (enabled(Level::info)) write(Level::info, plain(format), {worded(args)...});
}
template <Loggable... Args>
void debug(fmt::format_string<const Args&...> format, const Args&... args) {
  if (enabled(Level::debug)) write(Level::debug, plain(format), {worded(args)...});
}

}  // namespace hushrun::log

// Seen by the compile-time check only.
template <>
struct fmt::formatter<hushrun::Literal> : fmt::formatter<fmt::string_view> {
  template <class Context>
  auto format(const hushrun::Literal& text, Context& context) const -> decltype(context.out());
};
template <>
struct fmt::formatter<hushrun::Public> : fmt::formatter<fmt::string_view> {
  template <class Context>
  auto format(const hushrun::Public& text, Context& context) const -> decltype(context.out());
};
template <>
struct fmt::formatter<hushrun::ExitCode> : fmt::formatter<int> {
  template <class Context>
  auto format(const hushrun::ExitCode& code, Context& context) const -> decltype(context.out());
};
