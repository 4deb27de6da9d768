#pragma once
// Whose keys: the identities that open, and the recipients that are sealed to.

#include "age/open.h"
#include "age/recipient.h"
#include "tool/sealed.h"
#include "tool/words.h"

namespace hushrun::tool {

/// What opens.
struct KeyOptions {
  std::vector<std::string> identities;    // -i: FILE, env:VAR, fd:N, -
  std::optional<std::string> passphrase;  // --passphrase: FILE, env:VAR, fd:N

  void describe(Words& words);
};

/// Whom to seal to, with age's own letters.
struct SealOptions {
  std::vector<std::string> recipients;       // -r
  std::vector<std::string> recipient_files;  // -R
  bool ask_passphrase = false;               // -p
  bool armored = false;                      // -a
  bool force = false;                        // --force
  KeyOptions keys;

  void describe(Words& words);
};

/// Where the launcher looks for an identity as well: $XDG_CONFIG_HOME/hushrun/identity, else ~/.config/hushrun/identity.
/// Nothing without a home.
std::optional<std::string> default_identity();

/// What can open this file: its passphrase, asked for if there is no --passphrase, or the keys of -i, or the default identity.
Result<age::Identities> identities_for(const KeyOptions& options, const Sealed& sealed, Public where);

/// Whom a file is sealed to, and where that was read.
struct Readers {
  std::vector<age::Recipient> list;
  Public from;
};

/// -r and -R, or -p and --passphrase; else the nearest .age-recipients from `directory` upward; else the recipients of the
/// identity. `opened_with` are the identities at hand, where a file was opened before; with Passphrase::kept one that was opened
/// with a passphrase is sealed to it again.
enum class Passphrase { kept, replaced };
Result<Readers> readers_for(const SealOptions& options, const std::string& directory, const age::Identities* opened_with, Passphrase passphrase);

/// An error if there are fewer than `before`, and --force was not given.
Result<void> confirm(const Readers& readers, std::size_t before, const SealOptions& options, Public where);
/// One line: what is sealed now, and to whom.
void announce(const Readers& readers, Public where);

}  // namespace hushrun::tool
