// Where the members of a JSON object stand. The text has been parsed before (core/json.h), so that here it is only walked.

#include "age/primitives.h"
#include "core/json.h"
#include "tool/content.h"

namespace hushrun::tool {
namespace {

class Walker {
 public:
  explicit Walker(std::string_view text) : text_{text} {}

  /// Key and value of each member; nothing if the text is not what a parser took it for.
  std::optional<std::vector<Entry>> members() {
    std::vector<Entry> found;
    if (text_.starts_with("\xef\xbb\xbf")) at_ = 3;
    blanks();
    if (!take('{')) return std::nullopt;
    blanks();
    if (take('}')) return found;
    do {
      blanks();
      const std::size_t start = at_;
      if (!string()) return std::nullopt;
      blanks();
      if (!take(':')) return std::nullopt;
      blanks();
      const std::size_t value = at_;
      if (!any()) return std::nullopt;
      found.push_back({{}, {start, at_}, {value, at_}});
      blanks();
    } while (take(','));
    if (!take('}')) return std::nullopt;
    return found;
  }

 private:
  bool more() const { return at_ < text_.size(); }
  bool take(char c) {
    if (!more() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void blanks() {
    while (more() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r')) ++at_;
  }
  bool string() {
    if (!take('"')) return false;
    for (; more(); ++at_) {
      if (text_[at_] == '\\') ++at_;
      else if (text_[at_] == '"') return take('"');
    }
    return false;
  }
  // Anything: brackets are counted, strings skipped.
  bool any() {
    std::size_t depth = 0;
    while (more()) {
      const char c = text_[at_];
      if (c == '"') {
        if (!string()) return false;
      } else {
        if (depth == 0 && (c == ',' || c == '}' || c == ' ' || c == '\t' || c == '\n' || c == '\r')) return true;
        if (c == '{' || c == '[') ++depth;
        if (c == '}' || c == ']') --depth;
        ++at_;
      }
      if (depth == 0 && (c == '"' || c == '}' || c == ']')) return true;
    }
    return false;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

Result<std::vector<Entry>, ContentFlaw> json_entries(const Secret& content) {
  const ContentFlaw broken{"it is not one JSON object, or has a name twice", "repair it with hushkit edit"};
  Result<std::vector<std::string>, json::Miss> names = json::members(content);
  std::optional<std::vector<Entry>> spans = Walker{age::View{content}.text()}.members();
  if (!names || !spans || names.value().size() != spans->size()) return broken;
  for (std::size_t i = 0; i < spans->size(); ++i) (*spans)[i].name = std::move(names.value()[i]);
  return std::move(*spans);
}

}  // namespace hushrun::tool
