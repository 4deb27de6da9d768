// Names of signals, as configs and options have them.

#include <catch2/catch.hpp>

#include "config/scalars.h"

using namespace hushrun;

TEST_CASE("a signal is a name or a number") {
  const auto [text, number] = GENERATE(table<const char*, int>({
      {"TERM", 15}, {"SIGTERM", 15}, {"term", 15}, {"SigTerm", 15}, {"15", 15}, {"1", 1}, {"64", 64}, {"HUP", 1}, {"CLD", 17}, {"IOT", 6},
      {"POLL", 29}, {"SYS", 31}, {"RTMIN", 34}, {"SIGRTMIN+3", 37}, {"RTMIN+30", 64}, {"RTMAX", 64}, {"RTMAX-30", 34}, {"rtmin+1", 35},
  }));
  CHECK(parse_signal(text) == number);
}

TEST_CASE("what is no signal") {
  const auto* text = GENERATE("", "0", "65", "-1", "+1", "TERMS", "SIG", "SIGSIGTERM", "RTMIN+31", "RTMIN-1", "RTMAX+1", "RTMIN+", "RTMIN+x", "15 ", " TERM",
                              "TERM,QUIT", "0x0f", "99999999999", "aVeryLongNameThatIsNoSignalAtAll");
  CHECK_FALSE(parse_signal(text));
}

TEST_CASE("a rewrite is of something that can be caught") {
  CHECK(parse_rewrite("TERM", "QUIT")->to == 3);
  CHECK(parse_rewrite("TERM", "none")->to == 0);
  CHECK(parse_rewrite("TERM", "KILL")->to == 9);
  const auto [from, to] = GENERATE(table<const char*, const char*>({{"KILL", "TERM"}, {"STOP", "TERM"}, {"CHLD", "TERM"}, {"9", "TERM"}, {"TERM", ""},
                                                                     {"", "TERM"}, {"TERM", "None"}, {"TERM", "0"}, {"none", "TERM"}}));
  CHECK_FALSE(parse_rewrite(from, to));
}
