#include "tool/content.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <initializer_list>

#include "age/primitives.h"
#include "core/json.h"
#include "source/dotenv.h"

namespace hushrun::tool {
namespace {

using age::View;

constexpr ContentFlaw kUnwritable{"the value cannot be written in this format, or not so that it reads back the same", "keep it in a file of its own: hushkit seal"};
constexpr ContentFlaw kNotHere{"it is a list or a mapping, or its lines are not simple", "change it with hushkit edit"};

// Pieces, one after the other, in locked memory.
Secret joined(std::initializer_list<std::string_view> pieces) {
  std::size_t size = 0;
  for (const std::string_view piece : pieces) size += piece.size();
  return Secret::filled_by(size, [&](char* room, std::size_t) {
    std::size_t used = 0;
    for (const std::string_view piece : pieces) used += piece.copy(room + used, piece.size());
    return used;
  });
}

std::string_view line_end(std::string_view text) { return text.find("\r\n") != std::string_view::npos ? "\r\n" : "\n"; }
// What stands between the document and a line that is put behind it.
std::string_view missing_end(std::string_view text) { return text.empty() || text.ends_with('\n') ? "" : line_end(text); }

// ── dotenv ───────────────────────────────────────────────────────────────────────────────────────────────────────

bool is_bare(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || std::strchr("_./:@%+,=-", c) != nullptr;
}

// As Compose, npm's dotenv and our own reader all take it: bare if nothing in it means anything, 'as it stands' if that can be, else "escaped".
Secret dotenv_text(const Secret& value) {
  const std::string_view bytes = View{value}.text();
  if (!bytes.empty() && std::all_of(bytes.begin(), bytes.end(), [](char c) { return c != '\0' && is_bare(c); })) return joined({bytes});
  if (bytes.find_first_of("'\\\r") == std::string_view::npos) return joined({"'", bytes, "'"});
  return Secret::filled_by(2 * bytes.size() + 2, [&](char* room, std::size_t) {
    char* out = room;
    *out++ = '"';
    for (const char c : bytes) {
      if (std::strchr("\"\\$\n\r", c) != nullptr && c != '\0') *out++ = '\\';
      *out++ = c == '\n' ? 'n' : c == '\r' ? 'r' : c;
    }
    *out++ = '"';
    return static_cast<std::size_t>(out - room);
  });
}

Result<Dotenv, ContentFlaw> parsed(const Secret& content) {
  return parse_dotenv(content).or_error([](const DotenvError& error) { return ContentFlaw{error.why, "repair it with hushkit edit", error.line}; });
}

// Where lines `first` to `last` stand, their ends with them.
Span lines_at(std::string_view text, unsigned first, unsigned last) {
  Span span{0, 0};
  for (unsigned line = 1; line <= last; ++line) {
    if (line == first) span.start = span.end;
    span.end = std::min(text.find('\n', span.end), text.size() - 1) + 1;
  }
  return span;
}

Result<std::vector<Entry>, ContentFlaw> dotenv_entries(const Secret& content) {
  const Dotenv found = TRY(parsed(content));
  std::vector<Entry> entries;
  for (const DotenvEntry& each : found.entries) {
    const Span whole = lines_at(View{content}.text(), each.line, each.last_line);
    entries.push_back({each.name.text(), whole, whole});
  }
  return entries;
}

bool dotenv_equal_but(const Secret& left, const Secret& right, const std::string& except) {
  const auto a = parse_dotenv(left), b = parse_dotenv(right);
  if (!a || !b) return false;
  const auto holds = [&](const Dotenv& all, const DotenvEntry& wanted) {
    return wanted.name.text() == except || std::any_of(all.entries.begin(), all.entries.end(), [&](const DotenvEntry& each) {
      return each.name == wanted.name && equal_in_constant_time(each.value, wanted.value);
    });
  };
  return std::all_of(a.value().entries.begin(), a.value().entries.end(), [&](const DotenvEntry& each) { return holds(b.value(), each); }) &&
         std::all_of(b.value().entries.begin(), b.value().entries.end(), [&](const DotenvEntry& each) { return holds(a.value(), each); });
}

// ── JSON ─────────────────────────────────────────────────────────────────────────────────────────────────────────

std::string pointer_to(std::string_view name) {
  std::string pointer = "/";
  for (const char c : name) {
    if (c == '~') pointer += "~0";
    else if (c == '/') pointer += "~1";
    else pointer += c;
  }
  return pointer;
}

bool json_equal_but(const Secret& left, const Secret& right, const std::string& except) {
  const auto a = json::members(left), b = json::members(right);
  if (!a || !b) return false;
  std::vector<std::string> mine = a.value(), theirs = b.value();
  std::erase(mine, except);
  std::erase(theirs, except);
  return mine == theirs && std::all_of(mine.begin(), mine.end(), [&](const std::string& name) {
    const auto before = json::select(left, pointer_to(name)), after = json::select(right, pointer_to(name));
    if (!before || !after) return !before && !after && before.error() == after.error();  // null on both sides
    return equal_in_constant_time(before.value(), after.value());
  });
}

// ── all of them ──────────────────────────────────────────────────────────────────────────────────────────────────

bool equal_but(const Secret& left, const Secret& right, Format format, const std::string& except) {
  switch (format) {
    case Format::dotenv: return dotenv_equal_but(left, right, except);
    case Format::json: return json_equal_but(left, right, except);
    case Format::yaml: return yaml_equal_but(left, right, except);
  }
  return false;
}

std::optional<Secret> value_of(const Secret& content, Format format, const std::string& name) {
  if (format == Format::yaml) return yaml_scalar(content, name);
  if (format == Format::json) {
    Result<Secret, json::Miss> found = json::select(content, pointer_to(name));
    if (!found) return std::nullopt;
    return std::move(found).value();
  }
  Result<Dotenv, DotenvError> all = parse_dotenv(content);
  if (!all) return std::nullopt;
  for (DotenvEntry& each : all.value().entries) {
    if (each.name.text() == name) return std::move(each.value);
  }
  return std::nullopt;
}

Result<std::vector<Entry>, ContentFlaw> entries_in(const Secret& content, Format format) {
  const bool blank = View{content}.text().find_first_not_of(" \t\r\n") == std::string_view::npos;
  if (blank) return std::vector<Entry>{};
  switch (format) {
    case Format::dotenv: return dotenv_entries(content);
    case Format::json: return json_entries(content);
    case Format::yaml: return yaml_entries(content);
  }
  return std::vector<Entry>{};
}

const Entry* find(const std::vector<Entry>& entries, const std::string& name) {
  const auto found = std::find_if(entries.begin(), entries.end(), [&](const Entry& each) { return each.name == name; });
  return found == entries.end() ? nullptr : &*found;
}

// A list or a mapping, which nobody means to replace by one value.
bool holds_structure(const Secret& content, Format format, const Entry& entry) {
  const std::string_view value = View{content}.text().substr(entry.value.start, entry.value.end - entry.value.start);
  if (format == Format::json) return value.starts_with('{') || value.starts_with('[');
  const std::size_t first = value.find_first_not_of(" \t\r\n");
  return format == Format::yaml && first != std::string_view::npos && value[first] != '~' && !value.starts_with("null") &&
         !yaml_scalar(content, entry.name);
}

// A double-quoted YAML scalar is a JSON string, but for the line breaks of Unicode and DEL, which JSON leaves as they are: those the reading
// back tells.
Secret yaml_line(const std::string& name, const Secret& value, std::string_view end) {
  const Secret quoted = json::quoted(value);
  return joined({name, ": ", View{quoted}.text(), end});
}

Secret put_in(std::string_view text, Span span, std::string_view piece) {
  return joined({text.substr(0, span.start), piece, text.substr(span.end)});
}

// A member more, in the shape the document has: on its own line where the last one begins a line.
Secret json_appended(std::string_view text, const std::vector<Entry>& entries, const std::string& name, std::string_view value) {
  const std::string key = json::quoted(std::string_view{name});
  if (text.find('{') == std::string_view::npos) return joined({"{\n  ", key, ": ", value, "\n}\n"});
  if (entries.empty()) {
    const std::size_t open = text.find('{'), close = text.rfind('}');
    return joined({text.substr(0, open), "{\n  ", key, ": ", value, "\n", text.substr(close)});
  }
  const Span last = entries.back().whole;
  std::size_t indent = last.start;
  while (indent > 0 && (text[indent - 1] == ' ' || text[indent - 1] == '\t')) --indent;
  const bool own_line = indent > 0 && text[indent - 1] == '\n';
  return joined({text.substr(0, last.end), own_line ? "," : ", ", own_line ? line_end(text) : "", own_line ? text.substr(indent, last.start - indent) : "", key, ": ",
                 value, text.substr(last.end)});
}

// Without a member, and with it one of the commas around it.
Secret json_removed(std::string_view text, const std::vector<Entry>& entries, const Entry& gone) {
  const auto index = static_cast<std::size_t>(&gone - entries.data());
  if (index > 0) return put_in(text, {entries[index - 1].whole.end, gone.whole.end}, "");
  if (entries.size() > 1) return put_in(text, {gone.whole.start, entries[1].whole.start}, "");
  return put_in(text, gone.whole, "");
}

// The first line that is neither blank nor a comment.
std::string_view first_saying(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    line.remove_prefix(std::min(line.find_first_not_of(" \t\r"), line.size()));
    if (!line.empty() && line.front() != '#') return line;
  }
  return {};
}

}  // namespace

// As the launcher tells them.
Format format_of(const std::string& path, const Secret& content) {
  std::string_view name{path};
  name.remove_prefix(name.rfind('/') + 1);
  for (const std::string_view sealed : {".asc", ".age"}) {
    if (name.ends_with(sealed)) name.remove_suffix(sealed.size());
  }
  if (name.ends_with(".json")) return Format::json;
  if (name.ends_with(".yaml") || name.ends_with(".yml")) return Format::yaml;
  if (name.ends_with(".env") || name.starts_with(".env.")) return Format::dotenv;
  const std::string_view line = first_saying(View{content}.text());
  if (line.starts_with('{')) return Format::json;
  const std::size_t equals = line.find('=');
  if (equals == std::string_view::npos) return line.empty() ? Format::dotenv : Format::yaml;
  // `KEY: a=b` is YAML, `KEY=a: b` is not.
  return std::min(line.find(": "), line.find(":\t")) < equals ? Format::yaml : Format::dotenv;
}

Result<std::vector<std::string>, ContentFlaw> names_in(const Secret& content, Format format) {
  std::vector<std::string> names;
  for (Entry& entry : TRY(entries_in(content, format))) names.push_back(std::move(entry.name));
  return names;
}

Result<Secret, ContentFlaw> with_value(const Secret& content, Format format, const std::string& name, const Secret& value) {
  const std::string_view text = View{content}.text();
  const std::vector<Entry> entries = TRY(entries_in(content, format));
  const Entry* const there = find(entries, name);
  if (there != nullptr && holds_structure(content, format, *there)) return kNotHere;
  const std::string_view end = line_end(text);
  std::optional<Secret> changed;
  if (format == Format::json) {
    const Secret quoted = json::quoted(value);
    changed = there != nullptr ? put_in(text, there->value, View{quoted}.text()) : json_appended(text, entries, name, View{quoted}.text());
  } else {
    const Secret shaped = format == Format::dotenv ? dotenv_text(value) : Secret::of_public("");
    const Secret line = format == Format::dotenv ? joined({name, "=", View{shaped}.text(), end}) : yaml_line(name, value, end);
    changed = there != nullptr ? put_in(text, there->whole, View{line}.text()) : joined({text, missing_end(text), View{line}.text()});
  }
  const std::optional<Secret> read_back = value_of(*changed, format, name);
  const bool good = read_back && equal_in_constant_time(*read_back, value);
  const bool blank = entries.empty() && text.find_first_not_of(" \t\r\n") == std::string_view::npos;
  if (!good || (!blank && !equal_but(content, *changed, format, name))) return kUnwritable;
  return std::move(*changed);
}

Result<Secret, ContentFlaw> without(const Secret& content, Format format, const std::string& name) {
  std::optional<Secret> before;
  // Of a dotenv file's equal keys the last one counts; all of them go.
  for (;;) {
    const Secret& now = before ? *before : content;
    const std::vector<Entry> entries = TRY(entries_in(now, format));
    const Entry* const there = find(entries, name);
    if (there == nullptr) break;
    const std::string_view text = View{now}.text();
    Secret changed = format == Format::json ? json_removed(text, entries, *there) : put_in(text, there->whole, "");
    if (!equal_but(now, changed, format, name)) return kNotHere;
    before = std::move(changed);
  }
  if (!before) return ContentFlaw{"the name is not in it", "hushkit list shows the names"};
  return std::move(*before);
}

}  // namespace hushrun::tool
