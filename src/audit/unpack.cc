#include "audit/unpack.h"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <memory>

#include "audit/gunzip.h"
#include "audit/image.h"

namespace hushrun::audit {
namespace {

constexpr std::size_t kTarBlock = 512;

// POSIX: the sum of a header's bytes, its own field counted as blanks, in octal digits.
bool is_tar_header(std::string_view block) {
  if (block.size() < kTarBlock) return false;
  unsigned told = 0;
  bool digits = false;
  for (char c : block.substr(148, 8)) {
    if (c >= '0' && c <= '7') told = told * 8 + static_cast<unsigned>(c - '0'), digits = true;
    else if (digits) break;
    else if (c != ' ') return false;
  }
  if (!digits) return false;
  unsigned sum = 8 * ' ';
  for (std::size_t i = 0; i < kTarBlock; ++i) sum += static_cast<unsigned char>(block[i]);
  for (std::size_t i = 148; i < 156; ++i) sum -= static_cast<unsigned char>(block[i]);
  return told == sum;
}

struct Magic {
  std::string_view bytes;
  Format format;
};
using namespace std::string_view_literals;
constexpr Magic kMagic[] = {
    {"\x1f\x8b\x08"sv, Format::gzip},
    {"\x28\xb5\x2f\xfd"sv, Format::compressed},     // zstd
    {"\xfd" "7zXZ\0"sv, Format::compressed},
    {"BZh"sv, Format::compressed},
    {"PK\x03\x04"sv, Format::zip},
    {"PK\x05\x06"sv, Format::zip},
    {"!<arch>\n"sv, Format::ar},
    {"070701"sv, Format::cpio},
    {"070702"sv, Format::cpio},
    {"7z\xbc\xaf\x27\x1c"sv, Format::closed},
    {"Rar!\x1a\x07"sv, Format::closed},
};

}  // namespace

Format format_of(std::string_view beginning) {
  for (const Magic& magic : kMagic) {
    if (!beginning.starts_with(magic.bytes)) continue;
    // bzip2's block size is a digit, and its first block has a magic of its own: text may well begin with BZh.
    if (magic.bytes == "BZh" && (beginning.size() < 10 || beginning.substr(4, 6) != "1AY&SY"sv)) continue;
    return magic.format;
  }
  // A skippable frame of zstd, 184d2a50 to 184d2a5f: zstd:chunked begins with one.
  if (beginning.size() >= 8 && (static_cast<unsigned char>(beginning[0]) & 0xf0) == 0x50 && beginning.substr(1, 3) == "\x2a\x4d\x18"sv) return Format::compressed;
  return is_tar_header(beginning) ? Format::tar : Format::plain;
}

// libarchive, reading from Bytes.
class Unpacker::Opened {
 public:
  Opened(Bytes& bytes, Format format) : archive_{archive_read_new()}, bytes_{bytes} {
    // One by one: a format nobody asked for is a parser more that hostile files can reach.
    switch (format) {
      case Format::tar: archive_read_support_format_tar(raw()); break;
      case Format::zip: archive_read_support_format_zip_streamable(raw()); break;
      case Format::ar: archive_read_support_format_ar(raw()); break;
      case Format::cpio: archive_read_support_format_cpio(raw()); break;
      default:
        archive_read_support_filter_zstd(raw());
        archive_read_support_filter_xz(raw());
        archive_read_support_filter_bzip2(raw());
        archive_read_support_format_raw(raw());
        break;
    }
    if (format != Format::tar) archive_read_support_format_empty(raw());
    state_ = archive_read_open2(raw(), this, nullptr, &Opened::read, &Opened::skip, nullptr);
  }

  ::archive* raw() { return archive_.get(); }
  /// The next member; nothing at the end, or where it cannot go on.
  archive_entry* next() {
    if (state_ < ARCHIVE_WARN) return nullptr;
    archive_entry* entry = nullptr;
    do {
      state_ = archive_read_next_header(raw(), &entry);
    } while (state_ == ARCHIVE_RETRY);
    return state_ >= ARCHIVE_WARN && state_ != ARCHIVE_EOF ? entry : nullptr;
  }
  void fail() { state_ = ARCHIVE_FATAL; }
  bool failed() const { return state_ < ARCHIVE_WARN; }
  std::uint64_t consumed() const { return consumed_; }

 private:
  struct Free {
    void operator()(::archive* one) const { archive_read_free(one); }
  };
  static la_ssize_t read(::archive*, void* self, const void** room) {
    auto* opened = static_cast<Opened*>(self);
    const std::string_view chunk = opened->bytes_.take();
    opened->consumed_ += chunk.size();
    *room = chunk.data();
    return static_cast<la_ssize_t>(chunk.size());
  }

  static la_int64_t skip(::archive*, void* self, la_int64_t most) {
    auto* opened = static_cast<Opened*>(self);
    const std::uint64_t skipped = opened->bytes_.skip(static_cast<std::uint64_t>(most));
    opened->consumed_ += skipped;
    return static_cast<la_int64_t>(skipped);
  }

  std::unique_ptr<::archive, Free> archive_;
  Bytes& bytes_;
  int state_ = ARCHIVE_OK;
  std::uint64_t consumed_ = 0;
};

// The content of the member at hand.
class Unpacker::MemberBytes : public Bytes {
 public:
  MemberBytes(Opened& opened, std::uint64_t& produced) : opened_{opened}, produced_{produced} {}
  bool broken() const override { return broken_ || bomb_; }
  bool bomb() const { return bomb_; }

 protected:
  std::string_view more() override {
    for (;;) {
      const void* data = nullptr;
      std::size_t size = 0;
      la_int64_t offset = 0;
      int state;
      do {
        state = archive_read_data_block(opened_.raw(), &data, &size, &offset);
      } while (state == ARCHIVE_RETRY);
      if (state == ARCHIVE_EOF) return {};
      if (state < ARCHIVE_WARN) {
        broken_ = true;
        if (state == ARCHIVE_FATAL) opened_.fail();
        return {};
      }
      if (size == 0) continue;
      produced_ += size;
      if (produced_ > kAlwaysAllowed && produced_ / kHighestRatio > opened_.consumed()) {
        bomb_ = true;
        opened_.fail();
        return {};
      }
      return {static_cast<const char*>(data), size};
    }
  }

 private:
  Opened& opened_;
  std::uint64_t& produced_;
  bool broken_ = false;
  bool bomb_ = false;
};

void Unpacker::broken(const Locator& where, Gap::Kind kind, Literal what) {
  if (is_ours(where)) visitor_.gap({kind, where, what, {}});
}

// Whose a member of that size is: whose load is least so far. All processes see the same members in the same order, and so agree. What may be
// a document belongs to the first, who puts the image together.
std::size_t Unpacker::share_of(std::uint64_t size) {
  const auto least = size <= kLargestDocument ? loads_.begin() : std::min_element(loads_.begin(), loads_.end());
  *least += size;
  return static_cast<std::size_t>(least - loads_.begin());
}

// In an image the outermost archive's members are objects, and what they hold has paths.
Locator Unpacker::member_of(const Locator& where, std::string_view name, Depth depth) const {
  Locator member = where;
  if (image_ != nullptr && depth.level == 0) {
    member.object = name;
    member.place = Place::orphan_blob;
    return member;
  }
  member.path = where.path.empty() ? std::string{name} : where.path + "!" + std::string{name};
  if (image_ != nullptr) member.place = Place::layer_file;
  return member;
}

void Unpacker::content(Bytes& bytes, const Locator& where, bool keep) {
  if (!is_ours(where)) return;
  std::string document;
  visitor_.begin(where);
  for (std::string_view chunk = bytes.take(); !chunk.empty(); chunk = bytes.take()) {
    visitor_.feed(chunk);
    if (keep && document.size() <= kLargestDocument) document.append(chunk);
  }
  visitor_.end();
  if (!keep) return;
  image_->document(where.object, std::move(document));
}

void Unpacker::stream(Bytes& bytes, const Locator& where, Depth depth) {
  const std::string_view beginning = bytes.peek();
  const Format format = format_of(beginning);
  if (format == Format::closed) broken(where, Gap::Kind::limit, "an archive of a kind that is not opened");
  const bool opens = format != Format::plain && format != Format::closed;
  if (opens && depth.nesting < kDeepest) return archive(bytes, where, depth, format);
  if (opens) broken(where, Gap::Kind::limit, "archives in archives, more than eight deep");
  const std::size_t first = beginning.find_first_not_of(" \t\r\n");
  const bool json = first != std::string_view::npos && (beginning[first] == '{' || beginning[first] == '[');
  content(bytes, where, image_ != nullptr && depth.level == 1 && where.path.empty() && json);
  if (bytes.broken()) broken(where, Gap::Kind::unreadable, "could not be read to its end");
}

void Unpacker::gzip(Bytes& bytes, const Locator& where, Depth depth) {
  GunzipBytes content{bytes};
  stream(content, where, depth.inside());
  while (!content.take().empty()) {
  }
  if (content.bomb()) {
    broken(where, Gap::Kind::limit, "grows to more than 200 times its size");
  } else if (content.broken()) {
    broken(where, Gap::Kind::corrupt, "cut off or damaged");
  } else if (!content.rest().empty() && is_ours(where)) {
    visitor_.begin(where);
    visitor_.feed(content.rest());
    for (std::string_view rest = bytes.take(); !rest.empty(); rest = bytes.take()) visitor_.feed(rest);
    visitor_.end();
  }
  if (bytes.broken()) broken(where, Gap::Kind::unreadable, "could not be read to its end");
}

void Unpacker::archive(Bytes& bytes, const Locator& where, Depth depth, Format format) {
  if (format == Format::gzip) return gzip(bytes, where, depth);
  Opened opened{bytes, format};
  members(opened, where, depth, format == Format::compressed);
  // Behind the end of an archive there may be more, which other readers skip as well.
  std::string_view rest = bytes.take();
  if (!opened.failed() && !rest.empty() && is_ours(where)) {
    visitor_.begin(where);
    for (; !rest.empty(); rest = bytes.take()) visitor_.feed(rest);
    visitor_.end();
  }
  if (bytes.broken()) broken(where, Gap::Kind::unreadable, "could not be read to its end");
}

// Shows what is told about a member: its names, owners, attributes.
void Unpacker::describe(archive_entry* entry, const std::string& name, const Locator& member) {
  const auto place = [&](Place layer, Place other) { return image_ != nullptr ? layer : other; };
  const auto text = [&](Place kind, std::string_view what) {
    if (what.empty()) return;
    Locator at = member;
    at.place = kind;
    visitor_.text(at, what);
  };
  const auto told = [](const char* what) { return what == nullptr ? std::string_view{} : std::string_view{what}; };
  text(place(Place::layer_path, Place::file_path), name);
  text(place(Place::layer_link, Place::file_path), told(archive_entry_symlink(entry)));
  text(place(Place::layer_link, Place::file_path), told(archive_entry_hardlink(entry)));
  text(place(Place::layer_path, Place::file_path), told(archive_entry_uname(entry)));
  text(place(Place::layer_path, Place::file_path), told(archive_entry_gname(entry)));
  archive_entry_xattr_reset(entry);
  const char* attribute = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  while (archive_entry_xattr_next(entry, &attribute, &value, &size) == ARCHIVE_OK) {
    text(place(Place::layer_xattr, Place::file_path), told(attribute));
    text(place(Place::layer_xattr, Place::file_path), {static_cast<const char*>(value), size});
  }
}

void Unpacker::members(Opened& opened, const Locator& where, Depth depth, bool compressed) {
  std::uint64_t produced = 0;
  const bool in_layer = image_ != nullptr && depth.level > 0;
  while (archive_entry* entry = opened.next()) {
    MemberBytes bytes{opened, produced};
    if (compressed) {
      // Not a member: the same thing, unpacked.
      stream(bytes, where, depth.inside());
      if (bytes.bomb()) broken(where, Gap::Kind::limit, "grows to more than 200 times its size");
      else if (bytes.broken()) broken(where, Gap::Kind::corrupt, "cut off or damaged");
      continue;
    }
    if (++members_ > kMostMembers) {
      broken(where, Gap::Kind::limit, "more than 20 million files");
      opened.fail();
      return;
    }
    const char* const found = archive_entry_pathname(entry);
    std::string name = found == nullptr ? "" : found;
    while (name.starts_with("./")) name.erase(0, 2);
    const Locator member = member_of(where, name, depth);
    const bool outermost = image_ != nullptr && depth.level == 0;
    if (!outermost || share_.number == 0) describe(entry, name, member);
    const auto type = archive_entry_filetype(entry);
    if (outermost) {
      image_->member(name);
      if (const char* target = archive_entry_symlink(entry)) image_->link(name, target);
      if (const char* target = archive_entry_hardlink(entry)) image_->link(name, target);
    } else if (in_layer && depth.level == 1) {
      image_->layer_entry(where.object, name, type == AE_IFDIR);
    }
    if (type != AE_IFREG || archive_entry_hardlink(entry) != nullptr) continue;
    if (archive_entry_is_data_encrypted(entry) == 1) {
      broken(member, Gap::Kind::unreadable, "encrypted");
      continue;
    }
    if (outermost && share_of(static_cast<std::uint64_t>(archive_entry_size(entry))) != share_.number) {
      image_->left_out(name);
      continue;
    }
    visitor_.count({.files = 1});
    stream(bytes, member, depth.below());
    while (!bytes.take().empty()) {
    }
    if (bytes.bomb()) broken(member, Gap::Kind::limit, "grows to more than 200 times its size");
    else if (bytes.broken()) broken(member, Gap::Kind::corrupt, "cut off or damaged");
  }
  if (opened.failed()) broken(where, Gap::Kind::corrupt, "cut off or damaged");
}

void Unpacker::walk_member(Bytes& bytes, const Locator& artifact, std::string_view name) {
  const Locator member = member_of(artifact, name, {});
  image_->member(name);
  visitor_.count({.files = 1});
  stream(bytes, member, {0, 1});
}

}  // namespace hushrun::audit
