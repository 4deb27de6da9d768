#pragma once
// Taking away what was made for the application.

#include <cstdint>

namespace hushrun::init {

/// A device number as words have it: what stat(2) calls st_dev, major and minor apart.
constexpr std::uint64_t device_number(std::uint64_t device) {
  // makedev(3): how glibc lays the two out.
  const std::uint64_t major = (device >> 8 & 0xfff) | (device >> 32 & ~std::uint64_t{0xfff});
  const std::uint64_t minor = (device & 0xff) | (device >> 12 & ~std::uint64_t{0xff});
  return (major & 0xffffffff) << 32 | (minor & 0xffffffff);
}

/// Takes away what `words` name (state.h, from kFile on), in their order; other words are passed over. What is gone already, or is not
/// what we made any more, is left alone:
///  - a file goes only if it still is the file we wrote (device and inode): another launcher, or somebody else, may have put
///    one of their own in its place;
///  - no symlink is followed, in no part of any path: a directory below the application's hands could lead us elsewhere;
///  - a tree ends at mount points.
/// Needs two descriptors.
void take_away(char* const* words);

}  // namespace hushrun::init
