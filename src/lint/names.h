#pragma once
// What looks like a secret: a variable by its name, a text by its shape, a file by its name and what is in it. Never more than a
// look: no value is known here, and none leaves these functions.

#include <cstdint>
#include <string_view>

#include "core/text.h"

namespace hushrun::lint {

/// True for DB_PASSWORD, API_KEY, NPM_TOKEN; not for DB_PASSWORD_FILE, TOKEN_URL, PUBLIC_KEY, MAX_TOKENS, USERNAME, GPG_KEY.
bool is_secret_name(std::string_view variable);

/// What stands where a value stands.
enum class Worth : std::uint8_t {
  nothing,      // empty, a number, a switch, a path: no secret
  reference,    // `$TOKEN`, `${TOKEN}`: somebody else's value
  placeholder,  // `changeme`, `<your key>`, `postgres`: no secret, and a sign that one is to be put there
  literal,
};
Worth worth(std::string_view value);

/// True if there is a key in the text that its issuer marks as one (`ghp_…`, `AKIA…`, a private key's first line), and that is no
/// example.
bool holds_issued_key(std::string_view text);

/// True if there is `scheme://user:password@host` in the text, the password written out.
bool holds_url_credentials(std::string_view text);

/// What a file's name says of it.
enum class FileKind : std::uint8_t {
  ordinary,
  env,            // .env, .env.production, production.env
  env_template,   // .env.example
  private_key,    // id_ed25519, server.key, client.pem: the content decides
  credentials,    // .npmrc, .netrc, .aws/credentials, kubeconfig, terraform.tfstate …: the content decides
  keystore,       // .p12, .jks: cannot be looked into
};
/// `path` is relative, with slashes.
FileKind kind_of_file(std::string_view path);

/// What is in it.
enum class FileContent : std::uint8_t {
  harmless,  // nothing that looks like a secret
  settings,  // of an env file: values, none with a secret's name
  secret,    // a value under a secret's name, a private key, a token
  unknown,   // a binary format
};
FileContent look_into(FileKind kind, std::string_view content);

/// True for paths on which keys are made up: tests, fixtures, examples, other people's packages.
bool is_for_tests(std::string_view path);

}  // namespace hushrun::lint
