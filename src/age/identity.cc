#include "age/identity.h"

#include <algorithm>
#include <iterator>

#include "age/armor.h"
#include "age/bech32.h"
#include "age/openssh_key.h"

namespace hushrun::age {
namespace {

// How the text of each kind begins. The longer of two that begin alike stands first.
constexpr std::string_view kPostQuantumStart = "AGE-SECRET-KEY-PQ-1";
constexpr std::string_view kIdentityStart = "AGE-SECRET-KEY-1";
constexpr std::string_view kPluginStart = "AGE-PLUGIN-";

Failure at_line(unsigned line, Literal why) { return {Failed::identity, "line " + Public::number(line) + ": " + Public{why}}; }

bool begins_like(std::string_view text, std::string_view start) {
  return text.size() >= start.size() && std::equal(start.begin(), start.end(), text.begin(), [](char expected, char c) {
           return expected == (c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c);
         });
}

constexpr bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

// Why a line is no identity, as precisely as can be said without quoting it.
KeyFlaw flaw_of(std::string_view line) {
  if (line.front() == '"' || line.front() == '\'') return {"quotes stand around the key"};
  if (is_blank(line.front()) || is_blank(line.back())) return {"blanks stand around the key"};
  if (line.starts_with("age1")) return {"this is a recipient (public); the identity begins with AGE-SECRET-KEY-1"};
  if (line.starts_with("ssh-")) return {"this is a public SSH key; the identity is the file without .pub"};
  if (line.starts_with("-----BEGIN ")) return {"a key in PEM form has to be alone in its file"};
  if (begins_like(line, kIdentityPrefix)) return {"the key is not written in capitals"};
  return {"it is neither a key nor a comment"};
}

Result<void, Failure> add_line(std::string_view line, unsigned number, Identities& into) {
  if (line.empty() || line.front() == '#') return {};
  if (line.starts_with(kPostQuantumStart)) {
    into.unusable.push_back({Unusable::post_quantum, number});
    return {};
  }
  if (line.starts_with(kPluginStart)) {
    into.unusable.push_back({Unusable::plugin, number});
    return {};
  }
  if (!line.starts_with(kIdentityStart)) return at_line(number, flaw_of(line).why);
  if (is_blank(line.back())) return at_line(number, "blanks stand around the key");
  Result<Bech32, KeyFlaw> key = bech32_decode(line);
  if (!key) return at_line(number, key.error().why);
  if (key.value().prefix != kIdentityPrefix || key.value().data.size() != 32) return at_line(number, "the key is not 32 bytes");
  into.x25519.emplace_back(std::move(key.value().data));
  return {};
}

Result<Identities, Failure> parse_ssh(std::string_view text) {
  Result<OpenSshKey, KeyFlaw> key = parse_openssh_key(text);
  if (!key) return Failure{Failed::identity, "OpenSSH key: " + Public{key.error().why}};
  Identities found;
  if (auto* identity = std::get_if<SshEd25519Identity>(&key.value())) found.ssh.push_back(std::move(*identity));
  if (auto* kind = std::get_if<Unusable>(&key.value())) found.unusable.push_back({*kind, 1});
  return found;
}

}  // namespace

void Identities::add(Identities&& more) {
  const auto append = [](auto& to, auto& from) { to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end())); };
  append(x25519, more.x25519);
  append(ssh, more.ssh);
  append(passphrases, more.passphrases);
  append(unusable, more.unusable);
}

bool is_sealed_identity_file(const Secret& text) {
  const std::string_view chars = View{text}.text();
  return chars.starts_with("age-encryption.org/") || chars.starts_with("-----BEGIN AGE ");
}

Result<Identities, Failure> parse_identities(const Secret& text) {
  const std::string_view chars = View{text}.text();
  if (chars.size() > kIdentityFileLimit) return Failure{Failed::identity, "the identity file is larger than 1 MiB"};
  if (chars.starts_with("\xEF\xBB\xBF")) return Failure{Failed::identity, "it begins with a byte order mark", "save it as UTF-8 without one"};
  if (chars.starts_with("\xFF\xFE") || chars.starts_with("\xFE\xFF")) {
    return Failure{Failed::identity, "it is UTF-16 text, as PowerShell's \">\" writes it",
                   "save it as UTF-8, or let the key generator write the file (-o)"};
  }
  if (is_sealed_identity_file(text)) return Failure{Failed::identity, "it is sealed itself, and what it opened from was sealed as well"};
  if (chars.starts_with(kOpenSshBegin)) return parse_ssh(chars);
  if (chars.starts_with("-----BEGIN ")) {
    // PKCS#1 and PKCS#8. RSA keys of old ssh-keygen are the usual case.
    Identities found;
    found.unusable.push_back({chars.starts_with("-----BEGIN RSA ") ? Unusable::ssh_rsa : Unusable::pem, 1});
    return found;
  }

  Identities found;
  unsigned number = 0;
  for (std::size_t start = 0; start < chars.size();) {
    const std::size_t end = std::min(chars.find('\n', start), chars.size());
    std::string_view line = chars.substr(start, end - start);
    if (line.ends_with('\r')) line.remove_suffix(1);
    TRY(add_line(line, ++number, found));
    start = end + 1;
  }
  if (!found.usable() && found.unusable.empty()) return Failure{Failed::identity, "no key is in it"};
  return found;
}

}  // namespace hushrun::age
