#pragma once
// Whose keys: the identities that open, and the recipients that are sealed to.

#include "age/open.h"
#include "age/recipient.h"
#include "tool/options.h"
#include "tool/sealed.h"

namespace hushrun::tool {

/// Where the launcher looks for an identity as well: $XDG_CONFIG_HOME/hushrun/identity, else ~/.config/hushrun/identity.
/// Nothing without a home.
std::optional<std::string> default_identity();

/// What can open this file: its passphrase, asked for if there is no --passphrase, or the keys of -i, or the default identity.
Result<age::Identities> identities_for(const Options& options, const Sealed& sealed, Public where);

/// Whom a file is sealed to, and where that was read.
struct Readers {
  std::vector<age::Recipient> list;
  Public from;
};

/// -r and -R, or -p and --passphrase; else the nearest .age-recipients from `directory` upward; else the recipients of the
/// identity. `opened_with` are the identities at hand, where a file was opened before: one that was opened with a passphrase
/// is sealed to it again.
Result<Readers> readers_for(const Options& options, const std::string& directory, const age::Identities* opened_with);

/// An error if there are fewer than `before`, and --force was not given.
Result<void> confirm(const Readers& readers, std::size_t before, const Options& options, Public where);
/// One line: what is sealed now, and to whom.
void announce(const Readers& readers, Public where);

}  // namespace hushrun::tool
