#pragma once
// From the first image, which knew every secret, to the second, which knows none: an execve of ourselves once the application runs.
//
// execve replaces the memory and keeps the process: the application stays our child, pending signals, the mask and the session stay. What
// the supervisor has to know goes along as words (state.h).

#include <sys/types.h>

#include <array>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/fd.h"
#include "init/state.h"

namespace hushrun::init {

/// What the supervisor is told.
struct Charge : Orders {
  std::vector<std::pair<int, int>> rewrite;  // signal, what is sent in its place; 0 for nothing
  std::vector<std::string> traces;           // what is taken away at the end, in this order (state.h)
};

/// Made before the application starts, so that nothing can fail for want of memory afterwards.
class Handover {
 public:
  explicit Handover(Charge charge);
  Handover(const Handover&) = delete;
  Handover& operator=(const Handover&) = delete;

  /// Puts /dev/null in the place of stdin and stdout, so that whoever reads the application's output sees its end, closes every other
  /// descriptor that is not the supervisor's, and becomes the second image. Returns if that could not be: then
  /// `go_on_here` is what is left. `early` are the signals that came before the child. An application that ends at once, and leaves nobody behind, needs none: we end with it.
  void become_second_image(pid_t child, std::uint64_t early);

  /// Wipes our environment and supervises in this image.
  [[noreturn]] void go_on_here();

  /// The same for an image that has to stay, to do what `watch` does: keeps the descriptors `kept` open, and all else as above closed.
  /// Returns the exit code.
  int supervise_here(pid_t child, std::uint64_t early, Watch& watch, std::span<const int> kept);

 private:
  void settle_descriptors(std::span<const int> kept);
  void wipe_environment();
  bool has_ended_at_once(pid_t child);
  void name_child(pid_t child, std::uint64_t early);

  Charge charge_;
  std::optional<Fd> program_;  // ourselves, for where there is no /proc
  std::array<char, 32> child_word_{}, ended_word_{}, early_word_{};
  std::vector<std::string> texts_;
  std::vector<char*> words_;
};

/// Makes us the parent of orphans below us, where PID 1 is somebody else (prctl(2), PR_SET_CHILD_SUBREAPER). Passes execve, so
/// never for exec.
void adopt_orphans();

}  // namespace hushrun::init
