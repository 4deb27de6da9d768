// Where the entries of a YAML mapping stand, as far as its lines tell: a key at the first column begins one, and what is indented, or a
// quote that is still open, goes on with it. Anything else at the first column is refused; nothing is guessed.

#include <algorithm>
#include <set>

#include "age/primitives.h"
#include "config/document.h"
#include "tool/content.h"

namespace hushrun::tool {
namespace {

constexpr DocumentLimits kLimits{16 * 1024 * 1024, 100'000, 100};

bool is_key_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

ContentFlaw at_line(Literal why, unsigned line) { return {why, "change it with hushkit edit", line}; }

// yaml-cpp's tree has values in ordinary memory: it is wiped as soon as it was compared.
class Tree {
 public:
  explicit Tree(const Secret& content) {
    Result<Node, DocumentError> root = parse_document(age::View{content}.text(), Aliases::resolved, kLimits);
    if (root) root_ = std::move(root).value();
  }
  ~Tree() {
    if (root_) wipe_values(*root_);
  }
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;
  /// The top, where it is a mapping or nothing at all.
  const Node* top() const { return root_ && (root_->kind == Node::Kind::map || root_->kind == Node::Kind::null) ? &*root_ : nullptr; }

 private:
  static void wipe_values(Node& node) {
    wipe(node.scalar.data(), node.scalar.size());
    for (Node& item : node.items) wipe_values(item);
    for (Node::Entry& entry : node.entries) wipe_values(entry.value);
  }
  std::optional<Node> root_;
};

bool equal(const Node& left, const Node& right) {
  if (left.kind != right.kind || left.plain != right.plain || left.scalar != right.scalar) return false;
  return std::equal(left.items.begin(), left.items.end(), right.items.begin(), right.items.end(), equal) &&
         std::equal(left.entries.begin(), left.entries.end(), right.entries.begin(), right.entries.end(),
                    [](const Node::Entry& a, const Node::Entry& b) { return a.key == b.key && equal(a.value, b.value); });
}

// Goes through the lines once.
class Lines {
 public:
  explicit Lines(std::string_view text) : text_{text} {}

  Result<std::vector<Entry>, ContentFlaw> entries() {
    if (text_.starts_with("\xef\xbb\xbf")) at_ = 3;
    while (at_ < text_.size()) {
      const std::string_view line = this_line();
      const bool blank = line.find_first_not_of(" \t\r") == std::string_view::npos;
      // Between entries: nothing of anybody's. A comment inside an entry is taken with it only where more of it follows.
      if (blank || line.front() == '#' || (line.starts_with("---") && line.find_first_not_of("- \r") == std::string_view::npos && found_.empty() && number_ == 1)) next();
      else TRY(entry(line));
    }
    return std::move(found_);
  }

 private:
  std::string_view this_line() const { return text_.substr(at_, std::min(text_.find('\n', at_), text_.size()) - at_); }
  void next() {
    at_ = std::min(at_ + this_line().size() + 1, text_.size());
    ++number_;
  }

  Result<void, ContentFlaw> entry(std::string_view line) {
    const unsigned number = number_;
    const char quote = line.front() == '"' || line.front() == '\'' ? line.front() : '\0';
    std::size_t used = quote != '\0' ? 1 : 0;
    const std::size_t start = used;
    while (used < line.size() && is_key_byte(line[used])) ++used;
    const std::string name{line.substr(start, used - start)};
    if (quote != '\0') {
      if (used == line.size() || line[used] != quote) return at_line("a key that is not a plain name stands in this line", number);
      ++used;
    }
    while (used < line.size() && line[used] == ' ') ++used;
    if (name.empty() || used == line.size() || line[used] != ':' || (used + 1 < line.size() && line[used + 1] != ' ' && line[used + 1] != '\r' && line[used + 1] != '\t')) {
      return at_line("this line is not a key at the top of a mapping", number);
    }
    ++used;
    const Span whole_start{at_, at_};
    std::size_t value = at_ + used;
    while (value < text_.size() && (text_[value] == ' ' || text_[value] == '\t')) ++value;
    const std::size_t end = TRY(end_of(value, number));
    found_.push_back({name, {whole_start.start, end}, {at_value_, end}});
    return {};
  }

  // The first byte behind the entry whose value begins at `value`; afterwards `at_` is there, too.
  Result<std::size_t, ContentFlaw> end_of(std::size_t value, unsigned number) {
    at_value_ = value;
    const char first = value < text_.size() ? text_[value] : '\n';
    if (first == '"' || first == '\'') {
      const std::size_t close = closing_quote(value, first);
      if (close == std::string_view::npos) return at_line("a quote is opened in this line and never closed", number);
      while (at_ + this_line().size() < close) next();
      next();
      return at_;
    }
    next();
    // Indented lines, and a list at the first column, go on; blank lines and comments only if more of it follows.
    for (;;) {
      const std::size_t here = at_;
      const unsigned number_here = number_;
      const bool block = first == '|' || first == '>';
      while (at_ < text_.size() && (this_line().find_first_not_of(" \t\r") == std::string_view::npos || (!block && this_line().front() == '#'))) next();
      if (at_ < text_.size() && goes_on(first)) {
        next();
        continue;
      }
      at_ = here;
      number_ = number_here;
      return at_;
    }
  }
  bool goes_on(char first) const {
    const std::string_view line = this_line();
    if (line.front() == ' ' || line.front() == '\t') return true;
    const bool list = line.starts_with("- ") || line == "-" || line == "-\r";
    const bool nothing_yet = first == '\n' || first == '\r' || first == '#' || first == '&' || first == '!';
    if (list && nothing_yet) return true;
    return (first == '{' || first == '[') && (line.front() == '}' || line.front() == ']');
  }
  std::size_t closing_quote(std::size_t open, char quote) const {
    for (std::size_t i = open + 1; i < text_.size(); ++i) {
      if (quote == '"' && text_[i] == '\\') ++i;
      else if (text_[i] == quote && quote == '\'' && i + 1 < text_.size() && text_[i + 1] == quote) ++i;
      else if (text_[i] == quote) return i;
    }
    return std::string_view::npos;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t at_value_ = 0;
  unsigned number_ = 1;
  std::vector<Entry> found_;
};

}  // namespace

Result<std::vector<Entry>, ContentFlaw> yaml_entries(const Secret& content) {
  const Tree tree{content};
  if (tree.top() == nullptr) return ContentFlaw{"it is not one YAML mapping, or has a name twice", "repair it with hushkit edit"};
  std::vector<Entry> entries = TRY(Lines{age::View{content}.text()}.entries());
  // A second opinion: both have to see the same names.
  const bool same = std::equal(entries.begin(), entries.end(), tree.top()->entries.begin(), tree.top()->entries.end(),
                               [](const Entry& mine, const Node::Entry& theirs) { return mine.name == theirs.key; });
  if (!same) return ContentFlaw{"its lines are not those of a simple mapping", "change it with hushkit edit"};
  return entries;
}

bool yaml_equal_but(const Secret& left, const Secret& right, const std::string& except) {
  const Tree a{left}, b{right};
  if (a.top() == nullptr || b.top() == nullptr) return false;
  std::set<std::string_view> names;
  for (const Node::Entry& entry : a.top()->entries) names.insert(entry.key);
  for (const Node::Entry& entry : b.top()->entries) names.insert(entry.key);
  names.erase(except);
  return std::all_of(names.begin(), names.end(), [&](std::string_view name) {
    const Node* before = a.top()->find(name);
    const Node* after = b.top()->find(name);
    return before != nullptr && after != nullptr && equal(*before, *after);
  });
}

std::optional<Secret> yaml_scalar(const Secret& content, const std::string& name) {
  const Tree tree{content};
  const Node* found = tree.top() != nullptr ? tree.top()->find(name) : nullptr;
  if (found == nullptr || found->kind != Node::Kind::scalar) return std::nullopt;
  return Secret::filled_by(found->scalar.size(), [&](char* room, std::size_t size) { return found->scalar.copy(room, size); });
}

}  // namespace hushrun::tool
