#include "core/json.h"

#include <charconv>
#include <cstring>
#include <optional>
#include <set>
#include <string>
#include <vector>

// RapidJSON asserts on misuse; the way it is used here leaves none to be met.
#define RAPIDJSON_ASSERT(condition) ((void)0)
#include <rapidjson/prettywriter.h>
#include <rapidjson/reader.h>

namespace hushrun::json {
namespace {

// RapidJSON's working memory, in pages for secrets.
struct SecretAllocator {
  [[maybe_unused]] static const bool kNeedFree = true;
  struct Block {
    Secret memory;
  };
  // The block that owns the memory stands in front of what is given out.
  static constexpr std::size_t kHead = (sizeof(Block) + 15) & ~std::size_t{15};

  void* Malloc(std::size_t size) {
    if (size == 0) return nullptr;
    Secret memory = Secret::filled_by(size + kHead, [](char*, std::size_t all) { return all; });
    char* start = const_cast<char*>(memory.expose().data());
    new (start) Block{std::move(memory)};
    return start + kHead;
  }
  void* Realloc(void* old, std::size_t old_size, std::size_t new_size) {
    void* grown = Malloc(new_size);
    if (old != nullptr && grown != nullptr) std::memcpy(grown, old, std::min(old_size, new_size));
    Free(old);
    return grown;
  }
  static void Free(void* memory) {
    if (memory == nullptr) return;
    auto* block = reinterpret_cast<Block*>(static_cast<char*>(memory) - kHead);
    const Secret moved = std::move(block->memory);  // wiped at the end of this scope
  }
};

// The steps of an RFC 6901 pointer, unescaped.
std::vector<std::string> steps_of(std::string_view pointer) {
  std::vector<std::string> steps;
  for (std::size_t i = 0; i < pointer.size(); ++i) {
    if (pointer[i] == '/') {
      steps.emplace_back();
    } else if (pointer[i] == '~' && i + 1 < pointer.size()) {
      steps.back() += pointer[++i] == '1' ? '/' : '~';
    } else {
      steps.back() += pointer[i];
    }
  }
  return steps;
}

// Characters of the document, with the position RapidJSON has reached.
struct Text {
  using Ch = char;
  const char* start;
  const char* at;
  const char* end;
  char Peek() const { return at < end ? *at : '\0'; }
  char Take() { return at < end ? *at++ : '\0'; }
  std::size_t Tell() const { return static_cast<std::size_t>(at - start); }
  char* PutBegin() { return nullptr; }
  void Put(char) {}
  void Flush() {}
  std::size_t PutEnd(char*) { return 0; }
};

// Walks the events of a document down to the wanted place.
//
// depth_ counts the containers that are open; matched_ how many of them lie on the way to the place. A value is the
// wanted one when all containers around it match and its own key or index is the last step.
class Finder {
 public:
  Finder(const Text& text, const std::vector<std::string>& steps) : text_{text}, steps_{steps} {}

  bool Null() { return value([&] { found_null_ = true; }); }
  bool Bool(bool truth) { return value([&] { copy(truth ? "true" : "false"); }); }
  bool RawNumber(const char* chars, unsigned length, bool) { return value([&] { copy({chars, length}); }); }
  bool Int(int) { return true; }
  bool Uint(unsigned) { return true; }
  bool Int64(std::int64_t) { return true; }
  bool Uint64(std::uint64_t) { return true; }
  bool Double(double) { return true; }
  bool String(const char* chars, unsigned length, bool) {
    return value([&] { copy({chars, length}); });
  }
  bool Key(const char* chars, unsigned length, bool) {
    if (depth_ == 1 && names_ != nullptr) names_->emplace_back(chars, length);
    if (depth_ == 1 && members_ != nullptr) members_->push_back({{chars, length}, std::nullopt});
    on_way_ = matched_ + 1 == depth_ && matched_ < steps_.size() && steps_[matched_] == std::string_view{chars, length};
    if (on_way_ && !seen_here()) return false;
    return true;
  }
  bool StartObject() { return open(false); }
  bool StartArray() { return open(true); }
  bool EndObject(unsigned) { return close(); }
  bool EndArray(unsigned) { return close(); }

  void collect(std::vector<std::string>* names) { names_ = names; }
  void collect(std::vector<Member>* members) { members_ = members; }
  bool twice() const { return twice_; }
  bool is_object() const { return is_object_; }
  bool null() const { return found_null_; }
  std::optional<Secret> take() { return std::move(found_); }

 private:
  // True if the value about to come is the wanted one, or a container on the way to it.
  bool here() {
    if (depth_ == 0) return true;
    if (arrays_.back() && matched_ + 1 == depth_ && matched_ < steps_.size()) {
      const std::string& step = steps_[matched_];
      std::size_t index = 0;
      const auto [end, error] = std::from_chars(step.data(), step.data() + step.size(), index);
      const bool canonical = error == std::errc{} && end == step.data() + step.size() && (step == "0" || step[0] != '0');
      on_way_ = canonical && index == indices_.back();
    }
    if (arrays_.back()) ++indices_.back();
    return on_way_ && matched_ + 1 == depth_;
  }
  bool last() const { return depth_ == steps_.size(); }
  // True at the value of a top-level member, where those are collected.
  bool is_member() const { return members_ != nullptr && depth_ == 1 && !arrays_.front(); }

  template <class Take>
  bool value(Take&& take) {
    if (is_member()) {
      take();
      members_->back().value = std::exchange(found_, std::nullopt);
    } else if (here() && last()) {
      take();
    }
    on_way_ = false;
    return true;
  }
  bool open(bool is_array) {
    if (is_member()) member_start_ = text_.Tell();
    const bool way = here();
    // RapidJSON's iterative parser tells of a bracket before it takes it, at either end.
    if (way && last()) container_start_ = text_.Tell(), container_depth_ = depth_;
    if (depth_ > 0 && way && !last()) ++matched_;
    on_way_ = false;
    if (depth_ == 0) is_object_ = !is_array;
    ++depth_;
    arrays_.push_back(is_array);
    indices_.push_back(0);
    return true;
  }
  bool close() {
    --depth_;
    arrays_.pop_back();
    indices_.pop_back();
    if (matched_ > 0 && matched_ == depth_) --matched_;
    on_way_ = false;
    if (is_member()) {
      copy({text_.start + member_start_, text_.Tell() + 1 - member_start_});
      members_->back().value = std::exchange(found_, std::nullopt);
    }
    if (container_start_ && container_depth_ == depth_ && !found_) {
      copy({text_.start + *container_start_, text_.Tell() + 1 - *container_start_});
    }
    return true;
  }
  void copy(std::string_view bytes) {
    found_ = Secret::filled_by(bytes.size(), [&](char* out, std::size_t size) {
      std::memcpy(out, bytes.data(), size);
      return size;
    });
  }
  // A second member of one name on the way makes the answer ambiguous: parsers differ on which one counts.
  bool seen_here() {
    if (last() && (found_ || found_null_ || container_start_)) twice_ = true;
    return !twice_;
  }

  const Text& text_;
  const std::vector<std::string>& steps_;
  std::vector<std::string>* names_ = nullptr;
  std::vector<Member>* members_ = nullptr;
  std::size_t member_start_ = 0;
  std::vector<bool> arrays_;
  std::vector<std::size_t> indices_;
  std::size_t depth_ = 0, matched_ = 0, container_depth_ = 0;
  bool is_object_ = false;
  bool on_way_ = false, found_null_ = false, twice_ = false;
  std::optional<std::size_t> container_start_;
  std::optional<Secret> found_;
};

// Tells scalars with the place they stand at.
class Teller {
 public:
  explicit Teller(const std::function<void(const Scalar&)>& tell) : tell_{tell} {}

  bool Null() { return value(Scalar::Kind::word, "null"); }
  bool Bool(bool truth) { return value(Scalar::Kind::word, truth ? "true" : "false"); }
  bool RawNumber(const char* chars, unsigned length, bool) { return value(Scalar::Kind::word, {chars, length}); }
  bool Int(int) { return true; }
  bool Uint(unsigned) { return true; }
  bool Int64(std::int64_t) { return true; }
  bool Uint64(std::uint64_t) { return true; }
  bool Double(double) { return true; }
  bool String(const char* chars, unsigned length, bool) { return value(Scalar::Kind::string, {chars, length}); }
  bool Key(const char* chars, unsigned length, bool) {
    append({chars, length});
    tell_({Scalar::Kind::name, path_, {chars, length}});
    return true;
  }
  bool StartObject() { return open(false); }
  bool StartArray() { return open(true); }
  bool EndObject(unsigned) { return close(); }
  bool EndArray(unsigned) { return close(); }

 private:
  struct Level {
    std::size_t path;  // length of what leads here
    bool is_array;
    std::size_t index;
  };
  void append(std::string_view name) {
    if (!levels_.empty()) path_.resize(levels_.back().path);
    if (!path_.empty()) path_ += '/';
    // A long name is no place that anybody could read.
    path_ += name.substr(0, 200);
  }
  // An element of an array gets its place; a member has it from its name.
  void step() {
    if (!levels_.empty() && levels_.back().is_array) append(std::to_string(levels_.back().index));
  }
  bool next() {
    if (!levels_.empty()) ++levels_.back().index;
    return true;
  }
  bool value(Scalar::Kind kind, std::string_view text) {
    step();
    tell_({kind, path_, text});
    return next();
  }
  bool open(bool is_array) {
    if (levels_.size() >= kDeepest) return false;
    step();
    levels_.push_back({path_.size(), is_array, 0});
    return true;
  }
  bool close() {
    path_.resize(levels_.back().path);
    levels_.pop_back();
    return next();
  }

  static constexpr std::size_t kDeepest = 1000;  // the path grows with the depth
  const std::function<void(const Scalar&)>& tell_;
  std::string path_;
  std::vector<Level> levels_;
};

template <class Handler>
bool parse(Text& text, Handler& finder) {
  using Reader = rapidjson::GenericReader<rapidjson::UTF8<>, rapidjson::UTF8<>, SecretAllocator>;
  constexpr unsigned kFlags = rapidjson::kParseIterativeFlag | rapidjson::kParseNumbersAsStringsFlag | rapidjson::kParseValidateEncodingFlag;
  SecretAllocator allocator;
  Reader reader{&allocator, 256};
  // A NUL reads as the end to RapidJSON; what stands behind it would go unseen.
  return !reader.Parse<kFlags>(text, finder).IsError() && text.at == text.end;
}

constexpr char kHexDigits[] = "0123456789abcdef";

// Appends one byte or character of a JSON string through `put`; returns how many bytes of `rest` it took.
template <class Put>
std::size_t escape(std::string_view rest, Put&& put) {
  const auto byte = static_cast<unsigned char>(rest[0]);
  switch (byte) {
    case '"': put('\\'), put('"'); return 1;
    case '\\': put('\\'), put('\\'); return 1;
    case '\n': put('\\'), put('n'); return 1;
    case '\r': put('\\'), put('r'); return 1;
    case '\t': put('\\'), put('t'); return 1;
    default: break;
  }
  if (byte >= 0x20 && byte != 0x7f) {
    put(static_cast<char>(byte));
    return 1;
  }
  put('\\'), put('u'), put('0'), put('0'), put(kHexDigits[byte >> 4]), put(kHexDigits[byte & 15]);
  return 1;
}

}  // namespace

Result<Secret, Miss> select(const Secret& document, std::string_view pointer) {
  const std::vector<std::string> steps = steps_of(pointer);
  const Exposed bytes = document.expose();
  Text text{bytes.data(), bytes.data(), bytes.data() + bytes.size()};
  Finder finder{text, steps};
  if (!parse(text, finder) || finder.twice()) return Miss::not_json;
  if (finder.null()) return Miss::null;
  std::optional<Secret> found = finder.take();
  if (!found) return Miss::not_there;
  return std::move(*found);
}

Result<std::vector<std::string>, Miss> members(const Secret& document) {
  const std::vector<std::string> steps;
  const Exposed bytes = document.expose();
  Text text{bytes.data(), bytes.data(), bytes.data() + bytes.size()};
  Finder finder{text, steps};
  std::vector<std::string> names;
  finder.collect(&names);
  if (!parse(text, finder)) return Miss::not_json;
  return names;
}

bool scalars(std::string_view document, const std::function<void(const Scalar&)>& tell) {
  Text text{document.data(), document.data(), document.data() + document.size()};
  Teller teller{tell};
  return parse(text, teller);
}

Result<std::vector<Member>, Miss> object(const Secret& document) {
  const std::vector<std::string> steps{"\xff"};  // no UTF-8, so no name equals it: the search for one value finds none
  const Exposed bytes = document.expose();
  Text text{bytes.data(), bytes.data(), bytes.data() + bytes.size()};
  Finder finder{text, steps};
  std::vector<Member> members;
  finder.collect(&members);
  if (!parse(text, finder)) return Miss::not_json;
  if (!finder.is_object()) return Miss::not_there;
  std::set<std::string_view> names;
  for (const Member& member : members) {
    if (!names.insert(member.name).second) return Miss::not_json;
  }
  return members;
}

Secret quoted(const Secret& value) {
  const Exposed bytes = value.expose();
  return Secret::filled_by(bytes.size() * 6 + 2, [&](char* out, std::size_t) {
    std::size_t used = 0;
    out[used++] = '"';
    const std::string_view text{bytes.data(), bytes.size()};
    for (std::size_t i = 0; i < text.size();) i += escape(text.substr(i), [&](char c) { out[used++] = c; });
    out[used++] = '"';
    return used;
  });
}

std::string quoted(std::string_view text) {
  std::string out{'"'};
  for (std::size_t i = 0; i < text.size();) i += escape(text.substr(i), [&](char c) { out += c; });
  out += '"';
  return out;
}

struct Writer::State {
  rapidjson::StringBuffer buffer;
  rapidjson::PrettyWriter<rapidjson::StringBuffer> out{buffer};
};

Writer::Writer() : state_{std::make_unique<State>()} { state_->out.SetIndent(' ', 2); }
Writer::~Writer() = default;
void Writer::begin_object() { state_->out.StartObject(); }
void Writer::end_object() { state_->out.EndObject(); }
void Writer::begin_array() { state_->out.StartArray(); }
void Writer::end_array() { state_->out.EndArray(); }
void Writer::key(std::string_view name) { state_->out.Key(name.data(), static_cast<rapidjson::SizeType>(name.size())); }
void Writer::string(std::string_view text) { state_->out.String(text.data(), static_cast<rapidjson::SizeType>(text.size())); }
void Writer::number(std::uint64_t value) { state_->out.Uint64(value); }
void Writer::boolean(bool value) { state_->out.Bool(value); }
std::string Writer::text() const { return std::string{state_->buffer.GetString(), state_->buffer.GetSize()} + '\n'; }

}  // namespace hushrun::json
