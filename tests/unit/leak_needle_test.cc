#include "leak/needle.h"

#include <catch2/catch.hpp>
#include <cstdio>
#include <cstring>
#include <random>

#include "leak/redactor.h"
#include "leak_naive.h"

using namespace hushrun;
using namespace hushrun::leak;
using naive::Values;

static_assert(!std::is_copy_constructible_v<Needles> && std::is_move_constructible_v<Needles>);

TEST_CASE("values too short or too common are not masked, and named") {
  using Expected = std::optional<Weakness>;
  const auto [value, weakness, text, expected] = GENERATE(table<std::string, Expected, std::string, std::string>({
      {"", std::nullopt, "text", "text"},
      {" \n\t\n", std::nullopt, "a \n\t\nb", "a \n\t\nb"},
      {"x", Weakness::common, "an x here", "an x here"},
      {"{}\n", Weakness::too_short, "{}", "{}"},
      {"abc", Weakness::too_short, "abc", "abc"},
      {"pa5s", Weakness::word_only, "pa5s pa5swd", "[REDACTED:s] pa5swd"},
      {"pa5swd!", Weakness::word_only, "(pa5swd!)", "([REDACTED:s])"},
      {"80", Weakness::common, "port 80", "port 80"},
      {"8080", Weakness::common, "port 8080", "port 8080"},
      {"ChangeMe", Weakness::common, "ChangeMe", "ChangeMe"},
      {"31337", Weakness::common, "port 31337", "port 31337"},
      {"471100", Weakness::word_only, "pin 471100", "pin [REDACTED:s]"},
      {"True", Weakness::common, "True", "True"},
      {"null", Weakness::common, "null", "null"},
      {"localhost", Weakness::common, "http://localhost/", "http://localhost/"},
      {"********", Weakness::common, "********", "********"},
      {"other-name", Weakness::common, "OTHER_NAME other-name", "OTHER_NAME other-name"},
      {"OTHER_NAME", Weakness::common, "OTHER_NAME other-name", "OTHER_NAME other-name"},
      {"86420975", std::nullopt, "0864209759", "0[REDACTED:s]9"},
      {"\n  trimmed-value \n", std::nullopt, "<trimmed-value >\n", "<[REDACTED:s] >\n"},
  }));
  INFO(value);
  Values values;
  values.add("s", value, Policy::automatic);
  values.add("other-name", "an unrelated value", Policy::automatic);
  const Needles needles{values.delivered()};
  if (weakness) {
    REQUIRE(needles.weak().size() == 1);
    CHECK(needles.weak()[0].name.view() == "s");
    CHECK(needles.weak()[0].weakness == *weakness);
  } else {
    CHECK(needles.weak().empty());
  }
  CHECK(masked(needles, text) == expected);
}

TEST_CASE("a policy overrides what the value looks like") {
  const auto [value, policy, text, expected] = GENERATE(table<std::string, Policy, std::string, std::string>({
      {"correct-horse", Policy::never, "correct-horse", "correct-horse"},
      {"x", Policy::always, "an x, not ax", "an [REDACTED:s], not ax"},
      {"true", Policy::always, "true, untrue", "[REDACTED:s], untrue"},
      {"localhost", Policy::always, "localhost bG9jYWxob3N0", "[REDACTED:s] [REDACTED:s]"},
      {"8080", Policy::always, ":8080 18080", ":[REDACTED:s] 18080"},
      {"\n", Policy::always, "a\nb", "a\nb"},
  }));
  Values values;
  values.add("s", value, policy);
  const Needles needles{values.delivered()};
  CHECK(needles.weak().empty());
  CHECK(masked(needles, text) == expected);
}

TEST_CASE("of two names for one value the first is shown, and each weak name is said once") {
  Values values;
  values.add("first", "the same value", Policy::automatic);
  values.add("second", "the same value", Policy::automatic);
  values.add("third", "abc", Policy::automatic);
  values.add("third", "abc", Policy::automatic);
  const Needles needles{values.delivered()};
  CHECK(masked(needles, "the same value") == "[REDACTED:first]");
  CHECK(needles.weak().size() == 1);
}

TEST_CASE("needles can be moved before they are used") {
  const Values values{{"a", "correct-horse"}, {"pin", "4711ab"}};
  Needles built{values.delivered()};
  const Needles needles{std::move(built)};
  CHECK(masked(needles, "4711ab correct-horse") == "[REDACTED:pin] [REDACTED:a]");
}

TEST_CASE("text that looks like a value's neighbour is left alone") {
  const Values values{{"a", "correct-horse-battery"}, {"b", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}};
  const Needles needles{values.delivered()};
  std::mt19937 random{3};
  std::string text;
  static constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/-_";
  while (text.size() < (4 << 20)) {
    // Words of what the patterns are made of, and beginnings of the values themselves.
    for (std::size_t i = random() % 80; i > 0; --i) text += kLetters[random() % kLetters.size()];
    if (random() % 8 == 0) text += values.value(random() % 2).substr(0, random() % 20);
    text += random() % 4 == 0 ? '\n' : ' ';
  }
  CHECK(masked(needles, text) == text);
}

namespace {

// Whether `covered`, each byte XOR-ed with 0x5a, stands anywhere in our own writable memory. It is uncovered nowhere, so the
// search does not find itself.
bool in_our_memory(const std::string& covered) {
  std::FILE* maps = std::fopen("/proc/self/maps", "r");
  std::FILE* memory = std::fopen("/proc/self/mem", "r");
  REQUIRE(maps != nullptr);
  REQUIRE(memory != nullptr);
  std::setvbuf(memory, nullptr, _IONBF, 0);
  bool found = false;
  char line[512];
  std::vector<char> piece;
  while (std::fgets(line, sizeof line, maps) != nullptr) {
    unsigned long begin = 0, end = 0;
    char mode[5] = {};
    if (std::sscanf(line, "%lx-%lx %4s", &begin, &end, mode) != 3 || std::strncmp(mode, "rw", 2) != 0) continue;
    if (std::strstr(line, "[v") != nullptr || end - begin > (std::size_t{64} << 20)) continue;  // a sanitizer's shadow
    piece.assign(end - begin, 0);
    if (std::fseek(memory, static_cast<long>(begin), SEEK_SET) != 0) continue;
    const std::size_t got = std::fread(piece.data(), 1, piece.size(), memory);
    for (char& byte : piece) byte = static_cast<char>(byte ^ 0x5a);
    found |= std::search(piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(got), covered.begin(), covered.end()) !=
             piece.begin() + static_cast<std::ptrdiff_t>(got);
    std::fill(piece.begin(), piece.end(), '\0');
  }
  std::fclose(memory);
  std::fclose(maps);
  return found;
}

}  // namespace

TEST_CASE("no value lies in our memory in plain while we look for it") {
  std::random_device device;
  std::string covered(24, '\0');
  for (char& byte : covered) byte = static_cast<char>(('a' + device() % 26) ^ 0x5a);
  std::optional<Secret> secret = Secret::filled_by(covered.size(), [&](char* room, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) room[i] = static_cast<char>(covered[i] ^ 0x5a);
    return size;
  });
  CHECK(in_our_memory(covered));  // the search finds what is there
  const Delivered delivered{"s", &*secret};
  const Needles needles{std::span{&delivered, 1}};
  secret.reset();
  CHECK_FALSE(in_our_memory(covered));

  // Nor does one stay behind that came through.
  Redactor redactor{needles};
  std::string chunk = "the value: ";
  for (char byte : covered) chunk += static_cast<char>(byte ^ 0x5a);
  chunk += ".\n";
  std::string out;
  for (std::size_t i = 0; i < chunk.size(); ++i) {
    for (std::string_view slice : redactor.feed(std::string_view{chunk}.substr(i, 1))) out += slice;
  }
  CHECK(out == "the value: [REDACTED:s].\n");
  wipe(chunk.data(), chunk.size());
  redactor.feed("on with other text\n");
  CHECK_FALSE(in_our_memory(covered));
}
