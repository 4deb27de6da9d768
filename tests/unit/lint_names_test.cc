#include <catch2/catch.hpp>

#include "lint/names.h"

namespace hushrun::lint {
namespace {

TEST_CASE("names of variables that hold secrets, and others") {
  for (const char* name : {"DB_PASSWORD", "API_KEY", "NPM_TOKEN", "token", "SECRET_KEY_BASE", "AWS_SECRET_ACCESS_KEY", "JENKINS_PSW", "DB_PWD", "db-password", "PASSPHRASE", "APIKEY"}) {
    INFO(name);
    CHECK(is_secret_name(name));
  }
  for (const char* name : {"DB_PASSWORD_FILE", "TOKEN_URL", "AWS_WEB_IDENTITY_TOKEN_FILE", "PUBLIC_KEY", "GPG_KEY", "GOPRIVATE", "USERNAME", "PWD", "OLDPWD", "KEY", "MAX_TOKEN",
                           "ALLOW_EMPTY_PASSWORD", "SECRET_NAME", "KEY_VERSION", "TOKENIZERS_PARALLELISM", "KEYCLOAK_HOST", "SORT_KEY", "TOKEN_TTL", "SECRET_LOCAL_HOSTNAME", "NODE_VERSION", "", "_"}) {
    INFO(name);
    CHECK_FALSE(is_secret_name(name));
  }
}

TEST_CASE("what a value is worth") {
  const auto [value, expected] = GENERATE(table<std::string, Worth>({
      {"", Worth::nothing},           {"true", Worth::nothing},          {"8080", Worth::nothing},        {"/run/secrets/x", Worth::nothing}, {"./x.txt", Worth::nothing},
      {"$TOKEN", Worth::reference},   {"${TOKEN:-x}", Worth::reference}, {"$(cat x)", Worth::reference},  {"changeme", Worth::placeholder},   {"<your key>", Worth::placeholder},
      {"your-key-here", Worth::placeholder}, {"xxxxxxxxxx", Worth::placeholder}, {"********", Worth::placeholder}, {"postgres", Worth::placeholder}, {"\"secret\"", Worth::placeholder}, {"wordpress", Worth::placeholder}, {"MyVeryStrongLogin", Worth::placeholder}, {"password1", Worth::placeholder},
      {"en", Worth::nothing}, {"%kernel.dir%/x.pem", Worth::nothing}, {"v67ic55x4ghvjfj", Worth::literal}, {"discolor-subtitle-seducing", Worth::literal},
      {"hunter2hunter2", Worth::literal}, {"'s3cr3t!'", Worth::literal}, {"pa$$word1", Worth::literal},   {"1234567890", Worth::literal},
  }));
  INFO(value);
  CHECK(worth(value) == expected);
}

TEST_CASE("keys that their issuer marks, and what only looks so") {
  const std::string random = "4f9aB7c2D8e1F6a3B5c9D0e7F2a8";
  for (const std::string& text : {"ghp_" + random, "x=\"sk-ant-api03-" + random + "\"", std::string{"AKIA" "Q7WERTY8UIOP2ASD"}, std::string{"-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl"},
                                  "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0." + random}) {
    INFO(text);
    CHECK(holds_issued_key(text));
  }
  for (const std::string& text : {std::string{"AKIAIOSFODNN7EXAMPLE"}, std::string{"sk-learn-contrib-package-name"}, std::string{"sk-12"}, std::string{"-----BEGIN PUBLIC KEY-----"},
                                  std::string{"sha256:0123456789abcdef0123456789abcdef"}, std::string{"0D96DF4D4110E5C43FBFB17F2D347EA6AA65421D"}, std::string{"sk-xxxxxxxxxxxxxxxxxxxxxxx1234"},
                                  "ask-" + random, "eyJ" + random}) {
    INFO(text);
    CHECK_FALSE(holds_issued_key(text));
  }
}

TEST_CASE("passwords in URLs") {
  for (const char* text : {"postgres://app:hunter2hunter2@db/app", "git clone https://bob:pa55w0rd!@example.org/x", "https://ghp_4f9aB7c2D8e1F6a3B5c9D0e7F2a8@github.com/x/y"}) {
    INFO(text);
    CHECK(holds_url_credentials(text));
  }
  for (const char* text : {"postgres://app:$PASSWORD@db", "https://x:${TOKEN}@github.com", "https://user@example.org/", "https://example.org/a@b:c", "postgres://postgres:postgres@db",
                           "http://<user>:<password>@host", "ssh://git@github.com:22/x", "https://a.b/?x=c:d@e", "://:@"}) {
    INFO(text);
    CHECK_FALSE(holds_url_credentials(text));
  }
}

TEST_CASE("kinds of files by their names") {
  const auto [path, kind] = GENERATE(table<std::string, FileKind>({
      {".env", FileKind::env}, {"a/.env.production", FileKind::env}, {"prod.env", FileKind::env}, {".env.example", FileKind::env_template}, {"env.sample.env", FileKind::env_template},
      {"secrets.env.age", FileKind::ordinary}, {".env.enc", FileKind::ordinary}, {".envrc", FileKind::ordinary}, {"environment", FileKind::ordinary},
      {"id_ed25519", FileKind::private_key}, {"id_ed25519.pub", FileKind::ordinary}, {"a/server.key", FileKind::private_key}, {"ca.pem", FileKind::private_key},
      {"x.p12", FileKind::keystore}, {".npmrc", FileKind::credentials}, {"home/.aws/credentials", FileKind::credentials}, {"credentials", FileKind::ordinary},
      {".docker/config.json", FileKind::credentials}, {"config.json", FileKind::ordinary}, {"x.aws/credentials", FileKind::ordinary},
  }));
  INFO(path);
  CHECK(kind_of_file(path) == kind);
}

TEST_CASE("what is in a file decides") {
  const auto [what, kind, content, expected] = GENERATE(table<std::string, FileKind, std::string, FileContent>({
      {"an env file with a secret", FileKind::env, "A=1\nexport DB_PASSWORD='hunter2hunter2'\n", FileContent::secret},
      {"one with settings", FileKind::env, "MODE=production\nAPI_KEY=\n", FileContent::settings},
      {"one with comments", FileKind::env, "# DB_PASSWORD=hunter2hunter2\n\n", FileContent::harmless},
      {"one with a placeholder", FileKind::env, "DB_PASSWORD=changeme\n", FileContent::settings},
      {"a certificate", FileKind::private_key, "-----BEGIN CERTIFICATE-----\n", FileContent::harmless},
      {"a key", FileKind::private_key, "-----BEGIN EC PRIVATE KEY-----\n", FileContent::secret},
      {".npmrc with a reference", FileKind::credentials, "//registry.npmjs.org/:_authToken=${NPM_TOKEN}\n", FileContent::harmless},
      {".npmrc with a token", FileKind::credentials, "//registry.npmjs.org/:_authToken=4f9aB7c2D8e1F6a3\n", FileContent::secret},
      {".npmrc with settings", FileKind::credentials, "save-exact=true\n", FileContent::harmless},
      {".htpasswd", FileKind::credentials, "bob:$2y$05$c4WoMPo3SXsafkva.HHa6u\n", FileContent::secret},
      {".netrc", FileKind::credentials, "machine x login bob password hunter2hunter2\n", FileContent::secret},
      {"a keystore", FileKind::keystore, "\x30\x82", FileContent::unknown},
  }));
  INFO(what);
  CHECK(look_into(kind, content) == expected);
}

}  // namespace
}  // namespace hushrun::lint
