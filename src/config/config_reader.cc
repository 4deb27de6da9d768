#include "config/config_reader.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "config/suggest.h"

namespace hushrun {
namespace {

constexpr std::size_t kMostProblems = 100;
/// Largest size that can be asked of a value: that of the largest secret.
constexpr std::size_t kLargestValue = 1024 * 1024;

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

// What the YAML 1.2 core schema (10.3.2) takes for something else than text. A sign, digits, a point, an exponent.
bool is_number(std::string_view text) {
  if (text.starts_with("0o") || text.starts_with("0x")) {
    const bool octal = text[1] == 'o';
    return text.size() > 2 && std::all_of(text.begin() + 2, text.end(), [&](char c) {
             return octal ? c >= '0' && c <= '7' : is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
           });
  }
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  for (const std::string_view word : {".inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN"}) {
    if (text == word) return true;
  }
  const auto skip_digits = [&] {
    std::size_t count = 0;
    for (; !text.empty() && is_digit(text[0]); text.remove_prefix(1)) ++count;
    return count;
  };
  std::size_t digits = skip_digits();
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    digits += skip_digits();
  }
  if (digits == 0) return false;
  if (text.empty()) return true;
  if (text[0] != 'e' && text[0] != 'E') return false;
  text.remove_prefix(1);
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return skip_digits() > 0 && text.empty();
}

bool is_boolean(std::string_view text) {
  for (const std::string_view word : {"true", "True", "TRUE", "false", "False", "FALSE"}) {
    if (text == word) return true;
  }
  return false;
}

Public list_of(std::span<const std::string_view> words) {
  std::string text;
  for (const std::string_view word : words) {
    if (!text.empty()) text += ", ";
    text += word;
  }
  return Public::vouched(text);  // words of our own grammar
}

// A key as it may be shown, by the rules of Public; what they replace by words stands in brackets here.
std::string_view shown_key(std::string_view key, Spot::Key kind) {
  constexpr std::string_view kHidden = "[not shown]";
  switch (kind) {
    case Spot::Key::ours: return key;
    case Spot::Key::variable: return Public::variable(key).view() == key ? key : kHidden;
    case Spot::Key::path: {
      if (key.starts_with('/')) return Public::path(key).view();
      for (std::size_t start = 0; start <= key.size();) {
        const std::string_view part = key.substr(start, key.find('/', start) - start);
        if (!is_plainly_a_name(part)) return kHidden;
        start += part.size() + 1;
      }
      return key;
    }
    case Spot::Key::profile: return Name::parse(key) && !could_be_a_key(key) ? key : kHidden;
  }
  return kHidden;
}

}  // namespace

bool holds_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

// ── Reading ──────────────────────────────────────────────────────────────────────────────────────────────────────

Reading::Reading(const std::string& path) : file_{Public::path(path)} {
  const std::size_t slash = path.rfind('/');
  if (slash != path.npos) directory_ = path.substr(0, slash + 1);
}

Place Reading::place(Position at, Public field) const {
  // In one piece, because each Public made at run time is kept; it is a public path and two numbers.
  std::string text{file_.view()};
  text.append(":").append(std::to_string(at.line)).append(":").append(std::to_string(at.column));
  return {Public::vouched(text), field};
}

std::string Reading::joined(std::string_view path) const {
  return path.starts_with('/') ? std::string{path} : directory_ + std::string{path};
}

void Reading::problem(Error error) {
  ++count_;
  if (count_ <= kMostProblems) problems_.add(std::move(error));
  if (count_ != kMostProblems + 1) return;
  problems_.add({Code::config_invalid, "too many problems", file_, "there are more than a hundred", "mend these first"});
}

bool Reading::is_full() const { return count_ > kMostProblems; }

// ── Spot ─────────────────────────────────────────────────────────────────────────────────────────────────────────

bool Spot::is_text() const {
  return is(Node::Kind::scalar) && !(node_.plain && (is_number(node_.scalar) || is_boolean(node_.scalar)));
}

void Spot::append_field(std::string& out) const {
  if (parent_ == nullptr) return;
  parent_->append_field(out);
  if (index_) {
    out.append("[").append(std::to_string(*index_)).append("]");
    return;
  }
  if (!out.empty()) out += '.';
  out += shown_key(key_, kind_);
}

Public Spot::field() const {
  std::string text;
  append_field(text);
  return Public::vouched(text);  // made of shown_key and numbers only
}

void Spot::problem(Literal what, Literal why, Public fix) const {
  if (!reading_.is_full()) reading_.problem({Code::config_invalid, what, place().shown(), why, fix});
}

void Spot::problem_at_key(Literal what, Literal why, Public fix) const {
  if (!reading_.is_full()) reading_.problem({Code::config_invalid, what, reading_.place(at_, field()).shown(), why, fix});
}

void Spot::refuse_key(std::span<const std::string_view> keys) const {
  if (reading_.is_full()) return;
  // The key itself is not shown: it may be anything, a pasted password among it.
  const auto meant = suggest(key_, keys);
  const Public fix = meant ? "did you mean " + Public::vouched(*meant) : "the fields here are " + list_of(keys);
  reading_.problem(
      {Code::config_invalid, "unknown field", reading_.place(at_, parent_->field()).shown(), "there is no such field here", fix});
}

void Spot::refuse_missing(std::string_view key) const {
  if (reading_.is_full()) return;
  const Public own = field();
  const Public name = own.empty() ? Public::vouched(key) : own + "." + Public::vouched(key);  // a key of our own grammar
  reading_.problem(
      {Code::config_invalid, "missing field", reading_.place(node_.at, name).shown(), "it must be said here", "add it"});
}

void Spot::refuse_kind(Literal why, Public fix) const {
  if (is(Node::Kind::null)) problem("empty field", "nothing stands here", "write a value, or take the line out");
  else problem("wrong type", why, fix);
}

void Spot::refuse_value(Literal why, Public fix) const {
  if (is(Node::Kind::scalar)) problem("invalid value", why, fix);
  else refuse_kind(why, fix);
}

// ── single values ────────────────────────────────────────────────────────────────────────────────────────────────

void read(const Spot& at, bool& out) {
  const bool plain = at.is(Node::Kind::scalar) && at.node().plain;
  if (plain && at.node().scalar == "true") out = true;
  else if (plain && at.node().scalar == "false") out = false;
  else at.refuse_kind("only true and false are booleans (YAML 1.2)", "write true or false, without quotes");
}

void read(const Spot& at, std::string& out) {
  if (!at.is_text()) at.refuse_kind("text is expected here", "write text; put a number, true or false in quotes");
  else if (at.node().scalar.empty())
    at.problem("empty field", "nothing stands between the quotes", "write a value, or take the line out");
  else out = at.node().scalar;
}

std::optional<std::string> read_any_text(const Spot& at) {
  if (at.is(Node::Kind::scalar)) return at.node().scalar;
  at.refuse_kind("a single value is expected here", "write one value");
  return std::nullopt;
}

void read_path(const Spot& at, std::string& out) {
  std::string path;
  read(at, path);
  if (path.empty()) return;
  if (holds_control(path)) at.problem("not a path", "it holds a line break or control character", "take it out");
  else out = at.reading().joined(path);
}

std::optional<std::size_t> read_word(const Spot& at, std::span<const std::string_view> words) {
  if (!at.is_text()) {
    at.refuse_kind("a word is expected here", "write one of " + list_of(words));
    return std::nullopt;
  }
  const auto found = std::find(words.begin(), words.end(), at.node().scalar);
  if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  const auto meant = suggest(at.node().scalar, words);
  at.problem("unknown word", "there is no such choice here",
             meant ? "did you mean " + Public::vouched(*meant) : "write one of " + list_of(words));
  return std::nullopt;
}

void read(const Spot& at, std::chrono::milliseconds& out) {
  const auto duration = at.is(Node::Kind::scalar) ? parse_duration(at.node().scalar) : std::nullopt;
  if (duration) out = *duration;
  else at.refuse_value("a time is whole numbers with units, 24h at most", "write it like 500ms, 10s or 1m30s");
}

void read(const Spot& at, std::optional<std::size_t>& out) {
  const std::string& text = at.node().scalar;
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool valid = at.is(Node::Kind::scalar) && at.node().plain && error == std::errc{} && end == text.data() + text.size() &&
                     number <= kLargestValue;
  if (valid) out = number;
  else at.refuse_value("a number of bytes is expected here, 1048576 at most", "write a whole number without quotes");
}

void read(const Spot& at, std::optional<Name>& out) {
  std::string text;
  read(at, text);
  if (text.empty()) return;
  out = Name::parse(text);
  if (!out) at.problem("not a secret's name", "a name may hold letters, digits, . _ - and begins with none of . -", "rename it");
}

void read(const Spot& at, std::optional<VariableName>& out) {
  std::string text;
  read(at, text);
  if (text.empty()) return;
  out = VariableName::parse(text);
  if (!out) at.problem("not a variable's name", "it may hold letters, digits and _, and begins with no digit", "rename it");
}

void read(const Spot& at, std::vector<VariableName>& out) {
  if (!require_list(at)) return;
  out.clear();
  for (std::size_t i = 0; i < at.node().items.size(); ++i) {
    std::optional<VariableName> name;
    read(at.item(i), name);
    if (name) out.push_back(std::move(*name));
  }
}

void read(const Spot& at, std::optional<UserConfig>& out) {
  const auto user = at.is(Node::Kind::scalar) ? parse_user(at.node().scalar) : std::nullopt;
  if (!user) {
    at.refuse_value("a user is a name or a number, and so is the group behind its colon",
                    "write it like app, app:app or 1000:1000");
    return;
  }
  out = *user;
  out->place = at.place();
}

// ── maps ─────────────────────────────────────────────────────────────────────────────────────────────────────────

bool require_map(const Spot& at) {
  if (at.is(Node::Kind::map)) return true;
  at.refuse_kind("fields are expected here", "write lines of key: value, indented");
  return false;
}

bool require_list(const Spot& at) {
  if (at.is(Node::Kind::list)) return true;
  at.refuse_kind("a list is expected here", "write - in front, or [ ] around it");
  return false;
}

}  // namespace hushrun
