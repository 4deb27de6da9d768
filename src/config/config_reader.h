#pragma once
// Reads a tree field by field, strictly: what is unknown, missing or of the wrong kind is a problem with a place. The keys of a
// section stand in one table, a line each.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "config/document.h"

namespace hushrun {

/// A file that is being read, and what was found wrong with it.
class Reading {
 public:
  /// `path` names the file; relative paths in it start at its directory.
  explicit Reading(const std::string& path);

  Place place(Position at, Public field) const;
  std::string joined(std::string_view path) const;

  /// Keeps the first hundred: nobody reads more, and a hostile file could have any number.
  void problem(Error error);
  bool is_full() const;
  std::size_t problem_count() const { return count_; }
  Problems take_problems() && { return std::move(problems_); }

 private:
  Public file_;
  std::string directory_;
  Problems problems_;
  std::size_t count_ = 0;
};

/// A value of the tree and the way to it. Lives on the stack of the reader that made it.
class Spot {
 public:
  Spot(Reading& reading, const Node& root) : reading_{reading}, node_{root}, at_{root.at} {}

  /// How a key on the way may be shown: our own words are public, those of the user as far as Public's rules go.
  enum class Key { ours, variable, path, profile };
  Spot below(const Node::Entry& entry, Key kind = Key::ours) const { return {*this, entry.value, entry.at, entry.key, kind}; }
  Spot item(std::size_t index) const { return {*this, node_.items[index], node_.items[index].at, index}; }

  const Node& node() const { return node_; }
  Reading& reading() const { return reading_; }
  bool is(Node::Kind kind) const { return node_.kind == kind; }
  /// A scalar that is text by itself: in quotes, or neither a number nor a boolean.
  bool is_text() const;

  /// "env.DB_PASSWORD"; keys that could be a key themselves are not shown.
  Public field() const;
  Place place() const { return reading_.place(node_.at, field()); }

  void problem(Literal what, Literal why, Public fix) const;
  /// The same, pointing at the key.
  void problem_at_key(Literal what, Literal why, Public fix) const;
  /// The key is one of none of `keys`: says which was meant, or which there are.
  void refuse_key(std::span<const std::string_view> keys) const;
  /// A field that must be here is not.
  void refuse_missing(std::string_view key) const;
  /// Here is a value of another kind than is expected, or none.
  void refuse_kind(Literal why, Public fix) const;
  /// The same where one scalar is expected, and this is not one or not such a one.
  void refuse_value(Literal why, Public fix) const;

 private:
  Spot(const Spot& parent, const Node& node, Position at, std::string_view key, Key kind)
      : reading_{parent.reading_}, parent_{&parent}, node_{node}, at_{at}, key_{key}, kind_{kind} {}
  Spot(const Spot& parent, const Node& node, Position at, std::size_t index)
      : reading_{parent.reading_}, parent_{&parent}, node_{node}, at_{at}, index_{index} {}
  void append_field(std::string& out) const;

  Reading& reading_;
  const Spot* parent_ = nullptr;
  const Node& node_;
  Position at_;  // of the key
  std::string_view key_;
  Key kind_ = Key::ours;
  std::optional<std::size_t> index_;
};

// ── single values: each says what is wrong, and then leaves `out` alone ──────────────────────────────────────────

void read(const Spot& at, bool& out);
void read(const Spot& at, std::string& out);  // text in quotes or plain; no number, no boolean
void read(const Spot& at, std::chrono::milliseconds& out);
void read(const Spot& at, std::optional<std::size_t>& out);  // bytes of a value
void read(const Spot& at, std::optional<Name>& out);
void read(const Spot& at, std::optional<VariableName>& out);
void read(const Spot& at, std::vector<VariableName>& out);
void read(const Spot& at, std::optional<UserConfig>& out);

/// A path, joined to the file's directory.
void read_path(const Spot& at, std::string& out);
/// Any scalar by its text, numbers and booleans as they are written.
std::optional<std::string> read_any_text(const Spot& at);
/// The index of one of a few words.
std::optional<std::size_t> read_word(const Spot& at, std::span<const std::string_view> words);

// ── maps ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/// A key of a section: how to read its value into a T.
template <class T>
struct Field {
  std::string_view key;
  void (*read)(const Spot& at, T& out);
  bool required = false;
};

/// Reads the value straight into a member.
template <auto Member, class T>
void into(const Spot& at, T& out) {
  read(at, out.*Member);
}

/// A line break, an escape sequence's beginning, or another control character: nothing a path is meant to have.
bool holds_control(std::string_view text);

bool require_map(const Spot& at);
bool require_list(const Spot& at);

template <class T>
void read_map(const Spot& at, std::span<const Field<T>> fields, T& out) {
  if (!require_map(at)) return;
  for (const Node::Entry& entry : at.node().entries) {
    const Field<T>* found = nullptr;
    for (const Field<T>& field : fields) {
      if (field.key == entry.key) found = &field;
    }
    if (found != nullptr) {
      found->read(at.below(entry), out);
      continue;
    }
    std::vector<std::string_view> keys;
    for (const Field<T>& field : fields) keys.push_back(field.key);
    at.below(entry).refuse_key(keys);
  }
  for (const Field<T>& field : fields) {
    if (field.required && at.node().find(field.key) == nullptr) at.refuse_missing(field.key);
  }
}

}  // namespace hushrun
