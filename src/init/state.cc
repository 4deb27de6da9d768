#include "init/state.h"

#include "init/raw.h"

namespace hushrun::init {

void read_words(State& state, char** words) {
  state.self = static_cast<pid_t>(raw::sys(SYS_getpid));
  state.words = words;
  for (int signal = 0; signal <= kSignals; ++signal) state.rewrite[signal] = static_cast<unsigned char>(signal);
  for (; *words != nullptr; ++words) {
    const char* const text = *words;
    const char* value = nullptr;
    if ((value = raw::after(text, word::kChild)) != nullptr) {
      state.child = static_cast<pid_t>(raw::take_number(value));
    } else if ((value = raw::after(text, word::kEnded)) != nullptr) {
      state.ended = static_cast<int>(raw::take_number(value));
    } else if ((value = raw::after(text, word::kEarly)) != nullptr) {
      state.early = raw::take_number(value);
    } else if (raw::same(text, word::kOwnGroup)) {
      state.own_group = true;
    } else if (raw::same(text, word::kGroup)) {
      state.group = true;
    } else if (raw::same(text, word::kStopAlong)) {
      state.stop_along = true;
    } else if ((value = raw::after(text, word::kTerminal)) != nullptr) {
      state.terminal = static_cast<int>(raw::take_number(value));
    } else if (raw::same(text, word::kForeground)) {
      state.foreground = true;
    } else if ((value = raw::after(text, word::kStopTimeout)) != nullptr) {
      state.stop_timeout = raw::take_number(value);
    } else if ((value = raw::after(text, word::kRewrite)) != nullptr) {
      const std::uint64_t from = raw::take_number(value);
      if (*value == ':') ++value;
      const std::uint64_t to = raw::take_number(value);
      if (from <= kSignals && to <= kSignals) state.rewrite[from] = static_cast<unsigned char>(to);
    } else if ((value = raw::after(text, word::kInform)) != nullptr) {
      state.inform = raw::same(value, "json") ? Inform::json : Inform::text;
    } else if ((value = raw::after(text, word::kRecord)) != nullptr) {
      state.record = static_cast<int>(raw::take_number(value));
    }
  }
}

}  // namespace hushrun::init
