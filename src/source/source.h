#pragma once
// Where secrets come from: the nouns every kind of source shares. The kinds are a file pair each (directory, dotenv,
// environment, compose, command); sources.h searches them in order.
//
// A kind K with the config KSource is a class OpenKSource with the same members:
//   static Opening<OpenKSource> open(const KSource&, const Environment&, Presence);
//   Lookup find(const Name&);                    a value, nothing, or why it cannot be had
//   Result<Offer, Trouble> offered() const;      the names that the automatism makes variables of
//   std::optional<Public> whereabouts(const Name&) const;   where find() would look; reads no value

#include <optional>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "core/error.h"
#include "core/secret.h"
#include "core/sys_file.h"

namespace hushrun {

/// Largest secret. Kubernetes and systemd stop at 1 MiB as well, Swarm at 500 KiB; this memory cannot be swapped out.
inline constexpr std::size_t kSecretLimit = 1024 * 1024;
/// Most names one source may offer: a directory with more was not meant as secrets.
inline constexpr std::size_t kNamesLimit = 4096;

/// The environment we were started with, as execve(2) gave it: `NAME=value` strings, kept byte for byte.
class Environment {
 public:
  explicit Environment(char* const* entries) : entries_{entries} {}
  /// Value of the first entry of that name, as getenv(3).
  std::optional<std::string_view> find(std::string_view name) const;
  char* const* entries() const { return entries_; }

 private:
  char* const* entries_;
};

/// A value, and where it was found.
struct Found {
  Secret value;
  Public where;                            // "/run/secrets/db_password", ".env:3", "variable CI_TOKEN of our environment"
  std::optional<sys::FileStatus> status;   // for files, so that --check can say more about them
};

/// Why a source or a value cannot be had. The caller adds where it was asked for.
struct Trouble {
  Code code;
  Literal what;
  Public why;   // begins with the place: "/run/secrets/db_password: Permission denied (EACCES)"
  Public fix;
};

/// Not there: nothing. There and unusable: Trouble.
using Lookup = Result<std::optional<Found>, Trouble>;

/// What a source makes of being absent: an error, or nothing (`optional: true`). Unreadable is an error in both.
enum class Presence { required, optional };
template <class Source>
using Opening = Result<std::optional<Source>, Trouble>;

/// Something in a source that looked like a secret and is not taken for one.
struct Skipped {
  Public where;
  Literal why;
};
/// The names a source offers to the automatism, sorted.
struct Offer {
  std::vector<Name> names;
  std::vector<Skipped> skipped;
};

/// A second copy in locked memory: one value may be wanted under several names.
Secret copy_of(const Secret& value);

/// "PLACE: REASON", as Trouble::why has it.
Public reason(Public place, Why why);

}  // namespace hushrun
