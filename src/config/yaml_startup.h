#pragma once
// yaml-cpp's static constructors, at the time of our choice.

namespace hushrun {

/// Runs them, once. Must come before anything else of yaml-cpp.
void start_yaml_cpp();

}  // namespace hushrun
