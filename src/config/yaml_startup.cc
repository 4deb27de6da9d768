// yaml-cpp constructs strings, regular expressions and the standard streams before main(): a fifth of a launcher's whole run, paid
// by everybody who has no hushrun.yaml. The build therefore moves its constructors from .init_array, which libc runs, to
// a section of ours (see CMakeLists.txt), and they run when the first document is read.

#include "config/yaml_startup.h"

extern "C" {

using Constructor = void (*)(int, char**, char**);
// Set by the linker: the ends of the section.
extern Constructor __start_yaml_cpp_constructors[];
extern Constructor __stop_yaml_cpp_constructors[];

// What yaml-cpp calls in the place of std::ios_base::Init and its destructor, because <iostream> was included: it never uses a standard stream.
void yaml_cpp_needs_no_streams(void*) {}
void yaml_cpp_ends_no_streams(void*) {}
}

namespace hushrun {

void start_yaml_cpp() {
  static bool started = false;
  if (started) return;
  started = true;
  for (Constructor* constructor = __start_yaml_cpp_constructors; constructor != __stop_yaml_cpp_constructors; ++constructor) {
    (*constructor)(0, nullptr, nullptr);
  }
}

}  // namespace hushrun
