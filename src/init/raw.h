#pragma once
// System calls without libc, and the few words of text handling that go with them.
//
// What is built on this header runs in two places where libc may not be used: in the second image, which never initialises it, and
// in a child that shares our memory until its execve (vfork(2)). No errno, no thread-local storage, no heap, no memcpy. A test reads
// the objects' undefined symbols.

#include <sys/syscall.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>

namespace hushrun::raw {

using Word = long;

/// The kernel's answer: negative is an errno (syscalls(2)).
inline Word call(Word number, Word a, Word b, Word c, Word d, Word e, Word f) {
#if defined(__x86_64__)
  register Word r10 asm("r10") = d;
  register Word r8 asm("r8") = e;
  register Word r9 asm("r9") = f;
  Word answer;
  asm volatile("syscall" : "=a"(answer) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
  return answer;
#elif defined(__aarch64__)
  register Word x8 asm("x8") = number;
  register Word x0 asm("x0") = a;
  register Word x1 asm("x1") = b;
  register Word x2 asm("x2") = c;
  register Word x3 asm("x3") = d;
  register Word x4 asm("x4") = e;
  register Word x5 asm("x5") = f;
  asm volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
  return x0;
#else
#error "hushrun's init knows x86-64 and aarch64"
#endif
}

template <class T>
Word word(T* pointer) { return reinterpret_cast<Word>(pointer); }
inline Word word(std::nullptr_t) { return 0; }
inline Word word(Word value) { return value; }
inline Word word(int value) { return value; }
inline Word word(unsigned value) { return static_cast<Word>(value); }
inline Word word(unsigned long value) { return static_cast<Word>(value); }

template <class A = int, class B = int, class C = int, class D = int, class E = int, class F = int>
Word sys(Word number, A a = 0, B b = 0, C c = 0, D d = 0, E e = 0, F f = 0) {
  return call(number, word(a), word(b), word(c), word(d), word(e), word(f));
}

inline Word close(int number) { return sys(SYS_close, number); }

[[noreturn]] inline void exit(int code) {
  for (;;) sys(SYS_exit_group, code);
}

/// The kernel's struct sigaction: without a handler nothing but the first word counts.
struct Disposition {
  Word handler;
  unsigned long flags;
  Word restorer;
  std::uint64_t mask;
};

/// Calls `visit(const char* name)` for what is left in a directory, but for "." and "..".
template <class Visit>
void each_entry(int directory, Visit&& visit) {
  constexpr std::size_t kSizeAt = 16, kNameAt = 19;  // of struct linux_dirent64 (getdents64(2))
  alignas(8) char entries[2048];
  for (Word size; (size = sys(SYS_getdents64, directory, entries, sizeof entries)) > 0;) {
    for (const char* entry = entries; entry < entries + size; entry += *reinterpret_cast<const unsigned short*>(entry + kSizeAt)) {
      const char* const name = entry + kNameAt;
      const bool dots = name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
      if (!dots) visit(name);
    }
  }
}

// ── text ─────────────────────────────────────────────────────────────────────────────────────────────────────────

inline std::size_t length(const char* text) {
  std::size_t count = 0;
  while (text[count] != '\0') ++count;
  return count;
}

inline bool same(const char* left, const char* right) {
  while (*left != '\0' && *left == *right) ++left, ++right;
  return *left == *right;
}

/// What follows `beginning` in `text`, or null if it does not begin so.
inline const char* after(const char* text, const char* beginning) {
  while (*beginning != '\0') {
    if (*text++ != *beginning++) return nullptr;
  }
  return text;
}

/// Reads decimal digits, moves `text` behind them. No digits are 0.
inline std::uint64_t take_number(const char*& text) {
  std::uint64_t value = 0;
  for (; *text >= '0' && *text <= '9'; ++text) value = value * 10 + static_cast<std::uint64_t>(*text - '0');
  return value;
}

/// Writes `value` in decimal digits and a NUL: 21 bytes at most. Returns the place of the NUL.
inline char* put_number(char* out, std::uint64_t value) {
  char digits[20];
  int count = 0;
  do {
    digits[count++] = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value != 0);
  while (count > 0) *out++ = digits[--count];
  *out = '\0';
  return out;
}

/// Copies `text` and its NUL. Returns the place of the NUL.
inline char* put(char* out, const char* text) {
  while (*text != '\0') *out++ = *text++;
  *out = '\0';
  return out;
}

/// Zeroes, by stores that no optimiser removes or turns into a call of memset.
inline void wipe(char* bytes, std::size_t size) {
  for (volatile char* byte = bytes; size > 0; --size) *byte++ = '\0';
}

}  // namespace hushrun::raw
