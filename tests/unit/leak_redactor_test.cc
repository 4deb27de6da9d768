#include "leak/redactor.h"

#include <catch2/catch.hpp>
#include <random>

#include "leak_naive.h"

using namespace hushrun;
using namespace hushrun::leak;
using namespace std::chrono_literals;
using naive::Values;

namespace {

std::string joined(Redactor::Slices slices) {
  std::string out;
  for (std::string_view slice : slices) out.append(slice);
  return out;
}

std::string in_chunks(const Needles& needles, std::string_view text, std::size_t size) {
  Redactor redactor{needles};
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += size) {
    const std::string chunk{text.substr(at, size)};  // of its own, so that a sanitizer sees a look beyond it
    out += joined(redactor.feed(chunk));
  }
  return out + joined(redactor.finish());
}

std::string in_two(const Needles& needles, std::string_view text, std::size_t split) {
  Redactor redactor{needles};
  const std::string first{text.substr(0, split)}, second{text.substr(split)};
  std::string out;
  if (!first.empty()) out += joined(redactor.feed(first));
  if (!second.empty()) out += joined(redactor.feed(second));
  return out + joined(redactor.finish());
}

}  // namespace

TEST_CASE("every split of a stream gives what a replace over the whole text gives") {
  struct Row {
    const char* what;
    std::vector<naive::NamedValue> values;
    std::string text;
    std::string expected;
  };
  const std::vector<Row> rows = {
    {"nothing to find", {{"a", "correct-horse"}}, "an ordinary line\n", "an ordinary line\n"},
    {"one value", {{"a", "correct-horse"}}, "the key is correct-horse.\n", "the key is [REDACTED:a].\n"},
    {"at both ends", {{"a", "correct-horse"}}, "correct-horse, correct-horse", "[REDACTED:a], [REDACTED:a]"},
    {"a beginning that fails on a border", {{"a", "abcabcabd"}}, "abcabcabcabdabcab", "abc[REDACTED:a]abcab"},
    {"chained", {{"a", "alpha-beta"}, {"b", "beta-gamma-x"}}, "<alpha-beta-gamma-x>", "<[REDACTED:b]>"},
    {"one the beginning of the other", {{"a", "password1"}, {"b", "password1234"}}, "password1 password1234 password123",
                   "[REDACTED:a] [REDACTED:b] [REDACTED:b]"},
    {"one inside the other", {{"a", "postgres://u:hunter2hunter2@db"}, {"b", "hunter2hunter2"}},
                   "postgres://u:hunter2hunter2@db postgres://u:hunter2hunter2@other", "[REDACTED:a] postgres://u:[REDACTED:b]@other"},
    {"overlapping itself", {{"a", "abababab"}}, "xabababababababy", "x[REDACTED:a]y"},
    {"one character over and over", {{"a", "aaaaaaaa"}}, "aaaaaaa aaaaaaaa aaaaaaaaaaaaaaaaaaaaaaaaab",
                   "aaaaaaa [REDACTED:a] [REDACTED:a]b"},
    {"touching", {{"a", "correct-horse"}}, "correct-horsecorrect-horse", "[REDACTED:a][REDACTED:a]"},
    {"end of one, start of the next", {{"a", "xxxxxxxxAB"}, {"b", "ABxyzzyyy"}}, "-xxxxxxxxABxyzzyyy-xxxxxxxxABxyz-",
                   "-[REDACTED:a]-[REDACTED:a]xyz-"},
    {"base64 with any neighbours", {{"a", "correct-horse"}}, "eGNvcnJlY3QtaG9yc2V4 Y29ycmVjdC1ob3JzZQo= eHhjb3JyZWN0LWhvcnNl",
                   "eG[REDACTED:a]V4 [REDACTED:a]Qo= eHh[REDACTED:a]"},
    {"a short value, as a word only", {{"pin", "4711ab"}}, "4711ab 4711abc x4711ab (4711ab) 4711ab",
                   "[REDACTED:pin] 4711abc x4711ab ([REDACTED:pin]) [REDACTED:pin]"},
    {"a word that ends in punctuation", {{"pw", "ab!!"}}, "ab!!c ab!! ab!!!ab!!", "ab!!c [REDACTED:pw] [REDACTED:pw]![REDACTED:pw]"},
    {"words in one another", {{"a", "ab-cd"}, {"b", "cd"}}, "ab-cd cd-ab-cd ab-cde", "[REDACTED:a] [REDACTED:b]-[REDACTED:a] ab-cde"},
    {"cut off at the end", {{"a", "correct-horse"}}, "it is correct-h", "it is [REDACTED:a]"},
    {"cut off too early to tell", {{"a", "correct-horse"}}, "it is correct", "it is correct"},
    {"a public beginning at the end", {{"dsn", "postgres://app:hunter2@db"}}, "usage: postgres://", "usage: postgres://"},
    {"a little more than the public beginning", {{"dsn", "postgres://app:hunter2@db"}}, "usage: postgres://a", "usage: [REDACTED:dsn]"},
    {"behind a beginning that everybody shares", {{"dsn", "postgres://app:Xk3jP0q9Zt@db.example/app"}},
                   "postgres://app:*** postgres://app:Xk3jP0q9Zt@db.example/app postgres://app:Xk3jP0q postgres://app:Xk3jP",
                   "postgres://app:*** [REDACTED:dsn] postgres://app:Xk3jP0q [REDACTED:dsn]"},
    {"a token's header alone", {{"jwt", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl"}},
                   "eyJhbGciOiJIUzI1NiJ9.other eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl eyJhbGciOiJIUzI1NiJ9.",
                   "eyJhbGciOiJIUzI1NiJ9.other [REDACTED:jwt] eyJhbGciOiJIUzI1NiJ9."},
    {"a line that everybody knows, and a long one", {{"pem", "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtz\nQWxsIG9mIGl0\n-----END OPENSSH PRIVATE KEY-----"}},
                   "-----BEGIN OPENSSH PRIVATE KEY-----\nother\n-----BEGIN OPENSSH PRIVATE KEY-----\n"
                   "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtz\nQWxsIG9mIGl0\n-----END OPENSSH PRIVATE KEY-----\n",
                   "-----BEGIN OPENSSH PRIVATE KEY-----\nother\n[REDACTED:pem]\n"},
    {"NUL and bytes that are not UTF-8", {{"a", std::string_view{"\0\xff\xfe\0abcd\0", 9}}},
                   std::string{"\0\0\0\xff\xfe\0abcd\0\0\xff", 13}, std::string{"\0\0[REDACTED:a]\0\xff", 16}},
    {"a word of NULs", {{"a", std::string_view{"\0\0\0", 3}}}, std::string{"a\0\0 \0\0\0 \0", 9}, std::string{"a\0\0 [REDACTED:a] \0", 18}},
    {"several lines, and CRLF", {{"key", "first line of key\nx9\nlast line of key, which"}},
                   "first line of key\r\nx9\r\nlast line of key, which\r\nlog: first line of key\nlog: last line of key, which\n",
                   "[REDACTED:key]\r\nlog: [REDACTED:key]\nlog: [REDACTED:key]\n"},
    {"the mark's own text is no match", {{"a", "REDACTED"}}, "REDACTED", "[REDACTED:a]"},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    const Values values{std::span{row.values}};
    const Needles needles{values.delivered()};
    const auto patterns = naive::patterns_of(values);
    CHECK(naive::redacted(row.text, patterns, needles) == row.expected);
    CHECK(masked(needles, row.text) == row.expected);
    for (std::size_t size = 1; size <= row.text.size(); ++size) CHECK(in_chunks(needles, row.text, size) == row.expected);
    for (std::size_t split = 0; split <= row.text.size(); ++split) CHECK(in_two(needles, row.text, split) == row.expected);
  }
}

TEST_CASE("texts over small alphabets, where borders are, come out as from a naive replace") {
  std::mt19937 random{20240601};
  const auto pick = [&](std::size_t below) { return random() % below; };
  for (int round = 0; round < 1500; ++round) {
    const std::string_view alphabet = std::string_view{"ab-dA/+\n"}.substr(0, 2 + pick(7));
    const auto word = [&](std::size_t size) {
      std::string text;
      while (text.size() < size) text += alphabet[pick(alphabet.size())];
      return text;
    };
    Values values;
    static constexpr Public kNames[] = {"K", "L", "M"};
    for (std::size_t i = 0; i <= pick(3); ++i) values.add(kNames[i], word(pick(4) == 0 ? 1 + pick(7) : 8 + pick(20)));
    const Needles needles{values.delivered()};
    const auto patterns = naive::patterns_of(values);
    std::string text;
    while (text.size() < 200) {
      if (pick(2) == 0 || patterns.empty()) {
        text += word(pick(12));
      } else {
        const std::string& form = patterns[pick(patterns.size())].bytes;
        const std::size_t from = pick(3) == 0 ? pick(form.size()) : 0;
        text += form.substr(from, 1 + pick(form.size()));
      }
    }
    INFO("round " << round);
    const std::string expected = naive::redacted(text, patterns, needles);
    REQUIRE(in_chunks(needles, text, 1) == expected);
    REQUIRE(in_chunks(needles, text, 1 + pick(20)) == expected);
    REQUIRE(masked(needles, text) == expected);
  }
}

TEST_CASE("what cannot become a needle goes out at once") {
  const Values values{{"a", "correct-horse"}, {"pin", "4711ab"}};
  const Needles needles{values.delivered()};
  const auto [text, at_once] = GENERATE(table<const char*, const char*>({
      {"Password: ", "Password: "},
      {"Continue? [y/N] ", "Continue? [y/N] "},
      {"no newline", "no newline"},
      {"half of corr", "half of "},
      {"complete: correct-horse", "complete: [REDACTED:a]"},
      {"a word, and it could go on: 4711ab", "a word, and it could go on: "},
      {"part of a longer word: x4711", "part of a longer word: x4711"},
  }));
  Redactor redactor{needles};
  CHECK(joined(redactor.feed(text)) == at_once);
}

TEST_CASE("clean output is not copied") {
  const Values values{{"a", "correct-horse"}};
  const Needles needles{values.delivered()};
  Redactor redactor{needles};
  const std::string chunk = "before correct-horse after\n";
  const Redactor::Slices slices = redactor.feed(chunk);
  REQUIRE(slices.size() == 3);
  CHECK(slices[0].data() == chunk.data());
  CHECK(slices[1] == "[REDACTED:a]");
  CHECK(slices[2].data() == chunk.data() + 20);
}

TEST_CASE("a pause lets go of what was held, and the rest is masked all the same") {
  const Values values{{"a", "correct-horse"}, {"dsn", "postgres://app:hunter2@db"}, {"pin", "4711ab"}, {"rep", "ZZyyyyyyyyZZ"}, {"own", "BBBBBBBBBcB"}, {"end", "s-secret-keys"}};
  const Needles needles{values.delivered()};
  struct Step {
    const char* fed;               // "" for a pause
    std::chrono::milliseconds pause;
    const char* out;
  };
  struct Row {
    const char* what;
    std::vector<Step> steps;
    const char* at_end;
  };
  const std::vector<Row> rows = {
      {"a prompt that ends like the start of a value", {{"go? [c", 0ms, "go? ["}, {"", 49ms, ""}, {"", 50ms, "c"}, {"\n", 0ms, "\n"}}, ""},
      {"three bytes go, the rest is hidden", {{"cor", 0ms, ""}, {"", 50ms, "cor"}, {"rect-horse\n", 0ms, "[REDACTED:a]\n"}}, ""},
      {"four stay for the long pause",
       {{"corr", 0ms, ""}, {"", 50ms, ""}, {"", 1999ms, ""}, {"", 2s, "corr"}, {"ect-horse", 0ms, "[REDACTED:a]"}}, ""},
      {"after a pause the beginning may still fail", {{"cor", 0ms, ""}, {"", 50ms, "cor"}, {"ner", 0ms, "ner"}}, ""},
      {"byte by byte, with long pauses",
       {{"c", 0ms, ""}, {"", 2s, "c"}, {"o", 0ms, ""}, {"", 2s, "o"}, {"r", 0ms, ""}, {"", 2s, "r"}, {"rect", 0ms, ""}, {"", 2s, "rect"},
        {"-", 0ms, ""}, {"", 2s, "[REDACTED:a]"}, {"h", 0ms, ""}, {"", 2s, ""}, {"ors", 0ms, ""}, {"e!", 0ms, "!"}}, ""},
      {"eight bytes are not given away: a mark, and it stays",
       {{"correct-", 0ms, ""}, {"", 2s, "[REDACTED:a]"}, {"ion", 0ms, "ion"}}, ""},
      // There was a second mark for the same value.
      {"its last byte could begin it once more",
       {{"s-secret-", 0ms, ""}, {"", 2s, "[REDACTED:end]"}, {"keys", 0ms, ""}, {" end", 0ms, " end"}}, ""},
      {"a URL's scheme is public",
       {{"see postgres://", 0ms, "see "}, {"", 50ms, ""}, {"", 2s, "postgres://"}, {"app:hunter2@db;", 0ms, "[REDACTED:dsn];"}}, ""},
      {"what follows the scheme is not",
       {{"postgres://a", 0ms, ""}, {"", 2s, "[REDACTED:dsn]"}, {"pp:hunter2@db;", 0ms, ";"}}, ""},
      {"a word is complete after the short pause",
       {{"pin 4711ab", 0ms, "pin "}, {"", 50ms, "[REDACTED:pin]"}, {" ", 0ms, " "}}, ""},
      {"… and the mark stays if the word goes on",
       {{"pin 4711ab", 0ms, "pin "}, {"", 50ms, "[REDACTED:pin]"}, {"x", 0ms, "x"}}, ""},
      {"a match that could go on is complete after the short pause",
       {{"ZZyyyyyyyyZZ", 0ms, ""}, {"", 50ms, "[REDACTED:rep]"}, {"\n", 0ms, "\n"}}, ""},
      {"… and what overlaps it is hidden without a second mark",
       {{"ZZyyyyyyyyZZ", 0ms, ""}, {"", 50ms, "[REDACTED:rep]"}, {"yyyyyyyyZZ\n", 0ms, "\n"}}, ""},
      // The bytes after "BBBB" went missing without a mark: they overlapped a mark that was out, but not last.
      {"a beginning that overlaps a mark, after bytes that were let go",
       {{"xBBBBBBBBBcB", 0ms, "x"}, {"", 50ms, "[REDACTED:own]"}, {"BBBB", 0ms, ""}, {"", 2s, "BBBB"},
        {"BBBB", 0ms, ""}, {"", 2s, "[REDACTED:own]"}, {"!", 0ms, "!"}}, ""},
      {"held at the end", {{"corr", 0ms, ""}}, "corr"},
      {"released, and then the end", {{"cor", 0ms, ""}, {"", 50ms, "cor"}, {"rect-h", 0ms, ""}}, "[REDACTED:a]"},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    Redactor redactor{needles};
    for (const Step& step : row.steps) {
      const std::string fed{step.fed};
      if (!fed.empty()) CHECK(joined(redactor.feed(fed)) == step.out);
      else CHECK(joined(redactor.quiet(step.pause)) == step.out);
    }
    CHECK(joined(redactor.finish()) == row.at_end);
  }
}

TEST_CASE("a timer is asked for only while something is held, and for as long as it takes") {
  const Values values{{"a", "correct-horse"}, {"pin", "4711ab"}, {"rep", "ZZyyyyyyyyZZ"}};
  const Needles needles{values.delivered()};
  using Deadline = std::optional<Redactor::Duration>;
  const auto [text, before, after] = GENERATE(table<const char*, Deadline, Deadline>({
      {"nothing held\n", std::nullopt, std::nullopt},
      {"cor", 50ms, std::nullopt},
      {"corr", 2000ms, 2000ms},
      {"4711ab", 50ms, std::nullopt},
      {"4711a", 2000ms, 2000ms},
      {"ZZyyyyyyyyZZ", 50ms, std::nullopt},
      {"ZZyyyyyyyyZZyyy", 50ms, 2000ms},
  }));
  INFO(text);
  Redactor redactor{needles};
  CHECK(redactor.deadline() == Deadline{});
  redactor.feed(text);
  CHECK(redactor.deadline() == before);
  redactor.quiet(50ms);
  CHECK(redactor.deadline() == after);
  redactor.quiet(2s);
  CHECK(redactor.deadline() == Deadline{});
}

TEST_CASE("marks are counted by name") {
  Values values{{"a", "correct-horse"}, {"b", "battery-staple"}};
  values.add("a", "another value of a");
  const Needles needles{values.delivered()};
  Redactor redactor{needles};
  CHECK(redactor.counts().empty());
  redactor.feed("correct-horse battery-staple ");
  redactor.feed("correct-horse another value of a\n");
  redactor.finish();
  const std::vector<MarkCount> counts = redactor.counts();
  REQUIRE(counts.size() == 2);
  CHECK(counts[0].name.view() == "a");
  CHECK(counts[0].marks == 3);
  CHECK(counts[1].name.view() == "b");
  CHECK(counts[1].marks == 1);
}

TEST_CASE("a value of 100 KiB that comes byte by byte, its end missed by one byte, is neither lost nor slow") {
  std::string value;
  std::mt19937 random{7};
  while (value.size() < 100 * 1024) value += static_cast<char>('a' + random() % 2);
  const Values values{{"big", value}};
  const Needles needles{values.delivered()};
  std::string almost = value;
  almost.back() = '!';
  CHECK(in_chunks(needles, almost + value, 1) == almost + "[REDACTED:big]");
}

TEST_CASE("a storm of beginnings costs a few steps per byte") {
  // Every position begins a candidate, each of which would be compared to its end: 16 G comparisons, if the run were not shared.
  const std::string value = std::string(65536, 'a') + "b";
  const Values values{{"storm", value}};
  const Needles needles{values.delivered()};
  const std::string text(4 << 20, 'a');
  CHECK(in_chunks(needles, text + "!", 65536) == text + "!");
  CHECK(in_chunks(needles, text + "b.", 65536) == text.substr(65536) + "[REDACTED:storm].");
}

TEST_CASE("binary output is untouched") {
  const Values values{{"a", "correct-horse"}, {"pin", "4711ab"}};
  const Needles needles{values.delivered()};
  std::mt19937 random{1};
  std::string text;
  while (text.size() < (1 << 20)) text += static_cast<char>(random());
  for (const std::size_t size : {std::size_t{1}, std::size_t{4095}, std::size_t{65536}}) CHECK(in_chunks(needles, text, size) == text);
}

TEST_CASE("without needles everything goes through") {
  const Needles needles{{}};
  CHECK(masked(needles, "text") == "text");
  CHECK(in_chunks(needles, "some text", 3) == "some text");
}
