#include "lint/names.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace hushrun::lint {
namespace {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool is_alnum(char c) { return is_digit(c) || is_letter(c); }

std::string lower(std::string_view text) {
  std::string out{text};
  std::transform(out.begin(), out.end(), out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

template <std::size_t N>
bool is_one_of(std::string_view text, const std::array<std::string_view, N>& list) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

// BuildKit's words, whole between underscores, and some that it misses.
constexpr std::array<std::string_view, 18> kSecretWords = {"apikey",   "apitoken", "credential", "credentials", "creds",      "key",
                                                           "passphrase", "passwd", "password",   "passwords",   "psw",        "pword",
                                                           "secret",   "secrets",  "secretkey",  "token",       "accesskey",  "privatekey"};
// Behind these a name says something about a secret, and is none.
constexpr std::array<std::string_view, 53> kAboutWords = {
    "file",  "path",  "dir",     "version", "name",  "names", "id",       "ids",     "alias", "mode",   "url",    "uri",   "ttl",
    "expiry", "expires", "lifetime", "timeout", "length", "size", "type",  "header",  "issuer", "endpoint", "host", "port", "user", "algorithm",
    "alg",   "enabled", "enable", "required", "format", "prefix", "count", "limit",   "age",   "location",
    "hostname", "language", "domain", "email", "address", "region", "class", "policy", "store", "provider", "manager", "scope", "column", "field", "label", "message"};
// With one of these anywhere it is none either.
constexpr std::array<std::string_view, 14> kHarmlessWords = {"public", "pub",   "gpg",   "pgp",     "max",    "min",  "allow",
                                                             "sort",   "cache", "primary", "foreign", "disable", "use", "partition"};

constexpr std::array<std::string_view, 36> kDefaults = {
    "postgres", "password", "passw0rd", "passwd", "changeme", "change-me", "change_me", "secret", "root",  "admin",   "administrator", "test",
    "testing",  "example",  "mysql",    "mariadb", "mongo",   "redis",     "guest",     "user",   "dev",   "development", "dummy",     "fake",
    "pass",     "letmein",  "default",  "todo",   "none",     "null",      "token",     "foo",    "bar",   "rabbitmq", "minio",        "minioadmin"};
// A value that calls itself a password is told to people, who are to change it.
constexpr std::array<std::string_view, 26> kPlaceholderParts = {"password", "passwd", "secret", "token", "strong", "choose", "secure", "xxx-", "changeme", "change-me", "change_me", "your-",  "your_", "yourkey", "example", "placeholder", "replace",
                                                                "insert",   "dummy",     "xxxx",      "****", "....",  "sample",  "secret_here", "not-a-", "unset"};

bool is_number_or_switch(const std::string& text) {
  static constexpr std::array<std::string_view, 10> kSwitches = {"true", "false", "yes", "no", "on", "off", "none", "null", "enabled", "disabled"};
  if (is_one_of(text, kSwitches)) return true;
  return text.size() <= 6 && std::all_of(text.begin(), text.end(), [](char c) { return is_digit(c) || c == '.' || c == '-'; });
}

bool is_placeholder(const std::string& text) {
  if (is_one_of(text, kDefaults)) return true;
  if ((text.front() == '<' && text.back() == '>') || (text.front() == '[' && text.back() == ']') || text.starts_with("{{") || text.starts_with("%(")) return true;
  if (std::all_of(text.begin(), text.end(), [&](char c) { return c == text.front(); })) return true;
  // `wordpress`, `db_dev`: a word, and none that a generator of passwords gives.
  if (text.size() <= 12 && std::all_of(text.begin(), text.end(), [](char c) { return (c >= 'a' && c <= 'z') || c == '_' || c == '-'; })) return true;
  return std::any_of(kPlaceholderParts.begin(), kPlaceholderParts.end(), [&](std::string_view part) { return text.find(part) != std::string::npos; });
}

std::string_view unquoted(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) text.remove_suffix(1);
  if (text.size() > 1 && (text.front() == '"' || text.front() == '\'') && text.back() == text.front()) text = text.substr(1, text.size() - 2);
  return text;
}

template <class Take>
void each_line(std::string_view text, Take&& take) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    take(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
}

}  // namespace

bool is_secret_name(std::string_view variable) {
  const std::string name = lower(variable);
  std::vector<std::string_view> words;
  for (std::size_t start = 0, i = 0; i <= name.size(); ++i) {
    if (i < name.size() && name[i] != '_' && name[i] != '-' && name[i] != '.') continue;
    if (i > start) words.push_back(std::string_view{name}.substr(start, i - start));
    start = i + 1;
  }
  if (words.empty() || is_one_of(words.back(), kAboutWords)) return false;
  if (std::any_of(words.begin(), words.end(), [](std::string_view word) { return is_one_of(word, kHarmlessWords); })) return false;
  // PWD is a directory unless it is somebody's: DB_PWD, but not PWD and OLDPWD. KEY alone is any key of any table.
  if (words.size() > 1 && words.back() == "pwd") return true;
  if (words.size() == 1 && words[0] == "key") return false;
  return std::any_of(words.begin(), words.end(), [](std::string_view word) { return is_one_of(word, kSecretWords); });
}

Worth worth(std::string_view value) {
  value = unquoted(value);
  if (value.empty()) return Worth::nothing;
  if (value.find("$(") != std::string_view::npos || value.find('`') != std::string_view::npos) return Worth::reference;
  for (std::size_t i = 0; i + 1 < value.size(); ++i) {
    if (value[i] == '$' && value[i + 1] == '$') ++i;
    else if (value[i] == '$' && (value[i + 1] == '{' || is_letter(value[i + 1]) || value[i + 1] == '_')) return Worth::reference;
  }
  const std::string text = lower(value);
  if (text.size() <= 3 || text.starts_with('/') || text.starts_with('%') || text.starts_with("./") || text.starts_with("../") || text.starts_with("~/") || is_number_or_switch(text)) return Worth::nothing;
  return is_placeholder(text) ? Worth::placeholder : Worth::literal;
}

bool holds_issued_key(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i > 0 && (is_alnum(text[i - 1]) || text[i - 1] == '_' || text[i - 1] == '-' || text[i - 1] == '/' || text[i - 1] == '.')) continue;
    const std::string_view rest = text.substr(i);
    if (!begins_like_a_key(rest)) continue;
    if (rest.starts_with("-----BEGIN")) {
      const std::string_view line = rest.substr(0, rest.find('\n'));
      if (line.find("PRIVATE KEY") != std::string_view::npos) return true;
      continue;
    }
    std::size_t size = 0, digits = 0, letters = 0;
    for (; size < rest.size() && (is_alnum(rest[size]) || rest[size] == '_' || rest[size] == '-' || rest[size] == '.' || rest[size] == '='); ++size) {
      digits += is_digit(rest[size]);
      letters += is_letter(rest[size]);
    }
    const std::string_view word = rest.substr(0, size);
    // Issuers' keys have 20 characters or more; a word with a hyphen or two (`sk-learn-contrib`) has no digits. eyJ is a JWT if it has dots.
    if (size < 20 || digits < 2 || letters < 4) continue;
    if (word.starts_with("eyJ") && std::count(word.begin(), word.end(), '.') < 2) continue;
    // Issuers' keys hold no words but by chance.
    const std::string low = lower(word);
    if (low.find("example") == std::string::npos && low.find("xxxx") == std::string::npos && low.find("your") == std::string::npos && low.find("placeholder") == std::string::npos) return true;
  }
  return false;
}

bool holds_url_credentials(std::string_view text) {
  for (std::size_t at = text.find("://"); at != std::string_view::npos; at = text.find("://", at + 3)) {
    const std::string_view rest = text.substr(at + 3);
    const std::size_t end = std::min(rest.find_first_of("/ \t\r\n\"'<>|?#"), rest.size());
    const std::size_t sign = rest.substr(0, end).rfind('@');
    if (sign == std::string_view::npos) continue;
    const std::string_view user_info = rest.substr(0, sign);
    const std::size_t colon = user_info.find(':');
    const std::string_view password = colon == std::string_view::npos ? user_info : user_info.substr(colon + 1);
    if (colon == std::string_view::npos ? holds_issued_key(password) : worth(password) == Worth::literal) return true;
  }
  return false;
}

FileKind kind_of_file(std::string_view path) {
  const std::string whole = lower(path);
  const std::size_t slash = whole.rfind('/');
  const std::string_view name = slash == std::string::npos ? std::string_view{whole} : std::string_view{whole}.substr(slash + 1);
  const std::string_view folder = slash == std::string::npos ? std::string_view{} : std::string_view{whole}.substr(0, slash);
  const auto in = [&](std::string_view wanted) { return folder == wanted || (folder.ends_with(wanted) && folder[folder.size() - wanted.size() - 1] == '/'); };

  if (name == ".env" || name.starts_with(".env.") || (name.ends_with(".env") && name.size() > 4)) {
    static constexpr std::array<std::string_view, 10> kTemplates = {"example", "examples", "sample", "template", "tmpl", "tpl", "dist", "default", "defaults", "schema"};
    for (std::size_t start = 0, i = 0; i <= name.size(); ++i) {
      if (i < name.size() && name[i] != '.' && name[i] != '-' && name[i] != '_') continue;
      if (is_one_of(name.substr(start, i - start), kTemplates)) return FileKind::env_template;
      start = i + 1;
    }
    // Sealed, by whatever tool.
    for (std::string_view sealed : {".age", ".enc", ".gpg", ".vault", ".sops", ".encrypted"}) {
      if (name.ends_with(sealed)) return FileKind::ordinary;
    }
    return FileKind::env;
  }
  static constexpr std::array<std::string_view, 5> kKeys = {"id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", "identity"};
  if (is_one_of(name, kKeys) || name.ends_with(".pem") || name.ends_with(".key")) return FileKind::private_key;
  if (name.ends_with(".p12") || name.ends_with(".pfx") || name.ends_with(".jks") || name.ends_with(".keystore") || name.ends_with(".kdbx")) return FileKind::keystore;
  static constexpr std::array<std::string_view, 17> kCredentials = {
      ".npmrc", ".yarnrc.yml", ".pypirc", ".netrc", "_netrc", ".git-credentials", ".dockercfg", ".htpasswd", "kubeconfig", ".pgpass",
      "credentials.json", "terraform.tfstate", "terraform.tfvars", ".vault-token", "service-account.json", "secrets.yaml", "secrets.yml"};
  if (is_one_of(name, kCredentials)) return FileKind::credentials;
  if ((in(".aws") && name == "credentials") || (in(".docker") && name == "config.json") || (in(".kube") && name == "config")) return FileKind::credentials;
  return FileKind::ordinary;
}

FileContent look_into(FileKind kind, std::string_view content) {
  switch (kind) {
    case FileKind::ordinary: return FileContent::harmless;
    case FileKind::keystore: return FileContent::unknown;
    case FileKind::private_key:
      return content.find("PRIVATE KEY-----") != std::string_view::npos || content.find("AGE-SECRET-KEY-1") != std::string_view::npos ? FileContent::secret
                                                                                                                                     : FileContent::harmless;
    case FileKind::env:
    case FileKind::env_template: {
      FileContent found = FileContent::harmless;
      each_line(content, [&](std::string_view line) {
        line = unquoted(line);
        if (line.starts_with("export ")) line.remove_prefix(7);
        const std::size_t equals = line.find('=');
        if (line.starts_with('#') || equals == std::string_view::npos || found == FileContent::secret) return;
        const std::string_view name = unquoted(line.substr(0, equals)), value = line.substr(equals + 1);
        const Worth is = worth(value);
        if ((is == Worth::literal && is_secret_name(name)) || holds_issued_key(value) || holds_url_credentials(value)) found = FileContent::secret;
        else if (is != Worth::nothing) found = FileContent::settings;
      });
      return found;
    }
    case FileKind::credentials: break;
  }
  FileContent found = FileContent::harmless;
  if (holds_issued_key(content) || holds_url_credentials(content)) return FileContent::secret;
  each_line(content, [&](std::string_view line) {
    // `_authToken=x`, `"auth": "x"`, `password x`, `aws_secret_access_key = x`, `client-key-data: x`.
    static constexpr std::array<std::string_view, 9> kMarks = {"_authtoken", "_auth", "_password", "\"auth\"", "password", "secret_access_key", "client-key-data", "private_key\"", "token"};
    const std::string low = lower(line);
    for (std::string_view mark : kMarks) {
      const std::size_t at = low.find(mark);
      if (at == std::string::npos) continue;
      std::string_view value = line.substr(at + mark.size());
      value.remove_prefix(std::min(value.find_first_not_of("=: \t\""), value.size()));
      value = value.substr(0, value.find_first_of(" \t\r,\""));
      if (value.size() >= 6 && worth(value) == Worth::literal) found = FileContent::secret;
    }
    // user:{SHA}… of htpasswd, user:$2y$…
    const std::size_t colon = low.find(":$");
    if (colon != std::string::npos && low.find('$', colon + 2) != std::string::npos) found = FileContent::secret;
  });
  return found;
}

bool is_for_tests(std::string_view path) {
  static constexpr std::array<std::string_view, 19> kFolders = {"test", "tests", "testdata", "test-data", "__tests__", "spec", "specs", "fixtures", "fixture", "mock", "mocks",
                                                                "example", "examples", "node_modules", "vendor", "site-packages", "third_party", ".venv", "venv"};
  const std::string whole = lower(path);
  for (std::size_t start = 0, i = 0; i < whole.size(); ++i) {
    if (whole[i] != '/') continue;
    if (is_one_of(std::string_view{whole}.substr(start, i - start), kFolders)) return true;
    start = i + 1;
  }
  return false;
}

}  // namespace hushrun::lint
