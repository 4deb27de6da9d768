#include "source/dotenv.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <string>

#include "core/log.h"
#include "core/sys_process.h"

namespace hushrun {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t'; }
bool is_key_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
}
// What comes after a dollar that Compose, dotenvx or a shell would replace.
bool begins_expansion(char c) {
  return c == '{' || c == '(' || c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// The text is read in place: no line, key or value is copied but into its Secret.
class DotenvReader {
 public:
  DotenvReader(const char* text, std::size_t size) : at_{text}, end_{text + size} {}

  Result<Dotenv, DotenvError> read() {
    if (end_ - at_ >= 2 && (std::memcmp(at_, "\xff\xfe", 2) == 0 || std::memcmp(at_, "\xfe\xff", 2) == 0)) {
      return DotenvError{1, "the text is UTF-16: save it as UTF-8"};
    }
    if (end_ - at_ >= 3 && std::memcmp(at_, "\xef\xbb\xbf", 3) == 0) at_ += 3;
    while (at_ < end_) {
      skip_blanks();
      if (!at_comment() && !at_line_end()) TRY(read_assignment());
      skip_line();
    }
    return drop_overridden();
  }

 private:
  Result<void, DotenvError> read_assignment() {
    const unsigned line = line_;
    const Name name = TRY(read_key());
    if (found_.entries.size() == kNamesLimit) return DotenvError{line, "there are more than 4096 assignments"};
    const bool blank_before = skip_blanks();
    Secret value = TRY(read_value(blank_before));
    if (value.size() > kSecretLimit) return DotenvError{line, "the value is larger than 1 MiB"};
    found_.entries.push_back({name, std::move(value), line, line_});
    return {};
  }

  Result<Name, DotenvError> read_key() {
    std::string_view key = take_key();
    if (key == "export" && skip_blanks() && !at_separator()) key = take_key();
    skip_blanks();
    if (!at_separator()) return DotenvError{line_, "this is not an assignment, KEY=VALUE"};
    std::optional<Name> name = Name::parse(key);
    if (!name) return DotenvError{line_, "the key is not a name: letters, digits and underscores, then also dots and dashes"};
    ++at_;
    return std::move(*name);
  }

  Result<Secret, DotenvError> read_value(bool blank_before) {
    const char quote = at_ < end_ ? *at_ : '\n';
    if (quote != '\'' && quote != '"' && quote != '`') return read_bare(blank_before);
    const unsigned line = line_;
    ++at_;
    const char* const start = at_;
    if (!skip_to_end_of_quote(quote)) return DotenvError{line, "a quote is opened and never closed"};
    const char* const stop = at_++;
    const bool dollar = quote == '"' && has_expansion(start, stop, true);
    if (dollar) found_.unexpanded.push_back(line);
    skip_blanks();
    if (!at_comment() && !at_line_end()) return DotenvError{line_, "there is text behind the closing quote"};
    return unquoted(start, stop, quote);
  }

  Secret read_bare(bool blank_before) {
    const char* const start = at_;
    const char* stop = at_;
    bool blank = blank_before;
    for (; at_ < end_ && !at_line_end() && !(blank && *at_ == '#'); ++at_) {
      blank = is_blank(*at_);
      if (!blank) stop = at_ + 1;
    }
    if (has_expansion(start, stop, false)) found_.unexpanded.push_back(line_);
    return Secret::filled_by(static_cast<std::size_t>(stop - start), [&](char* room, std::size_t size) {
      std::copy(start, stop, room);
      return size;
    });
  }

  // Stops at the quote that ends the value; false if there is none.
  bool skip_to_end_of_quote(char quote) {
    for (; at_ < end_; ++at_) {
      if (*at_ == '\n') ++line_;
      if (*at_ == quote) return true;
      if (*at_ != '\\' || quote == '`' || at_ + 1 == end_) continue;
      // In 'C:\dir\' the backslash is the value's last byte: a quote with nothing of the line behind it is the end.
      if (quote == '"' || (at_[1] == '\'' && !ends_value(at_ + 2))) {
        ++at_;
        if (*at_ == '\n') ++line_;
      }
    }
    return false;
  }
  bool ends_value(const char* behind) const {
    while (behind < end_ && is_blank(*behind)) ++behind;
    return behind == end_ || *behind == '\n' || *behind == '#' || (*behind == '\r' && (behind + 1 == end_ || behind[1] == '\n'));
  }

  static Secret unquoted(const char* start, const char* stop, char quote) {
    return Secret::filled_by(static_cast<std::size_t>(stop - start), [&](char* room, std::size_t) {
      char* out = room;
      for (const char* in = start; in < stop; ++in) {
        if (*in == '\r' && in + 1 < stop && in[1] == '\n') continue;
        const char next = *in == '\\' && in + 1 < stop ? in[1] : '\0';
        const char meant = next == '\0' ? '\0' : quote == '"' ? escaped(next) : quote == next ? next : '\0';
        if (meant != '\0' && quote != '`') ++in;
        *out++ = meant != '\0' && quote != '`' ? meant : *in;
      }
      return static_cast<std::size_t>(out - room);
    });
  }
  static char escaped(char letter) {
    switch (letter) {
      case 'n': return '\n';
      case 'r': return '\r';
      case 't': return '\t';
      case '"': case '\\': case '$': return letter;
      default: return '\0';
    }
  }

  static bool has_expansion(const char* start, const char* stop, bool escapes) {
    for (const char* at = start; at + 1 < stop; ++at) {
      if (escapes && *at == '\\') ++at;
      else if (*at == '$' && begins_expansion(at[1])) return true;
    }
    return false;
  }

  std::string_view take_key() {
    const char* const start = at_;
    while (at_ < end_ && is_key_byte(*at_)) ++at_;
    return {start, static_cast<std::size_t>(at_ - start)};
  }
  bool skip_blanks() {
    const char* const start = at_;
    while (at_ < end_ && is_blank(*at_)) ++at_;
    return at_ > start;
  }
  void skip_line() {
    while (at_ < end_ && *at_ != '\n') ++at_;
    if (at_ < end_) ++at_, ++line_;
  }
  bool at_separator() const {
    return at_ < end_ && (*at_ == '=' || (*at_ == ':' && (at_ + 1 == end_ || is_blank(at_[1]) || at_[1] == '\n' || at_[1] == '\r')));
  }
  bool at_comment() const { return at_ < end_ && *at_ == '#'; }
  bool at_line_end() const { return at_ == end_ || *at_ == '\n' || (*at_ == '\r' && (at_ + 1 == end_ || at_[1] == '\n')); }

  Dotenv drop_overridden() {
    std::map<std::string_view, std::size_t> last;
    for (std::size_t i = 0; i < found_.entries.size(); ++i) last[found_.entries[i].name.text()] = i;
    Dotenv kept{{}, {}, std::move(found_.unexpanded)};
    std::vector<bool> wins(found_.entries.size());
    for (const auto& [name, index] : last) wins[index] = true;
    for (std::size_t i = 0; i < found_.entries.size(); ++i) {
      if (wins[i]) kept.entries.push_back(std::move(found_.entries[i]));
      else kept.overridden.push_back(found_.entries[i].line);
    }
    return kept;
  }

  const char* at_;
  const char* end_;
  unsigned line_ = 1;
  Dotenv found_;
};

}  // namespace

Result<Dotenv, DotenvError> parse_dotenv(const Secret& text) {
  const Exposed bytes = text.expose();  // read in place; only values leave, as Secrets
  return DotenvReader{bytes.data(), bytes.size()}.read();
}

Opening<OpenDotenvSource> OpenDotenvSource::open(const DotenvSource& config, const Environment&, Presence presence) {
  const Public shown = Public::path(config.path);
  const sys::Answer<Fd> file = sys::open_file(config.path);
  if (!file) {
    const Errno why = file.error();
    if (why.value == ENOENT && presence == Presence::optional) return std::optional<OpenDotenvSource>{};
    if (why.value == ENOENT) {
      return Trouble{Code::source_missing, "a dotenv file is not there", reason(shown, why), "create it, or say optional: true for this source"};
    }
    return Trouble{Code::source_unreadable, "cannot read a dotenv file", reason(shown, why),
                   "let user " + Public::number(sys::effective_user()) + " read it"};
  }
  const auto unreadable = [&](Errno why) {
    if (why.value == EFBIG) {
      return Trouble{Code::source_invalid, "a dotenv file is too large", shown + ": more than 16 MiB", "name the file that holds the assignments"};
    }
    return Trouble{Code::source_unreadable, "cannot read a dotenv file", reason(shown, why), "look at the file system it lies on"};
  };
  const sys::FileStatus status = TRY(sys::status(file.value()).or_error(unreadable));
  if (status.kind != sys::FileKind::regular) {
    return Trouble{Code::source_invalid, "a dotenv file is not a file", shown + ": it is a directory, a pipe or a device",
                   "name a regular file; Docker makes a directory of a bind mount's source that is not there"};
  }
  const Secret text = TRY(sys::read_secret(file.value(), status, kDotenvLimit).or_error(unreadable));
  Dotenv content = TRY(parse_dotenv(text).or_error([&](const DotenvError& error) {
    return Trouble{Code::source_invalid, "a dotenv file cannot be understood", shown + ":" + Public::number(error.line) + ": " + error.why,
                   "write KEY=VALUE, and quotes around a value of several lines"};
  }));
  log::info("{}: a plain file, which is for development", shown);
  for (const unsigned line : content.overridden) log::info("{}:{}: the key comes again further down, and counts there", shown, line);
  for (const unsigned line : content.unexpanded) log::info("{}:{}: a $ is kept as it is; other readers would expand it", shown, line);
  return std::optional{OpenDotenvSource{std::move(content), shown, status}};
}

const DotenvEntry* OpenDotenvSource::entry(const Name& name) const {
  const auto at = std::find_if(content_.entries.begin(), content_.entries.end(), [&](const DotenvEntry& each) { return each.name == name; });
  return at == content_.entries.end() ? nullptr : &*at;
}

Public OpenDotenvSource::place_of(const DotenvEntry& found) const { return shown_ + ":" + Public::number(found.line); }

Lookup OpenDotenvSource::find(const Name& name) const {
  const DotenvEntry* found = entry(name);
  if (found == nullptr) return std::optional<Found>{};
  return std::optional{Found{copy_of(found->value), place_of(*found), status_}};
}

Result<Offer, Trouble> OpenDotenvSource::offered() const {
  Offer offer;
  for (const DotenvEntry& each : content_.entries) offer.names.push_back(each.name);
  std::sort(offer.names.begin(), offer.names.end());
  return offer;
}

std::optional<Public> OpenDotenvSource::whereabouts(const Name& name) const {
  const DotenvEntry* found = entry(name);
  if (found == nullptr) return std::nullopt;
  return place_of(*found);
}

}  // namespace hushrun
