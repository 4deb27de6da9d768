#pragma once
// Fd, the owner of one descriptor. It has no empty state: absence is std::optional<Fd>.

#include <unistd.h>

#include <utility>

namespace hushrun {

/// Owns an open descriptor, closes it at the end. Only `sys` makes one, always close-on-exec.
class Fd {
 public:
  Fd(Fd&& other) noexcept : number_{std::exchange(other.number_, -1)} {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() {
    // close(2): the descriptor is gone whatever it answers; repeating it would close somebody else's.
    if (number_ >= 0) ::close(number_);
  }

  int number() const { return number_; }

  /// Takes ownership of a descriptor that `sys`, or whoever started us, opened.
  static Fd adopt(int number) { return Fd{number}; }
  /// Gives ownership away, to the application that inherits it.
  int release() && { return std::exchange(number_, -1); }

 private:
  explicit Fd(int number) : number_{number} {}
  int number_;
};

}  // namespace hushrun
