#pragma once
// Secret, and the locked memory it lives in. The only place of the launcher where values are kept.

#include <cstddef>
#include <iosfwd>
#include <span>
#include <string_view>
#include <utility>

#include "core/error.h"
#include "core/result.h"

namespace hushrun {

/// A secret that is being looked at. Not a range, not a string: `fmt` formats a span of bytes happily.
class Exposed {
 public:
  const char* data() const { return data_; }
  std::size_t size() const { return size_; }

 private:
  friend class Secret;
  Exposed(const char* data, std::size_t size) : data_{data}, size_{size} {}
  const char* data_;
  std::size_t size_;
};

/// A value that is never copied, printed, compared in variable time, or swapped out.
///
/// Lives in pages of its own: locked where the kernel lets us (mlock(2), RLIMIT_MEMLOCK), never in a core dump
/// (MADV_DONTDUMP), wiped before they are given back. Values are packed: a page each would use up
/// RLIMIT_MEMLOCK (64 KiB in many containers) with a handful. Where locking is refused the value is kept all
/// the same, unlocked; `any_unlocked()` tells, and the launcher says so at level info: an application that does
/// not start because of a limit nobody chose would be the worse answer.
class Secret {
 public:
  /// Lets `fill(char* room, std::size_t size)` write straight into locked memory, so that no plain copy is left behind.
  /// `fill` returns how many bytes it used, at most `size`. Out of memory ends the program.
  template <class Fill>
  static Secret filled_by(std::size_t size, Fill&& fill) {
    Secret secret{size};
    secret.shrink(std::forward<Fill>(fill)(secret.data_, size));
    return secret;
  }
  /// The same for a `fill` that can fail: it returns Result<std::size_t, E>.
  template <class E, class Fill>
  static Result<Secret, E> try_filled_by(std::size_t size, Fill&& fill) {
    Secret secret{size};
    Result<std::size_t, E> used = std::forward<Fill>(fill)(secret.data_, size);
    if (!used) return std::move(used).error();
    secret.shrink(used.value());
    return secret;
  }
  /// A copy of bytes that are no secret, such as a `default` written in the config.
  static Secret of_public(std::string_view text);

  Secret(Secret&& other) noexcept
      : data_{std::exchange(other.data_, nullptr)},
        size_{std::exchange(other.size_, 0)},
        capacity_{std::exchange(other.capacity_, 0)} {}
  Secret& operator=(Secret&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
    return *this;
  }
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret();  // wipes, then frees

  Exposed expose() const& { return {data_, size_}; }
  Exposed expose() const&& = delete;              // a view into a temporary would dangle
  bool operator==(const Secret&) const = delete;  // use equal_in_constant_time()

  /// Bytes of the value. A length is no secret here: it is shown by --check.
  std::size_t size() const { return size_; }
  /// Lets `change(char* bytes, std::size_t size)` work on the value where it is: a buffer that is filled, and sealed or opened in place.
  template <class Change>
  decltype(auto) change(Change&& change) {
    return std::forward<Change>(change)(data_, size_);
  }
  /// Cuts the value to its first `size` bytes and wipes the rest.
  void shrink(std::size_t size);

 private:
  explicit Secret(std::size_t capacity);
  char* data_;
  std::size_t size_;
  std::size_t capacity_;
};

std::ostream& operator<<(std::ostream&, const Secret&) = delete;

/// Time depends on the lengths only.
bool equal_in_constant_time(const Secret& left, const Secret& right);

/// Overwrites memory in a way no optimiser removes.
void wipe(void* memory, std::size_t size);

/// While one lives, whatever goes back to the heap is wiped first: for a foreign library that keeps secrets in strings of its own. In
/// force where the program brings the operator delete that asks (launcher/wiped_heap.cc); tests under sanitizers do not.
class WipedHeap {
 public:
  WipedHeap() { ++count_; }
  ~WipedHeap() { --count_; }
  WipedHeap(const WipedHeap&) = delete;
  WipedHeap& operator=(const WipedHeap&) = delete;
  static bool asked_for() { return count_ > 0; }

 private:
  static inline int count_ = 0;
};

/// True if the kernel refused to lock any page that holds a value.
bool any_unlocked();

}  // namespace hushrun
