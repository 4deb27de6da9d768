// The parts of the init that can be asked without a process under it: records, what is taken away, names of what is shielded.

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "core/sys_process.h"
#include "init/raw.h"
#include "init/record.h"
#include "init/removal.h"
#include "init/shield.h"
#include "init/state.h"

namespace fs = std::filesystem;
using namespace hushrun;
using namespace hushrun::init;

namespace {

// A directory in memory, where records may lie.
class Place {
 public:
  Place() : path_{"/dev/shm/init-test-" + sys::random_name()} { fs::create_directory(path_); }
  ~Place() { fs::remove_all(path_); }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const char* path() const { return path_.c_str(); }
  std::size_t entries() const { return static_cast<std::size_t>(std::distance(fs::directory_iterator{path_}, fs::directory_iterator{})); }
  std::string write(const std::string& name, const std::string& text = "x") const {
    std::ofstream{*this / name} << text;
    return *this / name;
  }

 private:
  std::string path_;
};

void take(std::vector<std::string> texts) {
  std::vector<char*> words;
  for (std::string& text : texts) words.push_back(text.data());
  words.push_back(nullptr);
  take_away(words.data());
}

std::string namespace_word() {
  struct stat status {};
  REQUIRE(::stat("/proc/self/ns/mnt", &status) == 0);
  return word::kNamespace + std::to_string(status.st_ino);
}

std::string file_word(const std::string& path) {
  struct stat status {};
  REQUIRE(::lstat(path.c_str(), &status) == 0);
  return word::kFile + std::to_string(device_number(status.st_dev)) + ":" + std::to_string(status.st_ino) + ":" + path;
}

}  // namespace

TEST_CASE("numbers and words without libc") {
  char text[24];
  const auto [number, digits] = GENERATE(table<std::uint64_t, const char*>({{0, "0"}, {7, "7"}, {10, "10"}, {4'294'967'295, "4294967295"},
                                                                              {~std::uint64_t{0}, "18446744073709551615"}}));
  CHECK(raw::put_number(text, number) == text + std::strlen(digits));
  CHECK(std::string{text} == digits);
  const char* rest = text;
  CHECK(raw::take_number(rest) == number);
  CHECK(*rest == '\0');
  CHECK(raw::same("abc", "abc"));
  CHECK_FALSE(raw::same("abc", "ab"));
  CHECK_FALSE(raw::same("", "a"));
  CHECK(std::string{raw::after("file=x", "file=")} == "x");
  CHECK(raw::after("fil", "file=") == nullptr);
}

TEST_CASE("what the first image says the second one reads") {
  std::vector<std::string> texts{"child=42", "", "own-group", "stop-timeout=1500", "rewrite=15:3", "rewrite=10:0", "rewrite=99:1", "inform=json",
                                 "record=7", "terminal=5", "no-such-word", "mount=/run/x"};
  std::vector<char*> words;
  for (std::string& text : texts) words.push_back(text.data());
  words.push_back(nullptr);
  State state;
  read_words(state, words.data());
  CHECK(state.child == 42);
  CHECK(state.ended == -1);
  CHECK(state.own_group);
  CHECK_FALSE(state.group);
  CHECK(state.stop_timeout == 1500);
  CHECK(state.rewrite[15] == 3);
  CHECK(state.rewrite[10] == 0);
  CHECK(state.rewrite[1] == 1);
  CHECK(state.inform == Inform::json);
  CHECK(state.record == 7);
  CHECK(state.terminal == 5);
}

TEST_CASE("only what was made is taken away") {
  const Place place;
  SECTION("a file that still is the one we wrote") {
    const std::string path = place.write("key");
    take({file_word(path)});
    CHECK_FALSE(fs::exists(path));
  }
  SECTION("not one that somebody put in its place") {
    const std::string path = place.write("key");
    const std::string word = file_word(path);
    place.write("other");
    fs::rename(place / "other", path);
    take({word});
    CHECK(fs::exists(path));
  }
  SECTION("not through a symlink on the way") {
    fs::create_directory(place / "real");
    const std::string path = place.write("real/key");
    fs::create_symlink("real", place / "link");
    std::string word = file_word(path);
    word.replace(word.find("real/key"), 4, "link");
    take({word, word::kTemporary + place / "link/key", word::kTree + place / "link"});
    CHECK(fs::exists(path));
  }
  SECTION("an empty directory, and no other") {
    fs::create_directories(place / "full/empty");
    take({word::kDirectory + place / "full", word::kDirectory + place / "full/empty"});
    CHECK(fs::exists(place / "full"));
    CHECK_FALSE(fs::exists(place / "full/empty"));
  }
  SECTION("a tree, but not what its symlinks lead to") {
    fs::create_directories(place / "tree/a/b/c");
    place.write("tree/a/b/file");
    place.write("kept");
    fs::create_symlink(place / "kept", place / "tree/a/link");
    fs::create_directory(place / "directory");
    place.write("directory/kept");
    fs::create_symlink(place / "directory", place / "tree/link");
    for (int i = 0; i < 300; ++i) place.write("tree/many-" + std::to_string(i));
    take({word::kTree + place / "tree"});
    CHECK_FALSE(fs::exists(place / "tree"));
    CHECK(fs::exists(place / "kept"));
    CHECK(fs::exists(place / "directory/kept"));
  }
  SECTION("nothing that is named by a relative path, or by nothing") {
    place.write("kept");
    take({"temporary=", "temporary=kept", "tree=.", "file=1:2:", "directory=/", "child=1", "", "nonsense"});
    CHECK(fs::exists(place / "kept"));
  }
}

TEST_CASE("a record is found when its holder is gone, and not before") {
  const Place place;
  const char* places[] = {"/no/such/directory", place.path()};
  std::optional<Record> record = Record::make(places);
  REQUIRE(record);
  const std::string path = place.write("left");
  CHECK(record->add(word::kTemporary + path));
  const std::string own = record->word().substr(std::strlen(word::kTemporary));
  CHECK(fs::exists(own));

  take_leftovers_away(places);
  CHECK(fs::exists(path));
  CHECK(fs::exists(own));

  record.reset();  // the lock goes with the last descriptor
  take_leftovers_away(places);
  CHECK(place.entries() == 0);
}

TEST_CASE("a record that was cut short counts as far as it goes") {
  const Place place;
  const char* places[] = {place.path()};
  const std::string first = place.write("first"), second = place.write("second");
  std::ofstream{place / ".hushrun-0123456789abcdef"} << namespace_word() << '\0' << word::kTemporary << first << '\0' << word::kTemporary << second;
  fs::permissions(place / ".hushrun-0123456789abcdef", fs::perms::owner_read | fs::perms::owner_write);
  take_leftovers_away(places);
  CHECK_FALSE(fs::exists(first));
  CHECK(fs::exists(second));
  CHECK(place.entries() == 1);
}

TEST_CASE("a record of another mount namespace is left to those who are in it") {
  const Place place;
  const char* places[] = {place.path()};
  const std::string victim = place.write("victim"), record = place / ".hushrun-0123456789abcdef";
  std::ofstream{record} << word::kNamespace << "1" << '\0' << word::kTemporary << victim << '\0';
  REQUIRE(::chmod(record.c_str(), 0600) == 0);
  take_leftovers_away(places);
  CHECK(fs::exists(victim));
  CHECK(fs::exists(record));
}

TEST_CASE("what only looks like a record is left alone") {
  const Place place;
  const char* places[] = {place.path()};
  const std::string victim = place.write("victim");
  const auto [name, mode] = GENERATE(table<const char*, mode_t>({{".hushrun-0123456789abcde", 0600},    // a digit short
                                                                  {".hushrun-0123456789abcdeff", 0600},  // one too many
                                                                  {".hushrun-0123456789ABCDEF", 0600},   // not our digits
                                                                  {".hushrun-new-0123456789abcdef", 0600},
                                                                  {"hushrun-0123456789abcdef", 0600},
                                                                  {".hushrun-0123456789abcdef", 0644}}));  // not our mode
  std::ofstream{place / name} << namespace_word() << '\0' << word::kTemporary << victim << '\0';
  REQUIRE(::chmod((place / name).c_str(), mode) == 0);
  take_leftovers_away(places);
  CHECK(fs::exists(victim));
  CHECK(fs::exists(place / name));
}

TEST_CASE("a record is never followed through a symlink, nor taken with a second name") {
  const Place place, elsewhere;
  const char* places[] = {place.path()};
  const std::string victim = elsewhere.write("victim");
  const std::string record = elsewhere / ".hushrun-0123456789abcdef";
  std::ofstream{record} << namespace_word() << '\0' << word::kTemporary << victim << '\0';
  REQUIRE(::chmod(record.c_str(), 0600) == 0);
  fs::create_symlink(record, place / ".hushrun-0123456789abcdef");
  fs::create_hard_link(record, place / ".hushrun-aaaaaaaaaaaaaaaa");
  take_leftovers_away(places);
  CHECK(fs::exists(victim));
}

TEST_CASE("what is shielded") {
  const Place place;
  fs::create_directories(place / "secrets/below");
  place.write("secrets/key");
  place.write("file");
  SECTION("what is not there needs no shield") {
    const auto shield = Shield::over({place / "nothing", "/no/such/file"}, {});
    REQUIRE(shield);
    CHECK(shield.value().empty());
  }
  SECTION("a directory and a file") {
    const auto shield = Shield::over({place / "secrets", place / "file"}, {place / "other"});
    REQUIRE(shield);
    CHECK_FALSE(shield.value().empty());
  }
  SECTION("what the application is to open cannot lie below it") {
    CHECK_FALSE(Shield::over({place / "secrets"}, {place / "secrets/below/given"}));
    CHECK_FALSE(Shield::over({place / "secrets"}, {place / "secrets/key"}));
    CHECK(Shield::over({place / "secrets"}, {place / "secrets-too"}));
  }
  SECTION("not all of it") { CHECK_FALSE(Shield::over({"/"}, {})); }
}
