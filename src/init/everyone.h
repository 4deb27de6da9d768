#pragma once
// Whom the application leaves behind, and how they are reached.

#include <sys/types.h>

namespace hushrun::init {

/// As PID 1 everybody but us, in one call. Else all our descendants, out of /proc/PID/task/TID/children (proc(5), Linux 3.5); without it
/// only the application's process group can be reached.
class Everyone {
 public:
  explicit Everyone(pid_t self, pid_t group);

  /// TERM, and CONT for those that are stopped, to all that this object has not asked before. As PID 1, and where there is no list, only
  /// the first call asks.
  void ask_to_end();
  void kill();

  /// False if there is no list of them: then those in other process groups are out of reach.
  bool all_in_reach() const { return self_ == 1 || listed_; }

 private:
  bool find();
  void send(int signal);

  pid_t self_;
  pid_t group_;     // 0: none of its own
  bool listed_ = false;
  bool asked_ = false;
  int* found_ = nullptr;           // the list, in memory mapped for it
  unsigned count_ = 0;
  unsigned char* told_ = nullptr;  // a bit for each possible pid
};

}  // namespace hushrun::init
