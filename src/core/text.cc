#include "core/text.h"

#include <algorithm>
#include <array>
#include <new>

namespace hushrun {
namespace {

constexpr bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
constexpr bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_letter(char c) { return is_lower(c) || is_upper(c); }
constexpr bool is_separator(char c) { return c == '-' || c == '_' || c == '.'; }

// Beginnings that issuers print on their keys, so that scanners may find them.
constexpr std::array<std::string_view, 34> kKeyPrefixes = {
    "sk-",   "sk_",   "pk_",    "rk_",   "ghp_",   "gho_",   "ghs_",  "ghu_",  "github_pat_", "glpat-", "xoxa-", "xoxb-",
    "xoxp-", "xoxr-", "xoxs-",  "xapp-", "AKIA",   "ASIA",   "AIza",  "hf_",   "npm_",        "pypi-",  "dop_",  "eyJ",
    "ya29.", "SG.",   "shpat_", "whsec_", "hvs.",  "AGE-SECRET-KEY-", "-----BEGIN", "EJ[", "lin_api_", "r8_"};

// Words that make a name a name. A reference without any of them may be a pasted password.
constexpr std::array<std::string_view, 88> kNouns = {
    "access",   "account", "admin",  "age",     "anthropic", "api",      "app",    "auth",       "aws",      "azure",       "bot",
    "ca",       "cert",    "cfg",    "cert",    "chain",     "ci",       "client", "conf",       "config",   "cookie",      "crt",
    "cred",     "creds",   "credentials", "csr", "database", "db",       "dsn",    "email",      "encryption", "env",       "file",
    "gcp",      "git",     "github", "gitlab",  "hf",        "host",     "hook",   "htpasswd",   "id",       "identity",    "json",
    "jwt",      "key",     "keyfile", "keys",   "kube",      "kubeconfig", "ldap", "license",    "litellm",  "login",       "mail",
    "master",   "mysql",   "name",   "oauth",   "openai",    "passphrase", "passwd", "password", "pem",      "postgres",    "private",
    "public",   "rds",     "redis",  "root",    "salt",      "secret",   "secrets", "sentry",    "server",   "service",     "session",
    "signing",  "smtp",    "ssh",    "ssl",     "tls",       "token",    "url",    "user",       "username", "webhook",     "yaml"};

// Bytes of the well-formed UTF-8 sequence that `text` begins with (Unicode 15.0, table 3-7); 0 if it begins with none.
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto is_tail = [&](std::size_t i) { return (byte(i) & 0xc0) == 0x80; };
  const unsigned first = byte(0), second = byte(1);
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4 || !is_tail(1)) return 0;
  if (first < 0xe0) return 2;
  if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) || !is_tail(2)) return 0;
  if (first < 0xf0) return 3;
  if ((first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f) || !is_tail(3)) return 0;
  return 4;
}

// Control characters (C1 as well: some terminals obey those) and bytes that are no UTF-8 become `?`: a log stays a log, and its
// JSON stays JSON.
std::string printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const auto first = static_cast<unsigned char>(text[0]);
    const bool is_control = first < 0x20 || first == 0x7f || (first == 0xc2 && length == 2 && static_cast<unsigned char>(text[1]) < 0xa0);
    const std::size_t taken = length == 0 ? 1 : length;
    if (length == 0 || is_control) out += '?';
    else out += text.substr(0, taken);
    text.remove_prefix(taken);
  }
  return out;
}

constexpr std::size_t kShortestRun = 16;
// A run of 16 or more letters and digits that mixes them, or changes case often: no word, no date, no version.
bool is_random_run(std::string_view run) {
  if (run.size() < kShortestRun) return false;
  std::size_t digits = 0, letters = 0, case_changes = 0;
  for (std::size_t i = 0; i < run.size(); ++i) {
    digits += is_digit(run[i]);
    letters += is_letter(run[i]);
    if (i > 0 && is_letter(run[i]) && is_letter(run[i - 1])) case_changes += is_lower(run[i]) != is_lower(run[i - 1]);
  }
  return (digits >= 2 && letters >= 2) || case_changes >= 6;
}

}  // namespace

bool begins_like_a_key(std::string_view text) {
  for (std::string_view prefix : kKeyPrefixes) {
    if (!text.empty() && text.front() == prefix.front() && text.starts_with(prefix)) return true;
  }
  return false;
}

bool could_be_a_key(std::string_view text) {
  if (begins_like_a_key(text)) return true;
  if (text.size() < kShortestRun) return false;
  std::size_t start = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && (is_letter(text[i]) || is_digit(text[i]))) continue;
    if (is_random_run(text.substr(start, i - start))) return true;
    start = i + 1;
  }
  return false;
}

bool is_plainly_a_name(std::string_view text) {
  if (text.empty() || text.size() > 48 || could_be_a_key(text)) return false;
  bool lower = false, upper = false, noun = false;
  std::size_t start = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && !is_separator(text[i])) {
      lower |= is_lower(text[i]);
      upper |= is_upper(text[i]);
      if (!is_letter(text[i]) && !is_digit(text[i])) return false;
      continue;
    }
    std::string word{text.substr(start, i - start)};
    start = i + 1;
    const bool all_digits = std::all_of(word.begin(), word.end(), is_digit);
    const auto digits = static_cast<std::size_t>(std::count_if(word.begin(), word.end(), is_digit));
    if (all_digits ? word.size() > 4 : word.size() > 14 || digits > 1) return false;
    std::transform(word.begin(), word.end(), word.begin(), 
                   [](char c) { return is_upper(c) ? static_cast<char>(c + 32) : c; });
    noun |= std::find(kNouns.begin(), kNouns.end(), word) != kNouns.end();
  }
  return noun && !(lower && upper);
}

// Interned text lies in blocks that are never given back: the little that a run says about itself. Each block begins with the
// address of the one before it, so that none looks lost.
Public::Public(std::string_view text) {
  struct Block {
    Block* before;
  };
  static Block* newest = nullptr;
  static char* room = nullptr;
  static std::size_t left = 0;
  constexpr std::size_t kBlock = 2048;
  if (text.size() > left) {
    left = std::max(text.size(), kBlock - sizeof(Block));
    char* memory = new char[sizeof(Block) + left];
    newest = new (memory) Block{newest};
    room = memory + sizeof(Block);
  }
  std::copy(text.begin(), text.end(), room);
  text_ = {room, text.size()};
  room += text.size();
  left -= text.size();
}

Public Public::number(unsigned long long value) { return Public{std::to_string(value)}; }

Public operator+(Public left, Public right) {
  if (left.empty()) return right;
  if (right.empty()) return left;
  return Public{std::string{left.view()}.append(right.view())};
}

Public Public::path(std::string_view path) {
  // One bare word in a path's place may be anything; with a slash or an extension it was meant as a path.
  const bool bare = path.find('/') == std::string_view::npos && path.find('.') == std::string_view::npos;
  if (bare && !is_plainly_a_name(path)) return "a path that is not shown (it could be a key)";
  std::string out;
  std::size_t start = 0;
  for (std::size_t i = 0; i <= path.size(); ++i) {
    if (i < path.size() && path[i] != '/') continue;
    const std::string_view part = path.substr(start, i - start);
    out += could_be_a_key(part) ? std::string{"[not shown]"} : printable(part);
    if (i < path.size()) out += '/';
    start = i + 1;
  }
  return Public{out};
}

Public Public::variable(std::string_view name) {
  const bool shaped = !name.empty() && name.size() <= 128 && !is_digit(name[0]) &&
                      std::all_of(name.begin(), name.end(), [](char c) { return is_letter(c) || is_digit(c) || c == '_'; });
  const bool upper_case = std::none_of(name.begin(), name.end(), is_lower);
  if (!shaped || could_be_a_key(name) || !(upper_case || is_plainly_a_name(name))) return "a variable";
  return Public{name};
}

Public Public::name(std::string_view name) {
  if (!is_plainly_a_name(name)) return "a secret";
  return Public{name};
}

Public Public::vouched(std::string_view text) {
  const bool clean = std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });  // as nearly always
  return clean ? Public{text} : Public{printable(text)};
}

}  // namespace hushrun
