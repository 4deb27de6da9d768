#include <catch2/catch.hpp>

#include "audit/ignore.h"

namespace hushrun::audit {
namespace {

IgnoreFile parsed(const std::string& text) {
  auto file = IgnoreFile::parse(text);
  REQUIRE(file);
  return std::move(file).value();
}

TEST_CASE("what Docker ships and what it leaves out") {
  const auto [what, text, path, ships] = GENERATE(table<std::string, std::string, std::string, bool>({
      {"a pattern is anchored at the root", ".env\n", ".env", false},
      {"the common mistake: not below", ".env\n", "a/.env", true},
      {"everywhere", "**/.env\n", "a/b/.env", false},
      {"everywhere, and at the root", "**/.env\n", ".env", false},
      {"no comment behind a pattern", ".env # note\n", ".env", true},
      {"a comment begins in column 0", "#.env\n", ".env", true},
      {"blanks in front make it a pattern", " #x\n", "#x", false},
      {"blanks around are cut", "  .env \t\r\n", ".env", false},
      {"a wide blank is one", "\xc2\xa0.env\n", ".env", false},
      {"a slash in front means nothing", "/.env\n", ".env", false},
      {"a slash at the end means nothing", ".env/\n", ".env", false},
      {"a folder's exclusion covers what is in it", "a\n", "a/b/.env", false},
      {"two stars within a name, from the end", "**.env\n", "x/keep.env", false},
      {"a star stops at a slash", "*.pem\n", "a/x.pem", true},
      {"two stars do not", "a/**\n", "a/b/x.pem", false},
      {"two stars in the middle may be nothing", "a/**/x\n", "a/x", false},
      {"two stars in the middle may be much", "a/**/x\n", "a/b/c/x", false},
      {"a question mark is one character", "?.pem\n", "\xc3\xa4.pem", false},
      {"and no slash", "a?b\n", "a/b", true},
      {"a class", "[ab].pem\n", "b.pem", false},
      {"a negated class", "[^ab].pem\n", "b.pem", true},
      {"an escape", "\\*.pem\n", "x.pem", true},
      {"an escaped star", "\\*.pem\n", "*.pem", false},
      {"a dot is a dot", ".env\n", "xenv", true},
      {"a plus is a plus", "a+.pem\n", "aa.pem", true},
      {"the last match wins", ".env*\n!.env.example\n", ".env.example", true},
      {"order counts", "!.env.local\n.env*\n", ".env.local", false},
      {"a blank behind the exclamation mark", ".env*\n! .env.local\n", ".env.local", true},
      {"an exception in an ignored folder", "a\n!a/.env\n", "a/.env", true},
      {"everything, then all folders: everything is back", "*\n!*/\n", ".env", true},
      {"an exception everywhere", "*\n!**/x.txt\n", "a/b/x.txt", true},
      {"nothing outside of the context", "../ctx/.env\n", ".env", true},
      {"a way through a folder and back", "a/../.env\n", ".env", false},
      {"CRLF and a BOM", "\xef\xbb\xbf.env\r\nx\r\n", ".env", false},
      {"an empty file", "", ".env", true},
      {"blank lines and comments alone", "\n  \n# x\n", ".env", true},
      {"an exception hidden behind a slash", ".env\n/!.env\n", ".env", true},
      {"everything", "**\n", "a/.env", false},
  }));
  INFO(what);
  CHECK(parsed(text).ships(path, Builder::buildkit) == ships);
}

TEST_CASE("where builders differ") {
  const auto [what, text, path, buildkit, classic, older] = GENERATE(table<std::string, std::string, std::string, bool, bool, bool>({
      {"two stars within a name", "**.env\n", "keep.env", false, false, true},
      {"an exception with a wildcard below an ignored folder", "*\n!**/x.txt\n", "a/x.txt", true, false, false},
      {"one that begins with the folder's name", "a\n!a/b*\n", "a/bc", true, true, true},
      {"a plus", "a+b\n", "aab", true, true, false},
      {"a parenthesis that older builders cannot read: they build nothing", "a(b\n", "x", true, true, false},
  }));
  INFO(what);
  const IgnoreFile file = parsed(text);
  CHECK(file.ships(path, Builder::buildkit) == buildkit);
  CHECK(file.ships(path, Builder::classic) == classic);
  CHECK(file.ships(path, Builder::older) == older);
}

TEST_CASE("files that no builder takes") {
  const auto [what, text, line] = GENERATE(table<std::string, std::string, unsigned>({
      {"an exception of nothing", "a\n!\n", 2},
      {"of the root", "!/\n", 1},
      {"an open class", "\n[\n", 2},
      {"an open class with something in it", "[a\n", 1},
      {"an empty class", "[]a]\n", 1},
      {"half a range", "[a-]\n", 1},
      {"an escape of nothing", "a\\\n", 1},
      {"a class that regular expressions refuse", "[*]x\\y\n", 1},
      {"a long line", std::string(70000, 'a') + "\n", 1},
  }));
  INFO(what);
  const auto file = IgnoreFile::parse(text);
  REQUIRE_FALSE(file);
  CHECK(file.error().line == line);
}

TEST_CASE("a walk says the same as a look from the root") {
  const IgnoreFile file = parsed("a\n!a/b/c\na/b\n");
  // The last line is not looked at for the folder `a/b`, which is ignored already; so what is below never hears of it.
  CHECK(file.ships("a/b/c", Builder::buildkit));
  IgnoreFile::Folder folder;
  folder = file.look(folder, "a", Builder::buildkit).folder;
  folder = file.look(folder, "a/b", Builder::buildkit).folder;
  CHECK(file.look(folder, "a/b/c", Builder::buildkit).ships);
  CHECK_FALSE(file.look(folder, "a/b/d", Builder::buildkit).ships);
}

}  // namespace
}  // namespace hushrun::audit
