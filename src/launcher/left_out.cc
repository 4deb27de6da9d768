// Parts of foreign libraries that this program does without. Ours take their place at link time.

#include <unistd.h>

namespace __gnu_cxx {

[[noreturn]] void __verbose_terminate_handler();  // libstdc++ names it in its own sources only

// libstdc++'s own prints the what() of an exception nobody caught, which may quote what was found in a secret, and brings a C++ demangler
// along for it (50 kB).
void __verbose_terminate_handler() {
  static constexpr char kText[] = "hushrun: error: internal error\n";
  [[maybe_unused]] const auto written = ::write(2, kText, sizeof kText - 1);
  _exit(125);
}

}  // namespace __gnu_cxx

// sodium_init() chooses among several implementations of each of its algorithms, and so links them all. These two we never use
// (50 kB); the linker calls ours instead (--wrap in CMakeLists.txt).
extern "C" {
int __wrap__crypto_pwhash_argon2_pick_best_implementation() { return 0; }
int __wrap__crypto_generichash_blake2b_pick_best_implementation() { return 0; }
}
