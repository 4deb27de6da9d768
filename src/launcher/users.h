#pragma once
// Users and groups from the image's own /etc/passwd and /etc/group.
//
// A statically linked glibc cannot do NSS (getpwnam wants shared libraries of the image), and a container has nothing but
// these two files: they are read here, by Docker's rules (moby/sys/user): a number is never looked up as a name.

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "core/error.h"

namespace hushrun {

/// Who the application runs as.
struct User {
  uid_t uid;
  gid_t gid;
  std::vector<gid_t> groups;  // supplementary
  std::string name;           // empty for a number without an entry
  std::string home;           // "/" where the entry has none
  bool known;                 // there is an entry in /etc/passwd
};

/// Finds `asked` in the two texts. `USER` alone takes its entry's group and every group that lists the name; `USER:GROUP`
/// takes that group and no other. Error user-unknown for a name without an entry, and for a number without an entry whose group is
/// not said: it would be root's.
Result<User, Error> find_user(const UserConfig& asked, std::string_view passwd, std::string_view group);

/// The same in /etc/passwd and /etc/group. Missing files are empty ones; unreadable ones are an error.
Result<User, Error> find_user(const UserConfig& asked);

}  // namespace hushrun
