#include "config/document.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <array>
#include <istream>
#include <map>
#include <optional>
#include <set>
#include <streambuf>

#include "config/yaml_startup.h"

namespace hushrun {
namespace {

// How we leave yaml-cpp from inside an event. It never leaves this file.
struct Stop {
  DocumentError error;
};

Position position_of(const YAML::Mark& mark) {
  if (mark.is_null()) return {};
  return {static_cast<unsigned>(mark.line) + 1, static_cast<unsigned>(mark.column) + 1};
}

// ── before yaml-cpp sees the text ────────────────────────────────────────────────────────────────────────────────

// Length of the UTF-8 character `text` begins with; 0 if there is none: overlong, a surrogate, beyond U+10FFFF, cut off (RFC 3629
// §4).
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto tail = [&](std::size_t i) { return (byte(i) & 0xc0u) == 0x80u; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return tail(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    if (first == 0xe0 && byte(1) < 0xa0) return 0;
    if (first == 0xed && byte(1) > 0x9f) return 0;
    return tail(1) && tail(2) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    if (first == 0xf0 && byte(1) < 0x90) return 0;
    if (first == 0xf4 && byte(1) > 0x8f) return 0;
    return tail(1) && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

// What the text may not hold anywhere. yaml-cpp takes U+0004 for the end, guesses other encodings from NULs, and
// keeps the whole of a flow collection as tokens of about 100 bytes until it is closed: without a bound on how many are open at
// once, 1 MiB of `[` costs it 250 MiB before the first event.
std::optional<DocumentError> flaw_of_text(std::string_view text) {
  constexpr std::size_t kMostOpen = 1000;  // counted in comments and quotes as well, hence so many
  Position at;
  std::size_t open = 0;
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const char c = text[0];
    if (length == 0) return DocumentError{at, "the text is not UTF-8", "save the file as UTF-8", {}};
    if (c == '\0') return DocumentError{at, "a NUL has no place in YAML", "save the file as UTF-8 text", {}};
    const bool line_break = c == '\n' || (c == '\r' && text.substr(1).starts_with('\n'));
    const bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    if (control && c != '\t' && !line_break) {
      return DocumentError{
          at, "a control character has no place in YAML", "take it out, or write it as an escape in double quotes", {}};
    }
    if (c == '[' || c == '{') ++open;
    if ((c == ']' || c == '}') && open > 0) --open;
    if (open > kMostOpen) return DocumentError{at, "nested too deeply", "close the brackets", {}};
    at = c == '\n' ? Position{at.line + 1, 1} : Position{at.line, at.column + static_cast<unsigned>(length)};
    text.remove_prefix(length);
  }
  return std::nullopt;
}

// Lets an istream read the text where it lies.
class TextBuffer : public std::streambuf {
 public:
  explicit TextBuffer(std::string& text) { setg(text.data(), text.data(), text.data() + text.size()); }
};

// yaml-cpp does not miss the end of a quote where a line break is the last it sees, so that half a file would pass for a whole one.
// A comment behind the last line changes nothing else. See also is_lone_quote.
std::string with_visible_end(std::string_view text) {
  std::string out{text.substr(0, text.find_last_not_of(" \t") + 1)};
  if (out.ends_with('\n')) out += '#';
  else out = text;
  return out;
}

// True if `rest`, all of the text from a value on, is an opening quote and nothing else (a tag or anchor in front of it aside):
// yaml-cpp does not miss the end of that one either.
bool is_lone_quote(std::string_view rest) {
  if (!rest.ends_with('"') && !rest.ends_with('\'')) return false;
  rest.remove_suffix(1);
  return rest.empty() || ((rest[0] == '!' || rest[0] == '&') && rest.find_first_of("\"'") == rest.npos);
}

// ── the tree ─────────────────────────────────────────────────────────────────────────────────────────────────────

// What an anchored value costs each time an alias repeats it.
struct Weight {
  std::size_t nodes, bytes, height;  // height: how many collections lie on top of each other
};
Weight weight_of(const Node& node) {
  Weight sum{1, node.scalar.size(), node.kind == Node::Kind::list || node.kind == Node::Kind::map ? 1u : 0u};
  const auto add = [&](const Node& child) {
    const Weight weight = weight_of(child);
    sum.nodes += weight.nodes;
    sum.bytes += weight.bytes;
    sum.height = std::max(sum.height, weight.height + 1);
  };
  for (const Node& item : node.items) add(item);
  for (const Node::Entry& entry : node.entries) {
    sum.bytes += entry.key.size();
    add(entry.value);
  }
  return sum;
}

class Builder : public YAML::EventHandler {
 public:
  Builder(std::string_view text, Aliases aliases, const DocumentLimits& limits) : text_{text}, aliases_{aliases}, limits_{limits} {}

  Node take() { return std::move(root_); }
  Position last() const { return last_; }
  std::vector<std::string> keys() const {
    std::vector<std::string> way;
    for (const Open& open : open_) {
      if (open.key) way.push_back(open.key->key);
    }
    return way;
  }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ == 1) return;
    const bool said = text_.substr(std::min(text_.size(), static_cast<std::size_t>(mark.pos))).starts_with("---");
    if (said) stop(position_of(mark), "a second document", "keep one, and take the line --- out");
    stop(position_of(mark), "a line that belongs to nothing above it", "check the indentation");
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { finish(made(Node::Kind::null, mark), anchor); }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, const std::string& value) override {
    Node node = made(Node::Kind::scalar, mark);
    node.plain = is_plain(tag, node);
    node.scalar = value;
    if (value.find('\0') != value.npos) stop(node.at, "a NUL has no place here", "take the escape out");
    if (value.empty() && is_lone_quote(text_.substr(std::min(text_.size(), static_cast<std::size_t>(mark.pos))))) {
      stop(node.at, "a quote is not closed", "close it");
    }
    // yaml-cpp turns the escapes \N and \_ into a byte, not a character.
    if (!is_utf8(value)) stop(node.at, "an escape that is not supported: \\N or \\_", "write the character itself");
    finish(std::move(node), anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const Position at = position_of(mark);
    if (aliases_ == Aliases::refused) refuse_alias(at);
    const auto known = anchors_.find(anchor);
    if (known == anchors_.end()) stop(at, "an alias inside the value it stands for", "write the value out");
    const auto& [value, weight] = known->second;
    if (open_.size() + weight.height > limits_.depth) stop(at, "nested too deeply", "take levels out");
    count(weight, at);
    Node node = value;
    node.at = at;
    finish(std::move(node), 0);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    check_collection(tag, "tag:yaml.org,2002:seq", mark);
    begin(made(Node::Kind::list, mark), anchor);
  }
  void OnSequenceEnd() override { end(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    check_collection(tag, "tag:yaml.org,2002:map", mark);
    begin(made(Node::Kind::map, mark), anchor);
  }
  void OnMapEnd() override {
    reject_duplicates(open_.back().node);
    if (open_.back().merges) merge(open_.back().node);
    end();
  }

 private:
  // A collection whose end has not been seen; of a map, also the key whose value comes next.
  struct Open {
    Node node;
    YAML::anchor_t anchor;
    std::optional<Node::Entry> key;
    bool merges = false;
  };

  [[noreturn]] void stop(Position at, Literal why, Literal fix) const { throw Stop{{at, why, fix, keys()}}; }
  [[noreturn]] void refuse_alias(Position at) const {
    stop(at, "anchors and aliases are not part of this file", "write the value out, or put one that begins with & or * in quotes");
  }

  Node made(Node::Kind kind, const YAML::Mark& mark) {
    Node node;
    node.kind = kind;
    node.at = last_ = position_of(mark);
    if (++nodes_ > limits_.nodes) stop(node.at, "more values than such a file can need", "take some out");
    return node;
  }
  void count(const Weight& weight, Position at) {
    nodes_ += weight.nodes;
    copied_bytes_ += weight.bytes;
    if (nodes_ > limits_.nodes || copied_bytes_ > limits_.bytes)
      stop(at, "aliases repeat more than such a file can need", "write less");
  }

  // YAML 1.2 core: "?" is yaml-cpp's word for no tag, "!" for quotes. A tag of the schema says the same as the writing would.
  bool is_plain(const std::string& tag, Node& node) const {
    constexpr std::string_view kCore = "tag:yaml.org,2002:";
    if (tag == "?") return true;
    if (tag == "!" || tag == "tag:yaml.org,2002:str") return false;
    const std::string_view word = std::string_view{tag}.substr(std::min(tag.size(), kCore.size()));
    const bool core = tag.starts_with(kCore) && (word == "int" || word == "float" || word == "bool" || word == "null");
    if (!core)
      stop(node.at, "a tag that is not of the YAML core schema", "take it out, or put a value that begins with ! in quotes");
    if (word == "null") node.kind = Node::Kind::null;
    return true;
  }
  void check_collection(const std::string& tag, std::string_view own, const YAML::Mark& mark) const {
    if (tag == "?" || tag == "!" || tag == own) return;
    stop(position_of(mark), "a tag that is not of the YAML core schema", "take it out");
  }

  void begin(Node node, YAML::anchor_t anchor) {
    if (awaits_key()) stop(node.at, "a list or map in a key's place", "write a word as the key");
    if (anchor != 0 && aliases_ == Aliases::refused) refuse_alias(node.at);
    if (open_.size() + 1 > limits_.depth) stop(node.at, "nested too deeply", "take levels out");
    open_.push_back({std::move(node), anchor, {}});
  }
  void end() {
    Open closed = std::move(open_.back());
    open_.pop_back();
    finish(std::move(closed.node), closed.anchor);
  }
  bool awaits_key() const { return !open_.empty() && open_.back().node.kind == Node::Kind::map && !open_.back().key; }

  // Puts a complete value where it belongs.
  void finish(Node node, YAML::anchor_t anchor) {
    if (anchor != 0) {
      if (aliases_ == Aliases::refused) refuse_alias(node.at);
      const Weight weight = weight_of(node);
      count(weight, node.at);
      anchors_.insert_or_assign(anchor, std::pair{node, weight});
    }
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& open = open_.back();
    if (open.node.kind == Node::Kind::list) {
      open.node.items.push_back(std::move(node));
      return;
    }
    if (!open.key) {
      if (node.kind != Node::Kind::scalar) stop(node.at, "a key is missing", "write a word as the key");
      open.merges |= aliases_ == Aliases::resolved && node.plain && node.scalar == "<<";
      open.key = Node::Entry{std::move(node.scalar), node.at, {}};
      return;
    }
    // yaml-cpp takes a last line without a colon for a key whose value is null, and gives that the key's own place.
    const bool in_key_place = node.kind == Node::Kind::null && node.at == open.key->at;
    if (in_key_place && !last_line_has_colon())
      stop(node.at, "a key without a colon", "write the colon, and the value after a blank");
    open.key->value = std::move(node);
    open.node.entries.push_back(std::move(*open.key));
    open.key.reset();
  }

  bool last_line_has_colon() const {
    const std::string_view line = text_.substr(text_.rfind('\n') + 1);  // npos + 1 is 0
    return line.ends_with(':') || line.find(": ") != line.npos || line.find(":\t") != line.npos;
  }

  // Looked for at the end and by sorting, so that a hundred thousand keys cost no more than that.
  void reject_duplicates(const Node& map) const {
    std::vector<const Node::Entry*> sorted;
    sorted.reserve(map.entries.size());
    for (const Node::Entry& entry : map.entries) sorted.push_back(&entry);
    std::sort(sorted.begin(), sorted.end(), [](const Node::Entry* a, const Node::Entry* b) {
      const int order = a->key.compare(b->key);
      return order != 0 ? order < 0 : a < b;
    });
    const Node::Entry* second = nullptr;  // the first in the file that repeats an earlier one
    for (std::size_t i = 1; i < sorted.size(); ++i) {
      if (sorted[i]->key == sorted[i - 1]->key && (second == nullptr || sorted[i] < second)) second = sorted[i];
    }
    if (second == nullptr) return;
    DocumentError error{second->at, "the same key twice in one map", "keep one of them", keys()};
    error.keys.push_back(second->key);
    throw Stop{std::move(error)};
  }

  // `<<: *map` and `<<: [*one, *two]`: what the map itself says wins, then the earlier of the list (YAML merge key draft).
  void merge(Node& map) const {
    const auto at =
        std::find_if(map.entries.begin(), map.entries.end(), [](const Node::Entry& entry) { return entry.key == "<<"; });
    Node merged = std::move(at->value);
    map.entries.erase(at);
    std::vector<Node> maps;
    if (merged.kind == Node::Kind::list) maps = std::move(merged.items);
    else maps.push_back(std::move(merged));
    std::set<std::string_view> there;
    std::vector<Node::Entry> more;
    for (const Node::Entry& entry : map.entries) there.insert(entry.key);
    for (Node& source : maps) {
      if (source.kind != Node::Kind::map) stop(source.at, "<< takes a map, or a list of maps", "name the anchor of a map");
    }
    for (const Node& source : maps) {
      for (const Node::Entry& entry : source.entries) {
        if (there.insert(entry.key).second) more.push_back(entry);
      }
    }
    for (Node::Entry& entry : more) map.entries.push_back(std::move(entry));
  }

  std::string_view text_;
  Aliases aliases_;
  const DocumentLimits& limits_;
  Node root_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, std::pair<Node, Weight>> anchors_;
  std::size_t nodes_ = 0, copied_bytes_ = 0, documents_ = 0;
  Position last_;
};

// ── what yaml-cpp says, in our words: its own may quote the text ─────────────────────────────────────────────────

DocumentError translated(const YAML::Exception& exception, const Builder& builder) {
  struct Complaint {
    std::string_view theirs;  // the beginning of it
    Literal why;
    Literal fix;
  };
  const std::array complaints = {
      Complaint{YAML::ErrorMsg::END_OF_MAP_FLOW, "a { is not closed, or a comma is missing", "close it with }"},
      Complaint{YAML::ErrorMsg::END_OF_SEQ_FLOW, "a [ is not closed, or a comma is missing", "close it with ]"},
      Complaint{YAML::ErrorMsg::END_OF_MAP, "a line does not fit in the map around it",
                "check the indentation, and the colon and blank after the key"},
      Complaint{YAML::ErrorMsg::END_OF_SEQ, "a line does not fit in the list around it",
                "check the indentation, and the dash and blank before each item"},
      Complaint{YAML::ErrorMsg::TAB_IN_INDENTATION, "a tab in the indentation", "indent with blanks"},
      Complaint{YAML::ErrorMsg::EOF_IN_SCALAR, "a quote is not closed", "close it"},
      Complaint{YAML::ErrorMsg::DOC_IN_SCALAR, "--- or ... inside quotes", "indent the line"},
      Complaint{YAML::ErrorMsg::MAP_VALUE, "a colon and a blank where no key can be",
                "put the value in quotes, or start a new line"},
      Complaint{YAML::ErrorMsg::MAP_KEY, "a ? where no key can be", "put the value in quotes"},
      Complaint{YAML::ErrorMsg::BLOCK_ENTRY, "a dash and a blank where no list can begin",
                "start a new line, or put the value in quotes"},
      Complaint{YAML::ErrorMsg::UNKNOWN_TOKEN, "a character that begins no value", "put the value in quotes"},
      Complaint{YAML::ErrorMsg::FLOW_END, "a ] or } that closes nothing", "take it out, or put the value in quotes"},
      Complaint{YAML::ErrorMsg::INVALID_ESCAPE, "an unknown escape in double quotes",
                "write \\\\ for a backslash, or use single quotes"},
      Complaint{YAML::ErrorMsg::INVALID_HEX, "an escape in double quotes lacks its digits",
                "write \\\\ for a backslash, or use single quotes"},
      Complaint{YAML::ErrorMsg::INVALID_UNICODE, "an escape in double quotes names no character", "write another one"},
      Complaint{YAML::ErrorMsg::CHAR_IN_BLOCK, "something stands behind | or >", "start the text on the next line"},
      Complaint{YAML::ErrorMsg::ZERO_INDENT_IN_BLOCK, "an indentation of 0 behind | or >", "take the number out"},
      Complaint{YAML::ErrorMsg::UNKNOWN_ANCHOR, "an alias of an anchor that is not there",
                "put a value that begins with * in quotes"},
      Complaint{YAML::ErrorMsg::ALIAS_NOT_FOUND, "a * without a name", "put a value that begins with * in quotes"},
      Complaint{YAML::ErrorMsg::ANCHOR_NOT_FOUND, "a & without a name", "put a value that begins with & in quotes"},
      Complaint{YAML::ErrorMsg::CHAR_IN_ALIAS, "an alias with a character no anchor can have",
                "put a value that begins with * in quotes"},
      Complaint{YAML::ErrorMsg::CHAR_IN_ANCHOR, "an anchor with a character it cannot have",
                "put a value that begins with & in quotes"},
  };
  const Position at = exception.mark.is_null() ? builder.last() : position_of(exception.mark);
  for (const Complaint& complaint : complaints) {
    if (std::string_view{exception.msg}.starts_with(complaint.theirs)) return {at, complaint.why, complaint.fix, builder.keys()};
  }
  return {at, "this is not valid YAML", "check this line and the one before", builder.keys()};
}

}  // namespace

const Node* Node::find(std::string_view key) const {
  for (const Entry& entry : entries) {
    if (entry.key == key) return &entry.value;
  }
  return nullptr;
}

Result<Node, DocumentError> parse_document(std::string_view text, Aliases aliases, const DocumentLimits& limits) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";  // some editors write one
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  if (text.size() > limits.bytes)
    return DocumentError{{}, "larger than such a file can need", "check that it is the right one", {}};
  if (auto flaw = flaw_of_text(text)) return std::move(*flaw);

  std::string copy = with_visible_end(text);
  TextBuffer buffer{copy};
  std::istream stream{&buffer};
  Builder builder{copy, aliases, limits};
  try {
    start_yaml_cpp();
    YAML::Parser parser{stream};
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (Stop& stopped) {
    return std::move(stopped.error);
  } catch (const YAML::Exception& exception) {
    return translated(exception, builder);
  } catch (const std::exception&) {  // its own checks of itself; out of memory among them
    return DocumentError{builder.last(), "this is not valid YAML", "check this line and the one before", builder.keys()};
  }
  return builder.take();
}

}  // namespace hushrun
