#include "leak/encodings.h"

#include <array>

namespace hushrun::leak {
namespace {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool is_alnum(char c) { return is_digit(c) || is_letter(c); }
constexpr bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
constexpr unsigned byte_of(char c) { return static_cast<unsigned char>(c); }

// Bytes, as bits. What a rule changes, and what a value holds: where they do not meet, the rule is not even tried.
class ByteSet {
 public:
  constexpr ByteSet() = default;
  constexpr ByteSet(std::string_view bytes) {  // NOLINT: rules are written as strings
    for (char c : bytes) add(byte_of(c));
  }
  static constexpr ByteSet range(unsigned first, unsigned last) {
    ByteSet set;
    for (unsigned byte = first; byte <= last; ++byte) set.add(byte);
    return set;
  }
  constexpr void add(unsigned byte) { words_[byte / 64] |= std::uint64_t{1} << (byte % 64); }
  constexpr bool has(char c) const { return (words_[byte_of(c) / 64] >> (byte_of(c) % 64) & 1) != 0; }
  constexpr bool empty() const { return *this == ByteSet{}; }
  constexpr bool operator==(const ByteSet&) const = default;
  friend constexpr ByteSet operator|(ByteSet a, const ByteSet& b) {
    for (std::size_t i = 0; i < 4; ++i) a.words_[i] |= b.words_[i];
    return a;
  }
  friend constexpr ByteSet operator&(ByteSet a, const ByteSet& b) {
    for (std::size_t i = 0; i < 4; ++i) a.words_[i] &= b.words_[i];
    return a;
  }
  friend constexpr ByteSet operator~(ByteSet a) {
    for (std::uint64_t& word : a.words_) word = ~word;
    return a;
  }

 private:
  std::array<std::uint64_t, 4> words_ = {};
};

constexpr ByteSet kAlnums = ByteSet::range('0', '9') | ByteSet::range('A', 'Z') | ByteSet::range('a', 'z');
constexpr ByteSet kSchemeBytes = kAlnums | ByteSet{"+-."};
constexpr ByteSet kControls = ByteSet::range(0, 0x1f);
constexpr ByteSet kHigh = ByteSet::range(0x80, 0xff);

constexpr char kLower[] = "0123456789abcdef";
constexpr char kUpper[] = "0123456789ABCDEF";

void write_hex(LockedBytes& out, unsigned number, int digits, const char* alphabet) {
  while (digits-- > 0) out.append(alphabet[(number >> (4 * digits)) & 15]);
}

// ---- base64 ----

constexpr char kBase64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr char kBase64Url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

// The characters that `value` alone decides when it follows `offset` (0, 1 or 2, modulo 3) unknown bytes: a character on
// either side also holds bits of the neighbours, so it is left out, and any ending is found.
void write_base64_core(LockedBytes& out, std::string_view value, std::size_t offset, const char* alphabet) {
  const std::size_t first = (8 * offset + 5) / 6;
  const std::size_t last = 8 * (offset + value.size()) / 6;
  for (std::size_t i = first; i < last; ++i) {
    const std::size_t bit = 6 * i - 8 * offset;
    const unsigned high = byte_of(value[bit / 8]) << 8;
    const unsigned low = bit / 8 + 1 < value.size() ? byte_of(value[bit / 8 + 1]) : 0;
    out.append(alphabet[((high | low) >> (10 - bit % 8)) & 63]);
  }
}

// ---- percent (URLs and forms) ----

struct PercentRule {
  constexpr PercentRule(std::string_view safe, bool plus) : changed{~(kAlnums | safe)}, plus_for_blank{plus} {}
  ByteSet changed;  // all but letters, digits and what is safe besides
  bool plus_for_blank;
};

constexpr PercentRule kPercentRules[] = {
    {"-_.~", false},                   // RFC 3986 unreserved: Python quote(safe=''), curl, jq @uri, PHP rawurlencode
    {"-_.~/", false},                  // Python quote()
    {"-_.~", true},                    // Python quote_plus, Go QueryEscape
    {"-_.", true},                     // PHP urlencode
    {"*-._", true},                    // the HTML form: URLSearchParams, Java URLEncoder
    {"-_.!*()", true},                 // .NET UrlEncode
    {"-_.!~*'()", false},              // JavaScript encodeURIComponent
    {"-_.!~*'();/?:@&=+$,#", false},   // JavaScript encodeURI
    {"-_.~$&+:=@", false},             // Go PathEscape
    {"-_.~$&+,;=", false},             // Go, user and password of a URL
    {"!$%&'()*+,-._~", false},         // WHATWG URL, user and password
    {"!$%&'()*+,-./:;=@[\\]^_|~", false},  // WHATWG URL, path
};

void write_percent(LockedBytes& out, std::string_view value, const PercentRule& rule, const char* alphabet) {
  for (char c : value) {
    if (!rule.changed.has(c)) {
      out.append(c);
    } else if (c == ' ' && rule.plus_for_blank) {
      out.append('+');
    } else {
      out.append('%');
      write_hex(out, byte_of(c), 2, alphabet);
    }
  }
}

// ---- backslashes (JSON, shells, programming languages) ----

enum class Odd : std::uint8_t { keep, x, octal, u, U };  // as it is, \x1b, \033, \u001b, \u001B

struct BackslashRule {
  constexpr BackslashRule(Disguise d, std::string_view quote, std::string_view letter, std::string_view unicode, Odd c, Odd e,
                          Odd h)
      : disguise{d}, quoted{quote}, letters{letter}, as_unicode{unicode}, control{c}, del{e}, high{h} {
    changed = quoted | as_unicode;
    for (std::size_t i = 0; i < letters.size(); i += 2) changed.add(byte_of(letters[i]));
    if (control != Odd::keep) changed = changed | kControls;
    if (del != Odd::keep) changed.add(0x7f);
    if (high != Odd::keep) changed = changed | kHigh;
  }
  Disguise disguise;
  ByteSet quoted;            // get a backslash in front
  std::string_view letters;  // pairs: the byte, the letter that stands for it after a backslash
  ByteSet as_unicode;        // ASCII that is written as \u00xx all the same
  Odd control;               // other control bytes
  Odd del;                   // 0x7f
  Odd high;                  // beyond ASCII: x and octal by byte, u by UTF-16 unit
  ByteSet changed;           // all of them
};

constexpr std::string_view kJsonLetters = "\bb\ff\nn\rr\tt";
constexpr std::string_view kCLetters = "\aa\bb\ff\nn\rr\tt\vv";
constexpr std::string_view kBashLetters = "\aa\bb\x1b" "E\ff\nn\rr\tt\vv";
constexpr std::string_view kPythonLetters = "\nn\rr\tt";

constexpr BackslashRule kJsonRules[] = {
    {Disguise::json, "\"\\", kJsonLetters, "", Odd::u, Odd::u, Odd::u},               // Python json.dumps
    {Disguise::json, "\"\\", kJsonLetters, "", Odd::u, Odd::keep, Odd::keep},         // JSON.stringify, Jackson, serde
    {Disguise::json, "\"\\", kJsonLetters, "", Odd::u, Odd::u, Odd::keep},            // jq
    {Disguise::json, "\"\\/", kJsonLetters, "", Odd::u, Odd::keep, Odd::u},           // PHP json_encode
    {Disguise::json, "\"\\/", kJsonLetters, "", Odd::u, Odd::keep, Odd::keep},        // PHP, JSON_UNESCAPED_UNICODE
    {Disguise::json, "\"\\", kJsonLetters, "<>&", Odd::u, Odd::keep, Odd::keep},      // Go, Rails
    {Disguise::json, "\"\\", kJsonLetters, "<>&='", Odd::u, Odd::keep, Odd::keep},    // Gson
    {Disguise::json, "\\", kJsonLetters, "\"&'+<>`", Odd::U, Odd::U, Odd::U},         // System.Text.Json
};

constexpr BackslashRule kShellRules[] = {
    {Disguise::shell, "\t\n !\"$&'()*,;<>?[\\]^`{|}~", "", "", Odd::keep, Odd::keep, Odd::keep},  // bash printf %q
    {Disguise::shell, "'\\", kBashLetters, "", Odd::octal, Odd::octal, Odd::keep},               // $'…' in a UTF-8 locale
    {Disguise::shell, "'\\", kBashLetters, "", Odd::octal, Odd::octal, Odd::octal},              // $'…' in the C locale
    {Disguise::shell, "\"$\\`", "", "", Odd::keep, Odd::keep, Odd::keep},                        // "…": declare -p, export -p
};

constexpr BackslashRule kCodeRules[] = {
    {Disguise::code, "\"\\", kCLetters, "", Odd::x, Odd::x, Odd::keep},         // Go %q
    {Disguise::code, "\"\\", kCLetters, "", Odd::x, Odd::x, Odd::u},            // Go %+q
    {Disguise::code, "\"\\", kCLetters, "", Odd::x, Odd::x, Odd::x},            // C
    {Disguise::code, "\"\\", kCLetters, "", Odd::octal, Odd::octal, Odd::octal},  // C, git, ls --quoting-style=c
    {Disguise::code, "\\", kPythonLetters, "", Odd::x, Odd::x, Odd::keep},      // Python repr where "…" was chosen
    {Disguise::code, "'\\", kPythonLetters, "", Odd::x, Odd::x, Odd::keep},     // … and where '…' was
    {Disguise::code, "\\", kPythonLetters, "", Odd::x, Odd::x, Odd::x},         // the same of bytes
    {Disguise::code, "'\\", kPythonLetters, "", Odd::x, Odd::x, Odd::x},
};

// One character of UTF-8 at `at`, and how many bytes it takes; nothing where it is none (RFC 3629).
struct CodePoint {
  unsigned number;
  std::size_t bytes;
};
std::optional<CodePoint> code_point(std::string_view text, std::size_t at) {
  const unsigned lead = byte_of(text[at]);
  const std::size_t bytes = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
  if (bytes == 0 || text.size() - at < bytes) return std::nullopt;
  unsigned number = lead & (0x7fu >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    const unsigned next = byte_of(text[at + i]);
    if ((next & 0xc0) != 0x80) return std::nullopt;
    number = number << 6 | (next & 0x3f);
  }
  const bool overlong = (bytes == 3 && number < 0x800) || (bytes == 4 && number < 0x10000);
  if (overlong || number > 0x10ffff || (number >= 0xd800 && number < 0xe000)) return std::nullopt;
  return CodePoint{number, bytes};
}

void write_odd(LockedBytes& out, unsigned number, Odd how) {
  switch (how) {
    case Odd::keep:
      out.append(static_cast<char>(number));
      break;
    case Odd::x:
      out.append("\\x");
      write_hex(out, number, 2, kLower);
      break;
    case Odd::octal:
      out.append('\\');
      for (int shift = 6; shift >= 0; shift -= 3) out.append(kLower[(number >> shift) & 7]);
      break;
    case Odd::u:
    case Odd::U: {
      const char* alphabet = how == Odd::u ? kLower : kUpper;
      if (number > 0xffff) {  // a surrogate pair
        out.append("\\u");
        write_hex(out, 0xd800 + ((number - 0x10000) >> 10), 4, alphabet);
        number = 0xdc00 + ((number - 0x10000) & 0x3ff);
      }
      out.append("\\u");
      write_hex(out, number, 4, alphabet);
      break;
    }
  }
}

// False where the value has no such form: characters are asked for, and it is not UTF-8.
bool write_backslashed(LockedBytes& out, std::string_view value, const BackslashRule& rule) {
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    if (!rule.changed.has(c)) {
      out.append(c);
      continue;
    }
    std::size_t letter = 0;
    while (letter < rule.letters.size() && rule.letters[letter] != c) letter += 2;
    if (letter < rule.letters.size()) {
      out.append('\\');
      out.append(rule.letters[letter + 1]);
    } else if (rule.quoted.has(c)) {
      // Only a shell minds a tilde, and only where it could be a home directory.
      const bool plain_tilde = c == '~' && (i == 0 || (value[i - 1] != ':' && value[i - 1] != '='));
      if (!plain_tilde) out.append('\\');
      out.append(c);
    } else if (byte_of(c) < 0x80) {
      write_odd(out, byte_of(c), byte_of(c) == 0x7f ? rule.del : rule.control);
    } else if (rule.high == Odd::u || rule.high == Odd::U) {
      const auto character = code_point(value, i);
      if (!character) return false;
      write_odd(out, character->number, rule.high);
      i += character->bytes - 1;
    } else {
      write_odd(out, byte_of(c), rule.high);
    }
  }
  return true;
}

// ---- replacements (HTML, XML, quotes inside a shell's quotes) ----

struct Swap {
  char from;
  std::string_view to;
};
struct SwapRule {
  constexpr SwapRule(Disguise d, std::array<Swap, 5> s) : disguise{d}, swaps{s} {
    for (const Swap& swap : swaps) {
      if (!swap.to.empty()) changed.add(byte_of(swap.from));
    }
  }
  Disguise disguise;
  std::array<Swap, 5> swaps;
  ByteSet changed;
};

constexpr Swap kAmp{'&', "&amp;"}, kLess{'<', "&lt;"}, kMore{'>', "&gt;"}, kNone{'\0', ""};

constexpr SwapRule kSwapRules[] = {
    {Disguise::markup, {kAmp, kLess, kMore, Swap{'"', "&quot;"}, Swap{'\'', "&#x27;"}}},  // Python html.escape
    {Disguise::markup, {kAmp, kLess, kMore, Swap{'"', "&quot;"}, Swap{'\'', "&#39;"}}},   // JavaScript and Ruby libraries
    {Disguise::markup, {kAmp, kLess, kMore, Swap{'"', "&quot;"}, Swap{'\'', "&#039;"}}},  // PHP htmlspecialchars
    {Disguise::markup, {kAmp, kLess, kMore, Swap{'"', "&quot;"}, Swap{'\'', "&apos;"}}},  // XML
    {Disguise::markup, {kAmp, kLess, kMore, Swap{'"', "&#34;"}, Swap{'\'', "&#39;"}}},    // Go html.EscapeString
    {Disguise::markup, {kAmp, kLess, kMore, Swap{'"', "&quot;"}, kNone}},                 // XML attributes
    {Disguise::markup, {kAmp, kLess, kMore, kNone, kNone}},                               // XML text
    {Disguise::shell, {Swap{'\'', "'\\''"}, kNone, kNone, kNone, kNone}},                 // bash set -x, ${v@Q}
    {Disguise::shell, {Swap{'\'', "'\"'\"'"}, kNone, kNone, kNone, kNone}},               // Python shlex.quote, dash set -x
};

void write_swapped(LockedBytes& out, std::string_view value, const SwapRule& rule) {
  for (char c : value) {
    std::string_view to;
    for (const Swap& swap : rule.swaps) {
      if (swap.from == c) to = swap.to;
    }
    if (to.empty()) {
      out.append(c);
    } else {
      out.append(to);
    }
  }
}

// ---- lines ----

void write_with_newlines(LockedBytes& out, std::string_view value, std::string_view newline) {
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] == '\r' && i + 1 < value.size() && value[i + 1] == '\n') continue;
    if (value[i] == '\n') {
      out.append(newline);
    } else {
      out.append(value[i]);
    }
  }
}

// What an unquoted $VARIABLE becomes in a shell: words, one blank between them.
void write_as_words(LockedBytes& out, std::string_view value) {
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (!is_blank(value[i])) {
      out.append(value[i]);
    } else if (!is_blank(value[i - 1])) {
      out.append(' ');
    }
  }
}

// Takes the first line off `rest`, without its end.
std::string_view next_line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return line;
}

// PEM's own lines, and lines of nothing but punctuation, belong to everybody.
bool is_telling(std::string_view line) {
  if (line.size() < Forms::kShortestLine || line.starts_with("-----")) return false;
  std::size_t alnums = 0;
  for (char c : line) alnums += is_alnum(c) || byte_of(c) >= 0x80;
  return alnums >= Forms::kShortest;
}

// How much of the beginning everybody may see. Output often ends in such a beginning and means nothing by it.
std::size_t public_beginning(std::string_view value) {
  if (value.starts_with("-----BEGIN ")) {
    const std::size_t end = value.find('\n');
    return end == std::string_view::npos ? 0 : end + 1;
  }
  // The header of a JSON web token (RFC 7519) says how it is signed: `{"` in base64url.
  if (value.starts_with("eyJ")) {
    const std::size_t dot = value.find('.');
    return dot == std::string_view::npos ? 0 : dot + 1;
  }
  std::size_t scheme = 0;  // RFC 3986 §3.1
  while (scheme < value.size() && kSchemeBytes.has(value[scheme])) ++scheme;
  if (scheme == 0 || scheme > 32 || !is_letter(value[0]) || !value.substr(scheme).starts_with("://")) return 0;
  return scheme + 3;
}

}  // namespace

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

Literal word(Disguise disguise) {
  switch (disguise) {
    case Disguise::plain:
    case Disguise::word:
      return "as it is";
    case Disguise::newlines:
      return "with other line ends";
    case Disguise::line:
      return "one of its lines";
    case Disguise::base64:
      return "in base64";
    case Disguise::base64url:
      return "in base64url";
    case Disguise::base64_wrapped:
      return "in base64, in lines";
    case Disguise::hex:
      return "in hexadecimal";
    case Disguise::percent:
      return "percent-encoded";
    case Disguise::json:
      return "as a JSON string";
    case Disguise::shell:
      return "quoted for a shell";
    case Disguise::code:
      return "as a string of source code";
    case Disguise::markup:
      return "in HTML or XML";
  }
  return "as it is";
}

// Keeps what was just written at the end of the pool, unless the value has that form already or it is too short.
void Forms::keep(Form form) {
  form.size = static_cast<std::uint32_t>(pool_.size() - form.start);
  bool wanted = form.size >= kShortest;
  for (std::size_t i = first_; wanted && i < list_.size(); ++i) {
    wanted = list_[i].size != form.size || bytes(list_[i]) != bytes(form);
  }
  if (wanted) {
    list_.push_back(form);
  } else {
    pool_.truncate(form.start);
  }
}

// `write(text)` appends the form of `text` to the pool, or returns false. Run on the value's public beginning first, it tells
// how long that is in this disguise.
template <class Write>
void Forms::add(Disguise disguise, std::string_view value, std::size_t public_size, Write&& write) {
  const std::size_t start = pool_.size();
  if (start + 6 * value.size() > kMostBytes) {  // no disguise but `'"'"'` and the like grows further
    complete_ = false;
    return;
  }
  Form form{static_cast<std::uint32_t>(start), 0, 0, needle_, disguise};
  if (public_size > 0) {
    write(value.substr(0, public_size));
    form.public_size = static_cast<std::uint32_t>(pool_.size() - start);
    pool_.truncate(start);
  }
  if (write(value)) {
    keep(form);
  } else {
    pool_.truncate(start);
  }
}

void Forms::add_base64(std::string_view value, std::size_t public_size) {
  for (std::size_t offset = 0; offset < 3; ++offset) {
    const std::size_t before = list_.size();
    add(Disguise::base64, value, public_size, [&](std::string_view text) {
      write_base64_core(pool_, text, offset, kBase64);
      return true;
    });
    if (offset == 0 && list_.size() > before) {
      const Form whole = list_.back();
      add_wrapped(whole, 76);  // coreutils, MIME
      add_wrapped(whole, 64);  // PEM, OpenSSL
    }
    if (value.size() > kLarge) continue;
    add(Disguise::base64url, value, public_size, [&](std::string_view text) {
      write_base64_core(pool_, text, offset, kBase64Url);
      return true;
    });
  }
}

// The same characters in lines: all of them in one piece, and line by line.
void Forms::add_wrapped(Form whole, std::size_t width) {
  if (whole.size <= width) return;
  const Disguise disguise = whole.disguise == Disguise::hex ? Disguise::hex : Disguise::base64_wrapped;
  const std::size_t room = whole.size + 2 * (whole.size / width + 1);
  if (pool_.size() + 3 * room > kMostBytes) {
    complete_ = false;
    return;
  }
  const auto write = [&](std::string_view newline) {
    pool_.reserve(pool_.size() + room);  // the pool is read while it is written to, so it must not move
    const Form form{static_cast<std::uint32_t>(pool_.size()), 0, whole.public_size, needle_, disguise};
    for (std::size_t at = 0; at < whole.size; at += width) {
      if (at > 0) pool_.append(newline);
      pool_.append(bytes(whole).substr(at, width));
    }
    keep(form);
  };
  write("\n");
  if (whole.size > 2 * kLarge) return;
  write("\r\n");
  if (whole.size / width >= kMostWrappedLines) return;
  for (std::size_t at = 0; at + kShortestWrappedLine <= whole.size; at += width) {
    pool_.reserve(pool_.size() + width);
    const Form form{static_cast<std::uint32_t>(pool_.size()), 0, at == 0 ? whole.public_size : 0, needle_, disguise};
    pool_.append(bytes(whole).substr(at, width));
    keep(form);
  }
}

void Forms::add_hex(std::string_view value, std::size_t public_size) {
  for (const char* alphabet : {kLower, kUpper}) {
    const std::size_t before = list_.size();
    add(Disguise::hex, value, public_size, [&](std::string_view text) {
      for (char c : text) write_hex(pool_, byte_of(c), 2, alphabet);
      return true;
    });
    if (alphabet == kLower && list_.size() > before) add_wrapped(Form{list_.back()}, 60);  // xxd -p
  }
}

void Forms::add_json(Disguise disguise, std::string_view value, std::size_t public_size) {
  const ByteSet held{value};
  for (const BackslashRule& rule : kJsonRules) {
    if ((held & rule.changed).empty()) continue;
    add(disguise, value, public_size, [&](std::string_view text) { return write_backslashed(pool_, text, rule); });
  }
}

void Forms::add_texts(std::string_view value, std::size_t public_size) {
  const ByteSet held{value};
  for (const PercentRule& rule : kPercentRules) {
    if ((held & rule.changed).empty()) continue;
    for (const char* alphabet : {kUpper, kLower}) {
      add(Disguise::percent, value, public_size, [&](std::string_view text) {
        write_percent(pool_, text, rule, alphabet);
        return true;
      });
    }
  }
  add_json(Disguise::json, value, public_size);
  const auto backslashed = [&](const BackslashRule& rule) {
    if ((held & rule.changed).empty()) return;
    add(rule.disguise, value, public_size, [&](std::string_view text) { return write_backslashed(pool_, text, rule); });
  };
  for (const BackslashRule& rule : kShellRules) backslashed(rule);
  for (const BackslashRule& rule : kCodeRules) backslashed(rule);
  for (const SwapRule& rule : kSwapRules) {
    if ((held & rule.changed).empty()) continue;
    add(rule.disguise, value, public_size, [&](std::string_view text) {
      write_swapped(pool_, text, rule);
      return true;
    });
  }
}

void Forms::add_newlines(std::string_view value, std::size_t public_size) {
  for (std::string_view newline : {"\n", "\r\n", " ", "\\n"}) {
    add(Disguise::newlines, value, public_size, [&](std::string_view text) {
      write_with_newlines(pool_, text, newline);
      return true;
    });
  }
}

// Every telling line by itself, and with the short ones that follow it, so that a short last line does not stay behind.
void Forms::add_lines(std::string_view value) {
  std::size_t lines = 0;
  for (std::string_view rest = value; !rest.empty();) {
    const std::string_view line = trimmed(next_line(rest));
    if (!is_telling(line)) continue;
    first_ = list_.size();  // lines are not compared with each other: that would be quadratic
    if (++lines > kMostLines) {
      complete_ = false;
      return;
    }
    add(Disguise::line, line, 0, [&](std::string_view text) {
      pool_.append(text);
      return true;
    });
    add_json(Disguise::line, line, 0);

    std::string_view after = rest;
    std::size_t tail = 0;
    while (!after.empty()) {
      std::string_view ahead = after;
      const std::string_view next = trimmed(next_line(ahead));
      if (next.empty() || next.size() >= kShortestLine) break;
      tail = static_cast<std::size_t>(next.data() + next.size() - line.data());
      after = ahead;
    }
    if (tail == 0) continue;
    for (std::string_view newline : {"\n", "\r\n"}) {
      add(Disguise::line, std::string_view{line.data(), tail}, 0, [&](std::string_view text) {
        write_with_newlines(pool_, text, newline);
        return true;
      });
    }
  }
}

bool Forms::spell(std::string_view value, std::uint32_t needle) {
  first_ = list_.size();
  needle_ = needle;
  complete_ = true;
  const std::size_t shown = public_beginning(value);
  const bool large = value.size() > kLarge;
  const bool in_lines = value.find('\n') != std::string_view::npos;

  add(Disguise::plain, value, shown, [&](std::string_view text) {
    pool_.append(text);
    return true;
  });
  add_base64(value, shown);
  if (in_lines) {
    add_newlines(value, shown);
    add_lines(value);
  }
  if (large) return complete_;

  add(Disguise::newlines, value, shown, [&](std::string_view text) {
    write_as_words(pool_, text);
    return true;
  });
  add_hex(value, shown);
  add_texts(value, shown);
  if (value.find("\r\n") == std::string_view::npos) return complete_;

  // Who reads text often turns CRLF into LF first, and encodes what he read.
  LockedBytes read;
  write_with_newlines(read, value, "\n");
  const std::size_t shown_when_read = public_beginning(read.view());
  add_base64(read.view(), shown_when_read);
  add_hex(read.view(), shown_when_read);
  add_texts(read.view(), shown_when_read);
  return complete_;
}

void Forms::add_word(std::string_view value, std::uint32_t needle) {
  list_.push_back({static_cast<std::uint32_t>(pool_.size()), static_cast<std::uint32_t>(value.size()), 0, needle, Disguise::word});
  pool_.append(value);
}

}  // namespace hushrun::leak
