#include "source/content.h"

#include <algorithm>
#include <cstring>
#include <set>

#include "config/document.h"
#include "core/json.h"
#include "source/dotenv.h"

namespace hushrun {
namespace {

constexpr ContentError kTooMany{0, "it has more than 4096 names"};

/// yaml-cpp needs up to a hundred times the text, in memory that can be swapped out until it is wiped.
constexpr DocumentLimits kYamlLimits{kSecretLimit, 100'000, 100};

std::string_view text_of(const Secret& secret) { return {secret.expose().data(), secret.size()}; }

constexpr bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

// The next line that is neither empty nor a comment, from its first character that is not blank.
std::string_view first_saying(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    while (!line.empty() && is_blank(line.front())) line.remove_prefix(1);
    if (!line.empty() && line.front() != '#') return line;
  }
  return {};
}

Secret secret_of(std::string_view text) {
  return Secret::filled_by(text.size(), [&](char* room, std::size_t size) { return text.copy(room, size); });
}

void add(Content& content, std::string&& key, Secret&& value, unsigned line) {
  if (std::optional<Name> name = Name::parse(key)) content.entries.push_back({std::move(*name), std::move(value), line});
  else content.unnamable.push_back(std::move(key));
}

// ── YAML ─────────────────────────────────────────────────────────────────────────────────────────────────────────

bool is_json_number(std::string_view text) {
  std::size_t i = 0;
  const auto digits = [&] {
    const std::size_t start = i;
    while (i < text.size() && text[i] >= '0' && text[i] <= '9') ++i;
    return i - start;
  };
  if (i < text.size() && text[i] == '-') ++i;
  const bool zero = i < text.size() && text[i] == '0';
  const std::size_t whole = digits();
  if (whole == 0 || (zero && whole > 1)) return false;
  if (i < text.size() && text[i] == '.') {
    ++i;
    if (digits() == 0) return false;
  }
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
    if (digits() == 0) return false;
  }
  return i == text.size();
}

// The JSON text of a value, written straight into locked memory: once to count, once to keep. Recursion is bounded by kYamlLimits.
class JsonText {
 public:
  explicit JsonText(char* room) : room_{room} {}
  std::size_t used() const { return used_; }

  void write(const Node& node) {
    switch (node.kind) {
      case Node::Kind::null: return put("null");
      case Node::Kind::scalar: return scalar(node);
      case Node::Kind::list: {
        put("[");
        for (std::size_t i = 0; i < node.items.size(); ++i) {
          if (i > 0) put(",");
          write(node.items[i]);
        }
        return put("]");
      }
      case Node::Kind::map: {
        put("{");
        for (std::size_t i = 0; i < node.entries.size(); ++i) {
          if (i > 0) put(",");
          quoted(node.entries[i].key);
          put(":");
          write(node.entries[i].value);
        }
        return put("}");
      }
    }
  }

 private:
  // YAML's own spellings (0x1F, .5, ~, True) stay text: nothing is lost, and a pointer gives what was written.
  void scalar(const Node& node) {
    const std::string& text = node.scalar;
    if (node.plain && (text == "null" || text == "true" || text == "false" || is_json_number(text))) return put(text);
    quoted(text);
  }
  void quoted(std::string_view text) {
    const Secret value = json::quoted(secret_of(text));
    put(text_of(value));
  }
  void put(std::string_view text) {
    if (room_ != nullptr) std::memcpy(room_ + used_, text.data(), text.size());
    used_ += text.size();
  }

  char* room_;
  std::size_t used_ = 0;
};

bool is_null(const Node& node) {
  return node.kind == Node::Kind::null || (node.kind == Node::Kind::scalar && node.plain && (node.scalar == "~" || node.scalar == "null"));
}

Secret value_of(const Node& node) {
  if (is_null(node)) return secret_of({});
  if (node.kind == Node::Kind::scalar) return secret_of(node.scalar);
  JsonText counted{nullptr};
  counted.write(node);
  return Secret::filled_by(counted.used(), [&](char* room, std::size_t size) {
    JsonText{room}.write(node);
    return size;
  });
}

Result<Content, ContentError> parse_yaml(const Secret& text) {
  const WipedHeap wiped;  // stands until the tree is gone
  Node root = TRY(parse_document(text_of(text), Aliases::resolved, kYamlLimits).or_error([](const DocumentError& error) {
    return ContentError{error.at.line, error.why};
  }));
  if (root.kind == Node::Kind::null) return Content{};
  if (root.kind != Node::Kind::map) return ContentError{root.at.line, "it is YAML, and not a map of names"};
  if (root.entries.size() > kNamesLimit) return kTooMany;
  Content content;
  for (Node::Entry& entry : root.entries) add(content, std::move(entry.key), value_of(entry.value), entry.at.line);
  return content;
}

// ── JSON ─────────────────────────────────────────────────────────────────────────────────────────────────────────

Result<std::vector<json::Member>, ContentError> members_of(const Secret& text) {
  std::vector<json::Member> members = TRY(json::object(text).or_error([](json::Miss miss) {
    if (miss == json::Miss::not_there) return ContentError{0, "it is JSON, and not an object of names"};
    return ContentError{0, "it is not JSON, or a name stands twice in it"};
  }));
  if (members.size() > kNamesLimit) return kTooMany;
  return members;
}

void add(Content& content, json::Member&& member) {
  add(content, std::move(member.name), member.value ? std::move(*member.value) : secret_of({}), 0);
}

Result<Content, ContentError> parse_json(const Secret& text) {
  Content content;
  for (json::Member& member : TRY(members_of(text))) add(content, std::move(member));
  return content;
}

// ── dotenv ───────────────────────────────────────────────────────────────────────────────────────────────────────

Result<Content, ContentError> parse_dotenv_content(const Secret& text) {
  Dotenv dotenv = TRY(parse_dotenv(text).or_error([](const DotenvError& error) { return ContentError{error.line, error.why}; }));
  if (dotenv.entries.size() > kNamesLimit) return kTooMany;
  Content content;
  for (DotenvEntry& entry : dotenv.entries) content.entries.push_back({std::move(entry.name), std::move(entry.value), entry.line});
  return content;
}

}  // namespace

std::optional<ContentKind> content_kind_by_name(std::string_view path) {
  std::string_view name = path.substr(path.find_last_of('/') + 1);
  for (const std::string_view end : {".asc", ".age"}) {
    if (name.ends_with(end)) name.remove_suffix(end.size());
  }
  if (name.ends_with(".json")) return ContentKind::json;
  if (name.ends_with(".yaml") || name.ends_with(".yml")) return ContentKind::yaml;
  if (name.ends_with(".env") || name == ".env" || name.starts_with(".env.")) return ContentKind::dotenv;
  return std::nullopt;
}

ContentKind content_kind_by_looking(const Secret& text) {
  const std::string_view line = first_saying(text_of(text));
  if (line.starts_with('{')) return ContentKind::json;
  const std::size_t equals = line.find('=');
  if (equals == std::string_view::npos) return line.empty() ? ContentKind::dotenv : ContentKind::yaml;
  // `KEY: a=b` is YAML, `KEY=a: b` is not.
  const std::size_t colon = std::min(line.find(": "), line.find(":\t"));
  return colon < equals ? ContentKind::yaml : ContentKind::dotenv;
}

Result<Content, ContentError> parse_content(const Secret& text, ContentKind kind) {
  switch (kind) {
    case ContentKind::json: return parse_json(text);
    case ContentKind::yaml: return parse_yaml(text);
    case ContentKind::dotenv: break;
  }
  return parse_dotenv_content(text);
}

Result<Content, ContentError> parse_ejson_content(const Secret& document) {
  Content content;
  for (json::Member& member : TRY(members_of(document))) {
    if (member.name == "_public_key") continue;
    if (member.name == "environment" && member.value && text_of(*member.value).starts_with('{')) {
      for (json::Member& inner : TRY(members_of(*member.value))) add(content, std::move(inner));
    } else {
      add(content, std::move(member));
    }
  }
  std::set<std::string_view> names;
  for (const ContentEntry& entry : content.entries) {
    if (!names.insert(entry.name.text()).second) return ContentError{0, "a name stands in its environment and beside it"};
  }
  if (content.entries.size() > kNamesLimit) return kTooMany;
  return content;
}

}  // namespace hushrun
