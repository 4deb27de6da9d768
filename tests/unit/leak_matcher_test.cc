#include "leak/matcher.h"

#include <catch2/catch.hpp>
#include <string>

#include "leak_naive.h"

using namespace hushrun;
using namespace hushrun::leak;
using naive::Values;

namespace {

std::vector<Match> all_matches(const Needles& needles, std::string_view text, std::size_t size) {
  Matcher matcher{needles};
  std::vector<Match> found;
  for (std::size_t at = 0; at < text.size(); at += size) matcher.feed(text.substr(at, size), found);
  matcher.finish(found);
  return found;
}

}  // namespace

TEST_CASE("a match says where, which and in what disguise, however the stream is cut") {
  const Values values{{"a", "correct-horse"}, {"b", "p@ss word"}, {"pin", "4711ab"}};
  const Needles needles{values.delivered()};
  const std::string text = "correct-horse Y29ycmVjdC1ob3JzZQ== 636f72726563742d686f727365 p%40ss+word 4711ab";
  const std::vector<Match> expected = {
      {0, 13, 0, Disguise::plain},   {14, 31, 0, Disguise::base64}, {35, 61, 0, Disguise::hex},
      {62, 73, 1, Disguise::percent}, {74, 80, 2, Disguise::word},
  };
  for (std::size_t size = 1; size <= text.size(); ++size) CHECK(all_matches(needles, text, size) == expected);
}

TEST_CASE("matches come in order of their ends, overlapping ones included") {
  const Values values{{"a", "abababab"}, {"b", "xabababababx"}};
  const Needles needles{values.delivered()};
  const std::vector<Match> expected = {{1, 9, 0, Disguise::plain}, {3, 11, 0, Disguise::plain}, {0, 12, 1, Disguise::plain}};
  for (std::size_t size = 1; size <= 12; ++size) CHECK(all_matches(needles, "xabababababx", size) == expected);
}

TEST_CASE("open_from is exactly where something may still become a match") {
  const Values values{{"a", "correct-horse"}, {"b", "rectangular"}, {"pin", "4711ab"}};
  const Needles needles{values.delivered()};
  const auto [text, open] = GENERATE(table<std::string, std::size_t>({
      {"nothing\n", 0},
      {"c", 1},
      {"xc", 1},
      {"correct", 7},
      {"correct-horse", 0},
      {"correcta", 5},       // rect-a
      {"correct-hors", 12},
      {"correct-horx", 0},
      {"4711a", 5},
      {"x4711a", 0},
      {"4711ab", 6},
      {"4711ab ", 0},
      {"4711abc", 1},
  }));
  INFO(text);
  for (std::size_t size = 1; size <= text.size(); ++size) {
    Matcher matcher{needles};
    std::vector<Match> found;
    for (std::size_t at = 0; at < text.size(); at += size) matcher.feed(std::string_view{text}.substr(at, size), found);
    CHECK(matcher.position() - matcher.open_from() == open);
  }
}

TEST_CASE("what is unfinished is told by what everybody may see of it") {
  const Values values{{"dsn", "postgres://app:hunter2@db"}, {"a", "correct-horse"}};
  const Needles needles{values.delivered()};
  const auto [text, begin] = GENERATE(table<std::string, std::optional<std::uint64_t>>({
      {"- correct", std::nullopt},
      {"- correct-", 2},
      {"- correct-horse", std::nullopt},
      {"- postgres://", std::nullopt},
      {"- postgres://a", 2},
  }));
  INFO(text);
  Matcher matcher{needles};
  std::vector<Match> found;
  matcher.feed(text, found);
  const auto unfinished = matcher.unfinished();
  CHECK(unfinished.has_value() == begin.has_value());
  if (begin && unfinished) CHECK(unfinished->begin == *begin);
}

TEST_CASE("patterns that share a long beginning are all found") {
  const std::string shared = "https://user@a-very-long-host-name-that-many-values-share.example.com/path/of/some/length/";
  Values values;
  static constexpr Public kNames[] = {"a", "b", "c", "d"};
  values.add(kNames[0], shared + "one");
  values.add(kNames[1], shared + "one-more");
  values.add(kNames[2], shared + "two");
  values.add(kNames[3], shared.substr(0, 20));
  const Needles needles{values.delivered()};
  const auto patterns = naive::patterns_of(values);
  const std::string text = shared + shared + "one " + shared + "one-more " + shared.substr(0, 50) + shared + "two " + shared + "three";
  std::vector<naive::Found> expected = naive::matches(text, patterns);
  for (const std::size_t size : {1, 7, 64, 1000}) CHECK(all_matches(needles, text, size).size() == expected.size());
}
