#include <catch2/catch.hpp>
#include <sys/socket.h>
#include <sys/un.h>

#include "source/directory.h"
#include "source_scratch.h"

namespace hushrun {
namespace {

using Catch::Contains;
using Catch::Equals;

const Block kEmpty{{}};

OpenDirectorySource opened(const std::string& path) {
  auto source = OpenDirectorySource::open({path}, kEmpty.environment(), Presence::required);
  REQUIRE(source);
  REQUIRE(source.value());
  return std::move(*source.value());
}

// As the kubelet does: a generation is written aside, then `..data` is swapped to it by rename.
void publish(const Scratch& scratch, const std::string& generation, const std::string& value) {
  scratch.write(generation + "/db_password", value);
  scratch.write(generation + "/dir/nested", value + " nested");
  scratch.link(generation, "..data_tmp");
  scratch.rename("..data_tmp", "..data");
}
void make_volume(const Scratch& scratch) {
  publish(scratch, "..2026_01_01_00_00_00.1", "first");
  scratch.link("..data/db_password", "db_password");
  scratch.link("..data/dir", "dir");
}

TEST_CASE("a file's bytes are the value, and its place is the path") {
  const Scratch scratch;
  const auto [kind, content] = GENERATE(table<std::string, std::string>({
      {"a line", "swordfish\n"},
      {"nothing", ""},
      {"all bytes", std::string("\0\r\n\xff", 4)},
      {"a page and one", std::string(4097, 'x')},
      {"1 MiB, the most there may be", std::string(1024 * 1024, 'y')},
  }));
  CAPTURE(kind);
  scratch.write("db_password", content, 0640);
  const Lookup found = opened(scratch.root()).find(name("db_password"));
  REQUIRE(found);
  REQUIRE(found.value());
  CHECK((text(found) == content));
  CHECK(std::string{found.value()->where.view()} == scratch.path("db_password"));
  CHECK(found.value()->status->mode == 0640);
}

TEST_CASE("what is not there is nothing, not trouble") {
  const Scratch scratch;
  scratch.write("file", "x");
  const OpenDirectorySource source = opened(scratch.root());
  CHECK(text(source.find(name("db_password"))) == "(nothing)");
  CHECK(text(source.find_path("no/such/file")) == "(nothing)");
  CHECK(text(source.find_path("file/below")) == "(nothing)");
}

TEST_CASE("what is there and cannot be a secret is trouble that says why") {
  const Scratch scratch;
  const Scratch elsewhere;
  elsewhere.write("victim", "swordfish");
  scratch.directory("made_by_docker");
  ::mkfifo(scratch.path("fifo").c_str(), 0644);  // without a writer: must not hang
  scratch.link("/etc/passwd", "absolute");
  scratch.link("../" + std::filesystem::path{elsewhere.root()}.filename().string() + "/victim", "upward");
  scratch.link("plain", "beside");
  scratch.write("plain", "x");
  scratch.link("nowhere", "dangling");
  scratch.link("..data/gone", "kubernetes");
  scratch.write("large", std::string(1024 * 1024 + 1, 'z'));
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address {};
  address.sun_family = AF_UNIX;
  scratch.path("socket").copy(address.sun_path, sizeof address.sun_path - 1);
  REQUIRE(::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  ::close(socket);

  const OpenDirectorySource source = opened(scratch.root());
  const auto [file, said] = GENERATE(table<std::string, std::string>({
      {"made_by_docker", "Docker and Compose make a directory of a bind mount's source that is not there"},
      {"fifo", "a pipe, a socket or a device"},
      {"socket", "a pipe, a socket or a device"},
      {"absolute", "only the symlinks of a Kubernetes volume are followed"},
      {"upward", "only the symlinks of a Kubernetes volume are followed"},
      {"beside", "only the symlinks of a Kubernetes volume are followed"},
      {"dangling", "only the symlinks of a Kubernetes volume are followed"},
      {"kubernetes", "a secret is a symlink to nothing"},
      {"large", "more than 1 MiB"},
  }));
  CAPTURE(file);
  const Lookup found = source.find(name(file));
  CHECK_THAT(trouble(found), Contains(said));
  CHECK_THAT(trouble(found), Contains(scratch.path(file)));
  CHECK_THAT(trouble(found), !Contains("swordfish"));
}

TEST_CASE("a Kubernetes volume is read through ..data, after a swap as well") {
  const Scratch scratch;
  make_volume(scratch);
  const OpenDirectorySource source = opened(scratch.root());
  CHECK(text(source.find(name("db_password"))) == "first");
  CHECK(text(source.find_path("dir/nested")) == "first nested");
  publish(scratch, "..2026_01_02_00_00_00.2", "second");
  CHECK(text(source.find(name("db_password"))) == "second");
  CHECK(text(source.find_path("dir/nested")) == "second nested");
  CHECK_THAT(texts(source.offered().value().names), Equals(std::vector<std::string>{"db_password"}));

  std::filesystem::remove_all(scratch.path("..2026_01_02_00_00_00.2"));
  CHECK_THAT(trouble(source.find(name("db_password"))), Contains("a secret is a symlink to nothing"));
  CHECK_THAT(texts(source.offered().value().names), Equals(std::vector<std::string>{"db_password", "dir"}));
}

TEST_CASE("..data that leads out of the volume is not followed") {
  const Scratch scratch;
  const Scratch elsewhere;
  elsewhere.write("key", "somebody else's");
  scratch.link(elsewhere.root(), "..data");
  scratch.link("..data/key", "key");
  CHECK_THAT(trouble(opened(scratch.root()).find(name("key"))), Contains("only the symlinks of a Kubernetes volume are followed"));
}

TEST_CASE("files are offered, sorted; machinery, directories and foreign symlinks are not") {
  const Scratch scratch;
  scratch.write("tls.crt", "");
  scratch.write("anthropic_key", "");
  scratch.write(".hidden", "");
  scratch.write("kubernetes.io/token", "");
  scratch.write("two words", "");
  scratch.write("-dash", "");
  scratch.directory("..2026");
  scratch.link("..2026", "..data");
  scratch.link("kubernetes.io", "to_directory");
  scratch.link("/etc/passwd", "to_file");
  ::mkfifo(scratch.path("pipe").c_str(), 0644);
  const Result<Offer, Trouble> offer = opened(scratch.root()).offered();
  REQUIRE(offer);
  CHECK_THAT(texts(offer.value().names), Equals(std::vector<std::string>{"anthropic_key", "tls.crt"}));
  std::vector<std::string> skipped;
  for (const Skipped& each : offer.value().skipped) skipped.push_back(std::filesystem::path{each.where.view()}.filename());
  CHECK_THAT(skipped, Equals(std::vector<std::string>{"-dash", "pipe", "to_file", "two words"}));
}

TEST_CASE("a directory with more than 4096 entries was not meant as secrets") {
  const Scratch scratch;
  for (int i = 0; i < 4096; ++i) scratch.write("n" + std::to_string(i), "");
  const OpenDirectorySource source = opened(scratch.root());
  CHECK(source.offered().value().names.size() == 4096);
  scratch.write("one_more", "");
  const Result<Offer, Trouble> offer = source.offered();
  REQUIRE(!offer);
  CHECK_THAT(all_of(offer.error()), Contains("more than 4096"));
}

TEST_CASE("offered() may be asked again") {
  const Scratch scratch;
  scratch.write("a", "");
  const OpenDirectorySource source = opened(scratch.root());
  CHECK(source.offered().value().names.size() == 1);
  CHECK(source.offered().value().names.size() == 1);
}

TEST_CASE("a path lies in the directory as text, else by its parents' inodes") {
  const Scratch scratch;
  scratch.write("run/secrets/key", "k");
  scratch.write("run/secrets/sub/key", "k");
  scratch.write("run/secretsX/key", "k");
  scratch.directory("var");
  scratch.link("../run", "var/run");
  const OpenDirectorySource source = opened(scratch.path("run/secrets/"));
  const auto [path, relative] = GENERATE(table<std::string, std::string>({
      {"/run/secrets/key", "key"},
      {"//run///secrets/./key", "key"},
      {"/run/secrets/sub/key", "sub/key"},
      {"/run/secrets/not_there", "not_there"},
      {"/var/run/secrets/key", "key"},
      {"/var/run/secrets/sub/key", "sub/key"},
      {"/run/secrets", "(elsewhere)"},
      {"/run/secrets/", "(elsewhere)"},
      {"/run/secretsX/key", "(elsewhere)"},
      {"/run/secrets/../secrets/key", "(elsewhere)"},
      {"/run/secrets/sub/..", "(elsewhere)"},
  }));
  CAPTURE(path);
  CHECK(source.relative_to(scratch.root() + path).value_or("(elsewhere)") == relative);
}

TEST_CASE("only an absolute path lies anywhere") {
  const Scratch scratch;
  scratch.write("key", "k");
  const OpenDirectorySource source = opened(scratch.root());
  CHECK(!source.relative_to("key"));
  CHECK(!source.relative_to(""));
  CHECK(!source.relative_to("/"));
}

TEST_CASE("paths below the directory are found, those out of it are not") {
  const Scratch scratch;
  scratch.write("in/sub/key", "deep");
  scratch.write("key", "outside");
  scratch.link("../key", "in/out");
  scratch.link("sub", "in/link");
  const OpenDirectorySource source = opened(scratch.path("in"));
  CHECK(text(source.find_path("sub/key")) == "deep");
  CHECK_THAT(trouble(source.find_path("out")), Contains("not followed"));
  CHECK_THAT(trouble(source.find_path("link/key")), Contains("not followed"));
  CHECK_THAT(trouble(source.find_path("../key")), Contains("not followed"));
}

TEST_CASE("a directory that is not there is nothing where that is forgiven") {
  const Scratch scratch;
  scratch.write("file", "x");
  const auto open = [&](const std::string& path, Presence presence) {
    return OpenDirectorySource::open({scratch.path(path)}, kEmpty.environment(), presence);
  };
  CHECK(!open("none", Presence::optional).value());
  REQUIRE(!open("none", Presence::required));
  CHECK(open("none", Presence::required).error().code == Code::source_missing);
  REQUIRE(!open("file", Presence::optional));
  CHECK(open("file", Presence::optional).error().code == Code::source_invalid);
}

TEST_CASE("a file this user cannot read: the error has mode, owner and the line that mends it") {
  const Scratch scratch;
  scratch.write("db_password", "swordfish", 0600);
  if (::geteuid() != 0) ::chmod(scratch.path("db_password").c_str(), 0000);
  const std::string said = as_nobody([&] { return trouble(opened(scratch.root()).find(name("db_password"))); });
  CHECK_THAT(said, Contains("Permission denied (EACCES)"));
  CHECK_THAT(said, Contains("its mode is 0"));
  CHECK_THAT(said, Contains("chmod a+r"));
  CHECK_THAT(said, Contains("--user"));
  CHECK_THAT(said, Contains("mode: 0444"));
  CHECK_THAT(said, !Contains("\n"));
}

TEST_CASE("where the directory cannot be searched the name is a guess, and not shown") {
  const Scratch scratch;
  scratch.write("listed/hunter2swordfish", "x");
  ::chmod(scratch.path("listed").c_str(), 0744);
  if (::geteuid() != 0) ::chmod(scratch.path("listed").c_str(), 0444);
  const std::string said = as_nobody([&] { return trouble(opened(scratch.path("listed")).find(name("hunter2swordfish"))); });
  ::chmod(scratch.path("listed").c_str(), 0755);
  CHECK_THAT(said, Contains("search the directory") && !Contains("swordfish"));
}

TEST_CASE("in a Kubernetes volume the line is another") {
  const Scratch scratch;
  make_volume(scratch);
  ::chmod(scratch.path("..2026_01_01_00_00_00.1/db_password").c_str(), 0000);
  const std::string said = as_nobody([&] { return trouble(opened(scratch.root()).find(name("db_password"))); });
  CHECK_THAT(said, Contains("Permission denied (EACCES)"));
  CHECK_THAT(said, Contains("fsGroup"));
}

TEST_CASE("a directory this user cannot open is trouble even where it is optional") {
  const Scratch scratch;
  scratch.directory("closed");
  ::chmod(scratch.path("closed").c_str(), 0000);
  const std::string said = as_nobody([&] {
    const auto source = OpenDirectorySource::open({scratch.path("closed")}, kEmpty.environment(), Presence::optional);
    return source ? std::string{"(no trouble)"} : all_of(source.error());
  });
  ::chmod(scratch.path("closed").c_str(), 0755);
  CHECK_THAT(said, Contains("cannot open a secrets directory"));
  CHECK_THAT(said, Contains("Permission denied (EACCES)"));
}

TEST_CASE("whereabouts says where a value would be read, and reads nothing") {
  const Scratch scratch;
  scratch.write("key", "k", 0000);
  const OpenDirectorySource source = opened(scratch.root());
  CHECK(std::string{source.whereabouts(name("key")).value().view()} == scratch.path("key"));
  CHECK(!source.whereabouts(name("other")));
}

}  // namespace
}  // namespace hushrun
