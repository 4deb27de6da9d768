// Users and groups, by the image's own two files.

#include "launcher/users.h"

#include <catch2/catch.hpp>
#include <string>

namespace hushrun {
namespace {

constexpr const char* kPasswd =
    "root:x:0:0:root:/root:/bin/sh\n"
    "# a comment\n"
    "broken:x:12\n"
    "worse:x:many:1::/x:\n"
    "app:x:1000:1001:App:/home/app:/bin/sh\r\n"
    "app:x:1:1:the second of its name::\n"
    "homeless:x:900:901:::\n"
    "2000:x:77:78::/number:\n"
    "last:x:65534:65534::/nonexistent:/usr/sbin/nologin";
constexpr const char* kGroup =
    "root:x:0:\n"
    "app:x:1001:\n"
    "video:x:44:someone,app\n"
    "twice:x:45:app,app\n"
    "no:x:46:apple,ap\n"
    "bad:x:minus:app\n"
    "short:x\n"
    "audio:x:29:app";

// "uid gid groups name home", or why not.
std::string found(const char* asked) {
  const auto user = parse_user(asked);
  REQUIRE(user);
  const auto answer = find_user(*user, kPasswd, kGroup);
  if (!answer) {
    CHECK(answer.error().code == Code::user_unknown);
    return "(" + std::string{answer.error().why.words().view()} + ")";
  }
  std::string text = std::to_string(answer.value().uid) + " " + std::to_string(answer.value().gid) + " [";
  for (const gid_t group : answer.value().groups) text += std::to_string(group) + ",";
  return text + "] " + answer.value().name + " " + answer.value().home;
}

TEST_CASE("users as they are asked for") {
  const auto [asked, answer] = GENERATE(table<const char*, std::string>({
      {"app", "1000 1001 [44,45,29,] app /home/app"},
      {"1000", "1000 1001 [44,45,29,] app /home/app"},
      {"app:video", "1000 44 [] app /home/app"},
      {"app:7", "1000 7 [] app /home/app"},
      {"1000:7", "1000 7 [] app /home/app"},
      {"homeless", "900 901 [] homeless /"},
      {"root", "0 0 [] root /root"},
      {"last", "65534 65534 [] last /nonexistent"},
      {"4000:4001", "4000 4001 []  /"},
      {"4000", "(a number without an entry in /etc/passwd has no group; it would be root's)"},
      {"2000", "(a number without an entry in /etc/passwd has no group; it would be root's)"},
      {"77", "77 78 [] 2000 /number"},
      {"nobody", "(the image's /etc/passwd has no such name)"},
      {"broken", "(the image's /etc/passwd has no such name)"},
      {"worse", "(the image's /etc/passwd has no such name)"},
      {"App", "(the image's /etc/passwd has no such name)"},
      {"app:wheel", "(the image's /etc/group has no such group)"},
      {"app:bad", "(the image's /etc/group has no such group)"},
      {"app:short", "(the image's /etc/group has no such group)"},
  }));
  CAPTURE(asked);
  CHECK(found(asked) == answer);
}

TEST_CASE("an image without the two files has numbers only") {
  CHECK(find_user(*parse_user("1:2"), "", ""));
  CHECK(!find_user(*parse_user("1"), "", ""));
  CHECK(!find_user(*parse_user("root"), "", ""));
}

}  // namespace
}  // namespace hushrun
