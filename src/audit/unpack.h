#pragma once
// Archives and compressed files, in each other: every member becomes a fragment. libarchive stops at unpack.cc.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "audit/bytes.h"
#include "audit/fragment.h"

struct archive_entry;

namespace hushrun::audit {

class Image;

/// What something is, by its first bytes; never by its name.
enum class Format : std::uint8_t { plain, tar, zip, ar, cpio, gzip, compressed, closed };
Format format_of(std::string_view beginning);

/// Walks one artifact. Bounded: what is cut short is told as a gap.
class Unpacker {
 public:
  /// Archives in each other. Deeper ones are searched as they are.
  static constexpr int kDeepest = 8;
  /// What an archive may grow to before its ratio is looked at. Deflate reaches 1032, and only on nothing at all.
  static constexpr std::uint64_t kAlwaysAllowed = std::uint64_t{1} << 30;
  static constexpr std::uint64_t kHighestRatio = 200;
  static constexpr std::uint64_t kMostMembers = 20'000'000;
  /// Of documents that describe an image.
  static constexpr std::size_t kLargestDocument = std::size_t{16} << 20;

  /// Several processes read the same image, and each looks into its share of the outermost archive's members; the first also tells all
  /// that is no content.
  struct Share {
    std::size_t number = 0;
    std::size_t of = 1;
  };

  /// `image`, if there is one, is told what the outermost archive holds.
  Unpacker(Visitor& visitor, Image* image, Share share = {0, 1}) : visitor_{visitor}, image_{image}, share_{share}, loads_(share.of) {}

  /// Looks at all of it. `where` names it; members get a path below.
  void walk(Bytes& bytes, const Locator& where) { stream(bytes, where, {}); }
  /// A member of an image that is no archive itself but a folder.
  void walk_member(Bytes& bytes, const Locator& artifact, std::string_view name);

 private:
  // How deep: in archives and compressions of any kind, and, of an image, 0 for its archive, 1 for a layer's, 2 in a file of it.
  struct Depth {
    int nesting = 0;
    int level = 0;
    Depth inside() const { return {nesting + 1, level}; }
    Depth below() const { return {nesting + 1, level + 1}; }
  };
  class Opened;
  class MemberBytes;

  void stream(Bytes& bytes, const Locator& where, Depth depth);
  void gzip(Bytes& bytes, const Locator& where, Depth depth);
  void archive(Bytes& bytes, const Locator& where, Depth depth, Format format);
  void members(Opened& opened, const Locator& where, Depth depth, bool compressed);
  void content(Bytes& bytes, const Locator& where, bool keep);
  void broken(const Locator& where, Gap::Kind kind, Literal what);
  bool is_ours(const Locator& where) const { return share_.number == 0 || !where.object.empty(); }
  std::size_t share_of(std::uint64_t size);
  void describe(archive_entry* entry, const std::string& name, const Locator& member);
  Locator member_of(const Locator& where, std::string_view name, Depth depth) const;

  Visitor& visitor_;
  Image* image_;
  Share share_;
  std::vector<std::uint64_t> loads_;  // bytes that have been given to each
  std::uint64_t members_ = 0;
};

}  // namespace hushrun::audit
