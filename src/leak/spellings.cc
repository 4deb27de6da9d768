#include "leak/spellings.h"

namespace hushrun::leak {

// ---- base64 and hexadecimal ----

void write_hex(LockedBytes& out, unsigned number, int digits, const char* alphabet) {
  while (digits-- > 0) out.append(alphabet[(number >> (4 * digits)) & 15]);
}

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

constexpr PercentRule kPercentRulesTable[] = {
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
const std::span<const PercentRule> kPercentRules{kPercentRulesTable};

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

constexpr std::string_view kJsonLetters = "\bb\ff\nn\rr\tt";
constexpr std::string_view kCLetters = "\aa\bb\ff\nn\rr\tt\vv";
constexpr std::string_view kBashLetters = "\aa\bb\x1b" "E\ff\nn\rr\tt\vv";
constexpr std::string_view kPythonLetters = "\nn\rr\tt";

constexpr BackslashRule kJsonRulesTable[] = {
    {Disguise::json, "\"\\", kJsonLetters, "", Odd::u, Odd::u, Odd::u},               // Python json.dumps
    {Disguise::json, "\"\\", kJsonLetters, "", Odd::u, Odd::keep, Odd::keep},         // JSON.stringify, Jackson, serde
    {Disguise::json, "\"\\", kJsonLetters, "", Odd::u, Odd::u, Odd::keep},            // jq
    {Disguise::json, "\"\\/", kJsonLetters, "", Odd::u, Odd::keep, Odd::u},           // PHP json_encode
    {Disguise::json, "\"\\/", kJsonLetters, "", Odd::u, Odd::keep, Odd::keep},        // PHP, JSON_UNESCAPED_UNICODE
    {Disguise::json, "\"\\", kJsonLetters, "<>&", Odd::u, Odd::keep, Odd::keep},      // Go, Rails
    {Disguise::json, "\"\\", kJsonLetters, "<>&='", Odd::u, Odd::keep, Odd::keep},    // Gson
    {Disguise::json, "\\", kJsonLetters, "\"&'+<>`", Odd::U, Odd::U, Odd::U},         // System.Text.Json
};
const std::span<const BackslashRule> kJsonRules{kJsonRulesTable};

constexpr BackslashRule kShellRulesTable[] = {
    {Disguise::shell, "\t\n !\"$&'()*,;<>?[\\]^`{|}~", "", "", Odd::keep, Odd::keep, Odd::keep},  // bash printf %q
    {Disguise::shell, "'\\", kBashLetters, "", Odd::octal, Odd::octal, Odd::keep},               // $'…' in a UTF-8 locale
    {Disguise::shell, "'\\", kBashLetters, "", Odd::octal, Odd::octal, Odd::octal},              // $'…' in the C locale
    {Disguise::shell, "\"$\\`", "", "", Odd::keep, Odd::keep, Odd::keep},                        // "…": declare -p, export -p
};
const std::span<const BackslashRule> kShellRules{kShellRulesTable};

constexpr BackslashRule kCodeRulesTable[] = {
    {Disguise::code, "\"\\", kCLetters, "", Odd::x, Odd::x, Odd::keep},         // Go %q
    {Disguise::code, "\"\\", kCLetters, "", Odd::x, Odd::x, Odd::u},            // Go %+q
    {Disguise::code, "\"\\", kCLetters, "", Odd::x, Odd::x, Odd::x},            // C
    {Disguise::code, "\"\\", kCLetters, "", Odd::octal, Odd::octal, Odd::octal},  // C, git, ls --quoting-style=c
    {Disguise::code, "\\", kPythonLetters, "", Odd::x, Odd::x, Odd::keep},      // Python repr where "…" was chosen
    {Disguise::code, "'\\", kPythonLetters, "", Odd::x, Odd::x, Odd::keep},     // … and where '…' was
    {Disguise::code, "\\", kPythonLetters, "", Odd::x, Odd::x, Odd::x},         // the same of bytes
    {Disguise::code, "'\\", kPythonLetters, "", Odd::x, Odd::x, Odd::x},
};
const std::span<const BackslashRule> kCodeRules{kCodeRulesTable};

namespace {

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

}  // namespace

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

constexpr Swap kAmp{'&', "&amp;"}, kLess{'<', "&lt;"}, kMore{'>', "&gt;"}, kNone{'\0', ""};

constexpr SwapRule kSwapRulesTable[] = {
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
const std::span<const SwapRule> kSwapRules{kSwapRulesTable};

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

void write_as_words(LockedBytes& out, std::string_view value) {
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (!is_blank(value[i])) {
      out.append(value[i]);
    } else if (!is_blank(value[i - 1])) {
      out.append(' ');
    }
  }
}

}  // namespace hushrun::leak
