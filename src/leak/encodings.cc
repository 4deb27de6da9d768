#include "leak/encodings.h"

#include "leak/spellings.h"

namespace hushrun::leak {
namespace {

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
