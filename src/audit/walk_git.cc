#include "audit/walk_git.h"

#include <charconv>
#include <optional>

#include "audit/unpack.h"

namespace hushrun::audit {
namespace {

constexpr std::size_t kLongestHeader = 256;

// A stream that is cut by what stands in it.
class Cut {
 public:
  explicit Cut(Bytes& bytes) : bytes_{bytes} {}
  bool at_end() {
    if (chunk_.empty()) chunk_ = bytes_.take();
    return chunk_.empty();
  }
  /// Some of the next `most` bytes.
  std::string_view some(std::size_t most) {
    if (at_end()) return {};
    const std::string_view piece = chunk_.substr(0, most);
    chunk_.remove_prefix(piece.size());
    return piece;
  }
  std::optional<std::string> line() {
    std::string line;
    while (!at_end()) {
      const std::size_t end = chunk_.find('\n');
      line += chunk_.substr(0, end);
      chunk_.remove_prefix(end == std::string_view::npos ? chunk_.size() : end + 1);
      if (end != std::string_view::npos) return line;
      if (line.size() > kLongestHeader) return std::nullopt;
    }
    return std::nullopt;
  }

 private:
  Bytes& bytes_;
  std::string_view chunk_;
};

// The content of one object.
class ObjectBytes : public Bytes {
 public:
  ObjectBytes(Cut& cut, std::uint64_t size) : cut_{cut}, left_{size} {}
  bool broken() const override { return broken_; }
  bool skip() {
    while (!take().empty()) {
    }
    return !broken_;
  }

 protected:
  std::string_view more() override {
    if (left_ == 0) return {};
    const std::string_view piece = cut_.some(left_);
    broken_ |= piece.empty();
    left_ -= piece.size();
    return piece;
  }

 private:
  Cut& cut_;
  std::uint64_t left_;
  bool broken_ = false;
};

struct Header {
  std::string id;
  std::string type;
  std::uint64_t size = 0;
};

std::optional<Header> header_of(const std::string& line) {
  const std::size_t first = line.find(' ');
  const std::size_t second = line.find(' ', first == std::string::npos ? first : first + 1);
  if (second == std::string::npos) return std::nullopt;
  Header header{line.substr(0, first), line.substr(first + 1, second - first - 1), 0};
  const char* const end = line.data() + line.size();
  const auto [stopped, error] = std::from_chars(line.data() + second + 1, end, header.size);
  if (error != std::errc{} || stopped != end) return std::nullopt;
  return header;
}

}  // namespace

void walk_git_objects(Bytes& bytes, const Locator& where, Visitor& visitor) {
  Cut cut{bytes};
  const auto cut_short = [&] { visitor.gap({Gap::Kind::corrupt, where, "what git says of its objects ends too early", {}}); };
  while (!cut.at_end()) {
    const auto line = cut.line();
    if (!line) return cut_short();
    Locator at = where;
    if (line->ends_with(" missing")) {
      at.object = line->substr(0, line->find(' '));
      visitor.gap({Gap::Kind::missing, at, "an object cannot be read", {}});
      continue;
    }
    const auto header = header_of(*line);
    if (!header) return cut_short();
    at.object = header->id;
    at.place = header->type == "blob"     ? Place::git_blob
               : header->type == "commit" ? Place::git_commit
               : header->type == "tag"    ? Place::git_tag
                                          : Place::git_tree;
    visitor.count({.objects = 1});
    ObjectBytes object{cut, header->size};
    if (at.place == Place::git_blob) {
      Unpacker{visitor, nullptr}.walk(object, at);
    } else {
      visitor.begin(at);
      for (std::string_view chunk = object.take(); !chunk.empty(); chunk = object.take()) visitor.feed(chunk);
      visitor.end();
    }
    if (!object.skip()) return cut_short();
    const std::string_view newline = cut.some(1);
    if (newline != "\n") return cut_short();
  }
}

}  // namespace hushrun::audit
