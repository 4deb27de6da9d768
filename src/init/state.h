#pragma once
// What the supervisor has to know. It travels from the first image to the second as words of argv, which `ps` shows: names, numbers and
// paths, and nothing else.

#include <signal.h>
#include <sys/types.h>

#include <cstdint>

namespace hushrun::init {

/// argv[1] of a second image. Nobody types a control byte by accident.
inline constexpr const char* kMark = "\x01supervise";
/// argv[0], and what ps and /proc/PID/comm show.
inline constexpr const char* kName = "hushrun";

namespace word {
// Each is followed by its value up to the word's end, those without `=` stand alone.
inline constexpr const char* kChild = "child=";
inline constexpr const char* kEnded = "ended=";                  // the application's exit code: it has gone, others are left
inline constexpr const char* kEarly = "early=";                  // signals that came before the application, a bit each
inline constexpr const char* kOwnGroup = "own-group";            // the application leads a process group
inline constexpr const char* kGroup = "group";                   // signals go to all of it
inline constexpr const char* kStopAlong = "stop-along";          // when it stops, so do we: a shell above continues us
inline constexpr const char* kTerminal = "terminal=";            // descriptor
inline constexpr const char* kForeground = "foreground";         // we gave the terminal to the application
inline constexpr const char* kStopTimeout = "stop-timeout=";     // milliseconds
inline constexpr const char* kRewrite = "rewrite=";              // FROM:TO, TO is 0 for nothing
inline constexpr const char* kInform = "inform=";                // text or json: log level info or more
inline constexpr const char* kRecord = "record=";                // descriptor that holds the lock on the record of our traces
inline constexpr const char* kNamespace = "namespace=";          // of a record: the mount namespace its paths are of
// What is taken away at the end, in the order given (removal.h).
inline constexpr const char* kFile = "file=";                    // DEVICE:INODE:PATH
inline constexpr const char* kTemporary = "temporary=";          // PATH, a random name of ours
inline constexpr const char* kDirectory = "directory=";          // PATH, if empty
inline constexpr const char* kTree = "tree=";                    // PATH and all below, on the same mount
inline constexpr const char* kMount = "mount=";                  // PATH
}  // namespace word

enum class Inform : unsigned char { no, text, json };

inline constexpr int kSignals = 64;
/// Of a clock in milliseconds: no deadline.
inline constexpr std::uint64_t kNever = ~std::uint64_t{0};

/// What a supervisor has to do beside waiting, where it is no second image: with redaction the application's output goes through it.
class Watch {
 public:
  /// Waits for a signal and takes it, as rt_sigtimedwait(2) does; until `end` (CLOCK_MONOTONIC, milliseconds), then 0.
  virtual int wait(siginfo_t& info, std::uint64_t end) = 0;
  /// Stops us, as the application has stopped; returns when we are continued.
  virtual void stop() = 0;

 protected:
  ~Watch() = default;
};

/// What is the same for whoever gives the words and for whoever reads them; see there.
struct Orders {
  bool own_group = false;
  bool group = false;
  bool stop_along = false;
  bool foreground = false;
  int terminal = -1;
  int record = -1;
  std::uint64_t stop_timeout = 10'000;  // milliseconds
  Inform inform = Inform::no;
};

struct State : Orders {
  pid_t self = 0;
  pid_t child = 0;
  std::uint64_t early = 0;
  int ended = -1;  // exit code of an application that was reaped already
  unsigned char rewrite[kSignals + 1];
  Watch* watch = nullptr;  // nothing to do but wait
  char** words = nullptr;  // all of them, for what is taken away at the end
};

/// Reads the words of a second image's argv (from argv[2] on). What it does not know it passes over.
void read_words(State& state, char** words);

}  // namespace hushrun::init
