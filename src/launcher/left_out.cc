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

// Where libsodium's own stands, sodium_init() stands too, which links every algorithm there is in every variant (190 kB). What sealed
// files need of it, age/primitives.cc calls itself.
extern "C" [[noreturn]] void sodium_misuse() { end_in_fixed_words(); }

// Variants of two algorithms that only sodium_init() would choose (25 kB). What is used at all is used for some bytes at a time here:
// X25519 of the portable code, Salsa20 of the code every x86-64 has.
extern "C" {
extern const void* const crypto_scalarmult_curve25519_sandy2x_implementation[2];
extern const void* const crypto_stream_salsa20_xmm6int_avx2_implementation[2];
const void* const crypto_scalarmult_curve25519_sandy2x_implementation[2]{};
const void* const crypto_stream_salsa20_xmm6int_avx2_implementation[2]{};
}

// std::locale, which yaml-cpp's streams link, brings these for its facets of time and collation, with time zones, scanf and quadruple
// precision behind them (140 kB). Nothing here formats a time by a locale or sorts by one.
extern "C" {
[[noreturn]] void __strftime_l() { end_in_fixed_words(); }
[[noreturn]] void __wcsftime_l() { end_in_fixed_words(); }
[[noreturn]] void __strcoll_l() { end_in_fixed_words(); }
[[noreturn]] void __wcscoll_l() { end_in_fixed_words(); }
[[noreturn]] void __strxfrm_l() { end_in_fixed_words(); }
[[noreturn]] void __wcsxfrm_l() { end_in_fixed_words(); }
}
