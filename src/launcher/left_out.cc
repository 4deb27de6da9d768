// Parts of foreign libraries that this program does without. Ours take their place at link time.

#include <unistd.h>

namespace {

[[noreturn]] void end_in_fixed_words() {
  static constexpr char kText[] = "hushrun: error: internal error\n";
  [[maybe_unused]] const auto written = ::write(2, kText, sizeof kText - 1);
  _exit(125);
}

}  // namespace

namespace __gnu_cxx {

[[noreturn]] void __verbose_terminate_handler();  // libstdc++ names it in its own sources only

// libstdc++'s own prints the what() of an exception nobody caught, which may quote what was found in a secret, and brings a C++ demangler
// along for it (50 kB).
void __verbose_terminate_handler() { end_in_fixed_words(); }

}  // namespace __gnu_cxx

// Where libsodium's own stands, sodium_init() stands too, which links every algorithm there is in every variant (190 kB). This program
// uses locked memory, wiping and text codecs, and none of the algorithms.
extern "C" [[noreturn]] void sodium_misuse() { end_in_fixed_words(); }
