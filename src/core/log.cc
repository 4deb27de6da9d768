#include "core/log.h"

#define SPDLOG_NO_EXCEPTIONS
#include <spdlog/logger.h>
#include <spdlog/sinks/sink.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <memory>

#include "core/json.h"

namespace hushrun::log {
namespace {

Level current_level = Level::warn;
Format current_format = Format::text;
Literal current_program = "hushrun";
Guard current_guard = nullptr;
const void* guard_context = nullptr;

// Writes finished lines to standard error, through the guard. Unbuffered: the next thing we do may be execve.
class GuardedStderr final : public spdlog::sinks::sink {
 public:
  void log(const spdlog::details::log_msg& message) override {
    const std::string_view text{message.payload.data(), message.payload.size()};
    std::string line = current_guard != nullptr ? current_guard(guard_context, text) : std::string{text};
    line += '\n';
    for (std::size_t sent = 0; sent < line.size();) {
      const ssize_t wrote = ::write(2, line.data() + sent, line.size() - sent);
      if (wrote < 0 && errno == EINTR) continue;
      if (wrote <= 0) return;  // nobody reads our log: no reason not to do our work
      sent += static_cast<std::size_t>(wrote);
    }
  }
  void flush() override {}
  // Lines come finished: neither spdlog's patterns nor its formatters have a part in them.
  void set_pattern(const std::string&) override {}
  void set_formatter(std::unique_ptr<spdlog::formatter>) override {}
};

spdlog::level::level_enum spdlog_level(Level level) {
  switch (level) {
    case Level::error: return spdlog::level::err;
    case Level::warn: return spdlog::level::warn;
    case Level::info: return spdlog::level::info;
    case Level::debug: return spdlog::level::debug;
  }
  return spdlog::level::err;
}

const char* word(Level level) {
  switch (level) {
    case Level::error: return "error";
    case Level::warn: return "warning";
    case Level::info: return "info";
    case Level::debug: return "debug";
  }
  return "error";
}

// Made when the first line is written: most runs write none.
void hand_over(Level level, std::string_view line) {
  static spdlog::logger logger{"hushrun", std::make_shared<GuardedStderr>()};
  logger.set_level(spdlog::level::trace);
  logger.log(spdlog_level(level), spdlog::string_view_t{line.data(), line.size()});
}

// RFC 3339 with milliseconds, UTC. Not by gmtime(3), which links time zones and scanf (100 kB).
std::string now() {
  using namespace std::chrono;
  const auto time = floor<milliseconds>(system_clock::now());
  const auto day = floor<days>(time);
  const year_month_day date{day};
  const hh_mm_ss clock{time - day};
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
  return text;
}

// One JSON object, one line.
class JsonLine {
 public:
  explicit JsonLine(Level level) { member("time", now()).member("level", word(level)); }
  JsonLine& member(std::string_view name, std::string_view value) {
    line_ += line_.empty() ? "{" : ",";
    line_.append("\"").append(name).append("\":") += json::quoted(value);
    return *this;
  }
  std::string finished() const { return line_ + "}"; }

 private:
  std::string line_;
};

void problem(Level level, const Error& error) {
  if (!enabled(level)) return;
  const Public why = error.why.words();
  if (current_format == Format::json) {
    hand_over(level, JsonLine{level}
                         .member("code", hushrun::word(error.code).view())
                         .member("what", error.what.view())
                         .member("where", error.where.view())
                         .member("why", why.view())
                         .member("fix", error.fix.view())
                         .finished());
    return;
  }
  std::string line{current_program.view()};
  line.append(": ").append(word(level)).append(": ").append(error.what.view());
  if (error.code == Code::usage) {
    // A mistake on the command line gets one line.
    line.append(" (").append(error.where.view()).append("): ").append(why.view()).append("; ").append(error.fix.view());
  } else {
    if (level == Level::warn) line.append(", continuing");
    line.append("\n  where: ").append(error.where.view()).append("\n  why:   ").append(why.view());
    line.append("\n  fix:   ").append(error.fix.view());
  }
  hand_over(level, line);
}

}  // namespace

void configure(Level level, Format format) {
  current_level = level;
  current_format = format;
}
Level level() { return current_level; }
Format format() { return current_format; }

void speak_as(Literal program) { current_program = program; }

void guard_with(Guard guard, const void* context) {
  current_guard = guard;
  guard_context = context;
}

void report(const Error& error) { problem(Level::error, error); }
void report(const Problems& problems) {
  for (const Error& error : problems.list) report(error);
}
void warn(const Error& error) { problem(Level::warn, error); }

void write(Level level, std::string_view format, std::initializer_list<Public> arguments) {
  std::string text;
  const Public* argument = arguments.begin();
  for (std::size_t at = 0; at < format.size(); ++at) {
    if (format.substr(at, 2) == "{}" && argument != arguments.end()) {
      text += (argument++)->view();
      ++at;
    } else {
      text += format[at];
    }
  }
  if (current_format == Format::json) {
    hand_over(level, JsonLine{level}.member("message", text).finished());
  } else {
    hand_over(level, std::string{current_program.view()}.append(": ").append(word(level)).append(": ").append(text));
  }
}

}  // namespace hushrun::log
