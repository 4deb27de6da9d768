#include "plan/value.h"

#include <cstring>
#include <string_view>

#include "core/codec.h"
#include "core/json.h"

namespace hushrun {
namespace {

// The one place of this file that looks at a value as characters.
std::string_view chars(const Secret& value) {
  const Exposed bytes = value.expose();
  return {bytes.data(), bytes.size()};
}

constexpr bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v'; }

Secret copied(std::string_view text) {
  return Secret::filled_by(text.size(), [&](char* out, std::size_t size) {
    std::memcpy(out, text.data(), size);
    return size;
  });
}

Secret trimmed(const Secret& value) {
  std::string_view text = chars(value);
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return copied(text);
}

// RFC 3986 §2.3: only unreserved characters stay, so that the result is safe in every part of a URL.
Secret url_encoded(const Secret& value) {
  const std::string_view text = chars(value);
  return Secret::filled_by(text.size() * 3, [&](char* out, std::size_t) {
    static constexpr char kHex[] = "0123456789ABCDEF";
    std::size_t used = 0;
    for (char c : text) {
      const auto byte = static_cast<unsigned char>(c);
      const bool unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || std::strchr("-._~", c) != nullptr;
      if (unreserved && c != '\0') {
        out[used++] = c;
        continue;
      }
      out[used++] = '%';
      out[used++] = kHex[byte >> 4];
      out[used++] = kHex[byte & 15];
    }
    return used;
  });
}

Result<Secret, Unfit> passed_through(Filter filter, Secret&& value) {
  switch (filter) {
    case Filter::trim: return trimmed(value);
    case Filter::base64: return codec::base64(value);
    case Filter::base64d: {
      std::optional<Secret> decoded = codec::base64_decoded(value);
      if (!decoded) return Unfit{"it is not base64 (standard alphabet, padded)", "take the filter base64d away, or store the value as base64"};
      return std::move(*decoded);
    }
    case Filter::hexd: {
      std::optional<Secret> decoded = codec::hex_decoded(value);
      if (!decoded) return Unfit{"it is not hexadecimal", "take the filter hexd away, or store the value as hexadecimal"};
      return std::move(*decoded);
    }
    case Filter::urlencode: return url_encoded(value);
    case Filter::json: return json::quoted(value);
  }
  return Unfit{"it has an unknown filter", "take the filter away"};
}

}  // namespace

void cut_newlines(Secret& value, Newline policy) {
  if (policy == Newline::keep) return;
  std::string_view text = chars(value);
  while (text.ends_with('\n')) {
    text.remove_suffix(1);
    if (text.ends_with('\r')) text.remove_suffix(1);
    if (policy == Newline::strip) break;
  }
  if (text.size() < value.size()) value.shrink(text.size());
}

Result<Secret, Unfit> pointed_part(const Reference& reference, Secret&& raw) {
  if (!reference.has_pointer) return std::move(raw);
  Result<Secret, json::Miss> part = json::select(raw, reference.pointer);
  if (part) return std::move(part).value();
  switch (part.error()) {
    case json::Miss::not_there: return Unfit{"nothing is at its JSON pointer", "check the pointer against the secret's document"};
    case json::Miss::null: return Unfit{"null is at its JSON pointer", "give the document a value there"};
    case json::Miss::not_json: break;
  }
  return Unfit{"it is not a JSON document", "take the pointer (#/…) away, or store the value as JSON"};
}

Result<Secret, Unfit> filtered(const Reference& reference, Secret&& raw) {
  Secret value = std::move(raw);
  for (const Filter filter : reference.filters) value = TRY(passed_through(filter, std::move(value)));
  return value;
}

Literal suspicious_look(const Secret& value) {
  const std::string_view text = chars(value);
  if (text.empty()) return "";
  if (text.starts_with("\xef\xbb\xbf")) return "it begins with a byte order mark";
  if (text.ends_with('\n')) return "it ends with a second newline";
  if (text.find('\r') != std::string_view::npos) return "it holds a carriage return (a file with Windows line ends?)";
  if (is_blank(text.front()) || is_blank(text.back())) return "it has blanks around it";
  if (text.size() >= 2 && (text.front() == '"' || text.front() == '\'') && text.front() == text.back() &&
      text.substr(1, text.size() - 2).find(text.front()) == std::string_view::npos) {
    return "it has quotes around it";
  }
  return "";
}

Literal unexpected(const Secret& value, const Expectation& expect) {
  if (expect.min_length && value.size() < *expect.min_length) return "it is shorter than expect.min_length";
  if (expect.max_length && value.size() > *expect.max_length) return "it is longer than expect.max_length";
  if (!chars(value).starts_with(expect.prefix)) return "it does not begin with expect.prefix";
  return "";
}

bool holds_nul(const Secret& value) { return chars(value).find('\0') != std::string_view::npos; }

}  // namespace hushrun
