#include "age/ejson.h"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <string_view>
#include <vector>

#include "core/json.h"

namespace hushrun::ejson {
namespace {

using Key = std::array<unsigned char, crypto_box_PUBLICKEYBYTES>;

constexpr std::size_t kKeyDigits = 64;

std::string_view text_of(const Secret& secret) { return {secret.expose().data(), secret.size()}; }
const unsigned char* bytes_of(const Secret& secret) { return reinterpret_cast<const unsigned char*>(secret.expose().data()); }
unsigned char* bytes_of(char* room) { return reinterpret_cast<unsigned char*>(room); }

constexpr bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

// Strict base64 of exactly `size` bytes.
bool decode(std::string_view text, unsigned char* room, std::size_t size) {
  std::size_t used = 0;
  return sodium_base642bin(room, size, text.data(), text.size(), nullptr, &used, nullptr, sodium_base64_VARIANT_ORIGINAL) == 0 && used == size;
}

bool decode_hex(std::string_view text, unsigned char* room, std::size_t size) {
  std::size_t used = 0;
  return text.size() == 2 * size && sodium_hex2bin(room, size, text.data(), text.size(), nullptr, &used, nullptr) == 0 && used == size;
}

// A string of the document, quotes included.
struct Quoted {
  std::size_t start, end;
  bool is_key;
};

// Finds the strings of a document that is known to be JSON: then a quote opens a string, and the next one without a
// backslash ends it.
class Strings {
 public:
  explicit Strings(std::string_view document) : document_{document} {}

  std::optional<Quoted> next() {
    const std::size_t start = document_.find('"', at_);
    if (start == std::string_view::npos) return std::nullopt;
    at_ = start + 1;
    while (document_[at_] != '"') at_ += document_[at_] == '\\' ? 2 : 1;
    ++at_;
    const std::size_t after = document_.find_first_not_of(" \t\r\n", at_);
    return Quoted{start, at_, after != std::string_view::npos && document_[after] == ':'};
  }

 private:
  std::string_view document_;
  std::size_t at_ = 0;
};

// A string's text, escapes resolved. Nothing that is JSON fails here.
std::optional<Secret> unquoted(std::string_view quoted) {
  const Secret alone = Secret::filled_by(quoted.size(), [&](char* room, std::size_t size) { return quoted.copy(room, size); });
  auto text = json::select(alone, "");
  if (!text) return std::nullopt;
  return std::move(text).value();
}

// "EJ[1:SENDER:NONCE:BOX]", base64 with padding. The digit is not looked at, as in the reference.
struct Box {
  Key sender;
  std::array<unsigned char, crypto_box_NONCEBYTES> nonce;
  std::string_view sealed;  // still base64

  static std::optional<Box> parse(std::string_view text) {
    constexpr std::size_t kSender = 44, kNonce = 32, kHead = 3 + 2 + kSender + 1 + kNonce + 1;
    if (text.size() <= kHead || !text.starts_with("EJ[") || !text.ends_with("]")) return std::nullopt;
    if (text[3] < '0' || text[3] > '9' || text[4] != ':' || text[5 + kSender] != ':' || text[kHead - 1] != ':') return std::nullopt;
    Box box;
    if (!decode(text.substr(5, kSender), box.sender.data(), box.sender.size())) return std::nullopt;
    if (!decode(text.substr(6 + kSender, kNonce), box.nonce.data(), box.nonce.size())) return std::nullopt;
    box.sealed = text.substr(kHead, text.size() - kHead - 1);
    return box;
  }
};

// Opens boxes with one private key. A document is usually sealed by one sender at a time: its shared key is kept.
class Opener {
 public:
  explicit Opener(Secret private_key) : private_key_{std::move(private_key)} {}

  std::optional<Secret> open(const Box& box) {
    if (!shared_ || box.sender != sender_) {
      sender_ = box.sender;
      bool good = false;
      shared_ = Secret::filled_by(crypto_box_BEFORENMBYTES, [&](char* room, std::size_t size) {
        good = crypto_box_beforenm(bytes_of(room), sender_.data(), bytes_of(private_key_)) == 0;
        return size;
      });
      if (!good) {  // a sender's key of low order
        shared_.reset();
        return std::nullopt;
      }
    }
    bool good = false;
    Secret value = Secret::filled_by(box.sealed.size() / 4 * 3 + 3, [&](char* room, std::size_t size) -> std::size_t {
      std::size_t used = 0;
      const auto& text = box.sealed;
      constexpr int kVariant = sodium_base64_VARIANT_ORIGINAL;
      if (sodium_base642bin(bytes_of(room), size, text.data(), text.size(), nullptr, &used, nullptr, kVariant) != 0) return 0;
      if (used < crypto_box_MACBYTES) return 0;
      // In place: libsodium moves what overlaps before it decrypts.
      good = crypto_box_open_easy_afternm(bytes_of(room), bytes_of(room), used, box.nonce.data(), bytes_of(*shared_)) == 0;
      return good ? used - crypto_box_MACBYTES : 0;
    });
    if (!good) return std::nullopt;
    return value;
  }

 private:
  Secret private_key_;
  Key sender_{};
  std::optional<Secret> shared_;
};

Failure at_line(Failed kind, std::string_view document, std::size_t position, Literal why, Literal fix) {
  const auto line = 1 + std::count(document.begin(), document.begin() + static_cast<std::ptrdiff_t>(position), '\n');
  return {kind, "line " + Public::number(static_cast<unsigned long long>(line)) + ": " + Public{why}, fix};
}

// An opened value and the place in the document it takes.
struct Replacement {
  Quoted at;
  Secret quoted;
};

Result<std::vector<Replacement>, Failure> open_values(std::string_view document, Opener& opener) {
  std::vector<Replacement> opened;
  Strings strings{document};
  bool in_clear = false;  // the last key said so
  while (const std::optional<Quoted> at = strings.next()) {
    const std::string_view quoted = document.substr(at->start, at->end - at->start);
    if (!at->is_key && in_clear) continue;
    const std::optional<Secret> text = unquoted(quoted);
    if (!text) return at_line(Failed::document, document, at->start, "it is not JSON", "correct the file");
    if (at->is_key) {
      in_clear = text_of(*text).starts_with('_');
      continue;
    }
    const std::optional<Box> box = Box::parse(text_of(*text));
    if (!box) {
      return at_line(Failed::value, document, at->start, "a value is not sealed, and its name does not begin with an underscore",
                     "seal the file (ejson encrypt FILE), and change the value: it has lain about in clear");
    }
    const std::optional<Secret> value = opener.open(*box);
    if (!value) {
      return at_line(Failed::forged, document, at->start, "a value does not open: it was changed, or sealed to another key",
                     "take a copy of the file you trust, or seal the value again");
    }
    opened.push_back({*at, json::quoted(*value)});
  }
  return opened;
}

Result<Secret, Failure> parse_private_key(const Secret& text) {
  bool good = false;
  Secret key = Secret::filled_by(crypto_box_SECRETKEYBYTES, [&](char* room, std::size_t size) {
    good = decode_hex(trimmed(text_of(text)), bytes_of(room), size);
    return size;
  });
  if (!good) return Failure{Failed::key, "the private key is not 64 hexadecimal digits", "give the content of the document's key file"};
  return key;
}

}  // namespace

Literal what(Failed kind) {
  switch (kind) {
    case Failed::document: return "cannot open ejson file: it is not an ejson document";
    case Failed::key: return "cannot open ejson file: the private key is not usable";
    case Failed::no_match: return "cannot open ejson file: the private key belongs to another file";
    case Failed::value: return "cannot open ejson file: a value is not sealed";
    case Failed::forged: return "cannot open ejson file: a value was changed";
  }
  return "cannot open ejson file";
}

Literal word(Failed kind) {
  switch (kind) {
    case Failed::document: return "ejson-document";
    case Failed::key: return "ejson-key";
    case Failed::no_match: return "ejson-no-match";
    case Failed::value: return "ejson-value";
    case Failed::forged: return "ejson-forged";
  }
  return "ejson-document";
}

Result<std::string, Failure> public_key(const Secret& document) {
  const auto found = json::select(document, "/_public_key");
  if (!found && found.error() == json::Miss::not_json) return Failure{Failed::document, "it is not JSON", "correct the file"};
  Key key;
  if (!found || !decode_hex(text_of(found.value()), key.data(), key.size())) {
    return Failure{Failed::document, "it has no \"_public_key\" of 64 hexadecimal digits", "make one with ejson keygen, and write it into the file"};
  }
  std::string name(kKeyDigits + 1, '\0');
  sodium_bin2hex(name.data(), name.size(), key.data(), key.size());
  name.pop_back();  // sodium counts a final NUL
  return name;
}

Result<Secret, Failure> open(const Secret& document, const Secret& private_key) {
  const std::string expected = TRY(public_key(document));
  Secret key = TRY(parse_private_key(private_key));
  Key own;
  crypto_scalarmult_base(own.data(), bytes_of(key));
  std::array<char, kKeyDigits + 1> name;
  sodium_bin2hex(name.data(), name.size(), own.data(), own.size());
  if (expected != name.data()) {
    return Failure{Failed::no_match, "its public key is not the file's \"_public_key\"", "give the key the file is sealed to"};
  }

  Opener opener{std::move(key)};
  const std::string_view text = text_of(document);
  const std::vector<Replacement> opened = TRY(open_values(text, opener));
  std::size_t size = text.size();
  for (const Replacement& one : opened) size = size - (one.at.end - one.at.start) + one.quoted.size();
  Secret whole = Secret::filled_by(size, [&](char* room, std::size_t) {
    std::size_t used = 0, at = 0;
    for (const Replacement& one : opened) {
      used += text.substr(at, one.at.start - at).copy(room + used, one.at.start - at);
      used += text_of(one.quoted).copy(room + used, one.quoted.size());
      at = one.at.end;
    }
    return used + text.substr(at).copy(room + used, text.size() - at);
  });
  // JSON is UTF-8; a box can hold anything.
  if (!json::members(whole)) return Failure{Failed::value, "a value is not UTF-8 text", "keep bytes as base64 text in it"};
  return whole;
}

}  // namespace hushrun::ejson
