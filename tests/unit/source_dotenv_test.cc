#include <catch2/catch.hpp>

#include "source/dotenv.h"
#include "source_scratch.h"

namespace hushrun {
namespace {

using Catch::Contains;
using Catch::Equals;

const Block kEmpty{{}};

Result<Dotenv, DotenvError> parsed(std::string_view source) { return parse_dotenv(Secret::of_public(source)); }

// "KEY=VALUE;" for each entry; "(line N)" for an error.
std::string shown(std::string_view source) {
  const Result<Dotenv, DotenvError> result = parsed(source);
  if (!result) return "(line " + std::to_string(result.error().line) + ")";
  std::string out;
  for (const DotenvEntry& entry : result.value().entries) out += entry.name.text() + "=" + text(entry.value) + ";";
  return out;
}

TEST_CASE("assignments") {
  const auto [rule, source, expected] = GENERATE(table<std::string, std::string, std::string>({
      {"nothing", "", ""},
      {"blank lines", "\n \t\n\r\n", ""},
      {"plain", "KEY=value", "KEY=value;"},
      {"no newline needed at the end, CR LF is LF", "A=1\r\nB=2\r\n", "A=1;B=2;"},
      {"a BOM is dropped", "\xef\xbb\xbf" "A=1\n", "A=1;"},
      {"export", "export KEY=value", "KEY=value;"},
      {"export may be a key itself", "export=1\nexport = 2", "export=2;"},
      {"blanks around the separator", "  KEY \t=  value", "KEY=value;"},
      {"a colon and a blank, as Compose and dotenv", "KEY: value", "KEY=value;"},
      {"a colon without a blank is no separator", "KEY:value", "(line 1)"},
      {"dots and dashes, as names have", "tls.crt=a\ndb-password=b\n9=c", "tls.crt=a;db-password=b;9=c;"},
      {"empty", "KEY=", "KEY=;"},
      {"empty with blanks", "KEY=   \nB=1", "KEY=;B=1;"},
      {"later wins, in its own place", "A=1\nB=2\nA=3", "B=2;A=3;"},
      {"case matters", "a=1\nA=2", "a=1;A=2;"},

      {"comment", "# comment\n  # another\nA=1", "A=1;"},
      {"comment behind a bare value", "A=1 # comment", "A=1;"},
      {"comment behind a tab", "A=1\t# comment", "A=1;"},
      {"# without a blank belongs to the value", "A=pass#word", "A=pass#word;"},
      {"# at once is the value", "A=#fff", "A=#fff;"},
      {"# after a blank is a comment, and the value empty", "A= # comment", "A=;"},
      {"blanks inside stay, at the end go", "A=two  words \t ", "A=two  words;"},
      {"= in the value", "A=b=c==", "A=b=c==;"},
      {"quotes inside a bare value", "A=it's \"so\"", "A=it's \"so\";"},
      {"backslashes in a bare value", "A=a\\nb\\", "A=a\\nb\\;"},
      {"a lone CR belongs to the value", "A=a\rb", "A=a\rb;"},

      {"single quotes: as it stands", "A='a\\nb $X # \"'", "A=a\\nb $X # \";"},
      {"over lines", "A='one\ntwo'\nB=1", "A=one\ntwo;B=1;"},
      {"CR LF inside becomes LF", "A='one\r\ntwo'", "A=one\ntwo;"},
      {"an escaped quote", "A='Let\\'s go!'", "A=Let's go!;"},
      {"a backslash as the last byte", "A='C:\\dir\\'\nB=1", "A=C:\\dir\\;B=1;"},
      {"the same before a comment", "A='C:\\' # comment", "A=C:\\;"},
      {"empty quotes", "A=''\nB=\"\"\nC=``", "A=;B=;C=;"},
      {"quotes keep blanks", "A=' a '", "A= a ;"},

      {"double quotes: escapes", R"(A="\n\r\t\"\\\$")", "A=\n\r\t\"\\$;"},
      {"any other backslash stays", R"(A="\a\x41\'")", R"(A=\a\x41\';)"},
      {"an escaped backslash before the end", R"(A="a\\")", "A=a\\;"},
      {"JSON", R"(A="{\"hello\": \"json\"}")", R"(A={"hello": "json"};)"},
      {"a PEM over lines", "A=\"-----BEGIN\nabc==\n-----END\"\nB=1", "A=-----BEGIN\nabc==\n-----END;B=1;"},
      {"a backslash at a line's end stays", "A=\"a\\\nb\"", "A=a\\\nb;"},
      {"never expanded, never executed", "A=\"${B} $(id) $B\"\nC=${B:-x}", "A=${B} $(id) $B;C=${B:-x};"},
      {"backticks: as it stands", "A=`it's \"so\" \\n\nyes`", "A=it's \"so\" \\n\nyes;"},
      {"comment behind a quote", "A='x' # comment\nB='y'#comment", "A=x;B=y;"},

      {"a word", "A=1\nhello", "(line 2)"},
      {"a bare key, which Compose would inherit", "A=1\n\nexport KEY", "(line 3)"},
      {"no key", "=value", "(line 1)"},
      {"a key with a blank", "MY KEY=value", "(line 1)"},
      {"a key with another byte", "K\xc3\xa4y=1", "(line 1)"},
      {"a key that begins with a dash", "-KEY=1", "(line 1)"},
      {"a key that is too long", std::string(256, 'k') + "=1", "(line 1)"},
      {"a quote that is never closed", "A=1\nB='two\nthree\n", "(line 2)"},
      {"a double quote whose end is escaped", "A=\"x\\\"", "(line 1)"},
      {"text behind a quote", "A='one\ntwo' three", "(line 2)"},
      {"JSON", "{\"A\": 1}", "(line 1)"},
      {"UTF-16", std::string("\xff\xfe" "A\0=\0", 6), "(line 1)"},
      {"lines are counted through quotes", "A=\"\n\n\\\n\"\nnonsense", "(line 5)"},
  }));
  CAPTURE(rule, source);
  CHECK((shown(source) == expected));
}

TEST_CASE("NUL bytes are kept, for files may have them") { CHECK((shown(std::string("A=a\0b", 5)) == std::string("A=a\0b;", 6))); }

TEST_CASE("lines that another reader would expand are named") {
  const auto [source, lines] = GENERATE(table<std::string, std::vector<unsigned>>({
      {"A=$B", {1}},
      {"A=x\nB=${C}\nD=\"$(id)\"", {2, 3}},
      {"A=\"one\n$B\"", {1}},
      {"A='$B'", {}},
      {"A=`${B}`", {}},
      {"A=\"\\$B\"", {}},
      {"A=100$", {}},
      {"A=$1 $$ $-", {}},
      {"# $B\nA=1 # $B", {}},
  }));
  CAPTURE(source);
  const Result<Dotenv, DotenvError> result = parsed(source);
  REQUIRE(result);
  CHECK_THAT(result.value().unexpanded, Equals(lines));
}

TEST_CASE("lines that a later one overrides are named") {
  const Result<Dotenv, DotenvError> result = parsed("A=1\nB=2\nA=3\n\nA=4");
  REQUIRE(result);
  CHECK_THAT(result.value().overridden, Equals(std::vector<unsigned>{1, 3}));
  CHECK(result.value().entries.back().line == 5);
}

TEST_CASE("limits of names and values") {
  std::string many;
  for (int i = 0; i < 4096; ++i) many += "K" + std::to_string(i) + "=v\n";
  CHECK(parsed(many));
  CHECK(shown(many + "ONE_MORE=v\n") == "(line 4097)");
  CHECK(parsed("A=" + std::string(1024 * 1024, 'v')));
  CHECK(shown("A=" + std::string(1024 * 1024 + 1, 'v')) == "(line 1)");
}

TEST_CASE("an error has the line and nothing of its text") {
  const Scratch scratch;
  const std::string path = scratch.write(".env", "GOOD=1\nhunter2swordfish\n");
  const auto source = OpenDotenvSource::open({path}, kEmpty.environment(), Presence::required);
  REQUIRE(!source);
  CHECK(source.error().code == Code::source_invalid);
  CHECK_THAT(all_of(source.error()), Contains(path + ":2: "));
  CHECK_THAT(all_of(source.error()), !Contains("swordfish"));
}

TEST_CASE("a dotenv file as a source") {
  const Scratch scratch;
  const std::string path = scratch.write(".env", "# comment\nDB_PASSWORD=swordfish\nAPI_KEY=k\n");
  auto opened = OpenDotenvSource::open({path}, kEmpty.environment(), Presence::required);
  REQUIRE(opened);
  const OpenDotenvSource& source = *opened.value();
  // The file may be gone: it was read once.
  std::filesystem::remove(path);
  const Lookup found = source.find(name("DB_PASSWORD"));
  CHECK(text(found) == "swordfish");
  CHECK(text(source.find(name("DB_PASSWORD"))) == "swordfish");
  CHECK(std::string{found.value()->where.view()} == path + ":2");
  CHECK(text(source.find(name("db_password"))) == "(nothing)");
  CHECK_THAT(texts(source.offered().value().names), Equals(std::vector<std::string>{"API_KEY", "DB_PASSWORD"}));
  CHECK(std::string{source.whereabouts(name("API_KEY")).value().view()} == path + ":3");
}

TEST_CASE("a dotenv file that is not there, or is none") {
  const Scratch scratch;
  scratch.directory("directory");
  ::mkfifo(scratch.path("fifo").c_str(), 0644);
  const auto open = [&](const std::string& path, Presence presence) {
    return OpenDotenvSource::open({scratch.path(path)}, kEmpty.environment(), presence);
  };
  CHECK(!open(".env", Presence::optional).value());
  CHECK(open(".env", Presence::required).error().code == Code::source_missing);
  CHECK(open("directory", Presence::optional).error().code == Code::source_invalid);
  CHECK(open("fifo", Presence::optional).error().code == Code::source_invalid);
  scratch.write("closed", "A=1", 0000);
  const std::string said = as_nobody([&] { return all_of(open("closed", Presence::optional).error()); });
  CHECK_THAT(said, Contains("Permission denied (EACCES)"));
}

}  // namespace
}  // namespace hushrun
