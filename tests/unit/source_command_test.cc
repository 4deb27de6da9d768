#include <catch2/catch.hpp>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>

#include "source/command.h"
#include "source_scratch.h"

namespace hushrun {
namespace {

using Catch::Contains;
using Catch::Equals;
using namespace std::chrono_literals;

const Block kPlain{{"PATH=/usr/bin:/bin", "HUSHRUN_USER=app", "HUSHRUN_DIR=/x", "HUSH=kept", "GREETING=hello"}};

OpenCommandSource opened(std::vector<std::string> argv, std::chrono::milliseconds timeout = 60s, Presence presence = Presence::required,
                         const Block& block = kPlain) {
  auto source = OpenCommandSource::open({std::move(argv), name("key"), timeout}, block.environment(), presence);
  REQUIRE(source);
  REQUIRE(source.value());
  return std::move(*source.value());
}
OpenCommandSource shell(const std::string& script, std::chrono::milliseconds timeout = 60s) { return opened({"sh", "-c", script}, timeout); }

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> out;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    out.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return out;
}

TEST_CASE("standard output is the value, byte for byte") {
  const auto [script, value] = GENERATE(table<std::string, std::string>({
      {"echo swordfish", "swordfish\n"},
      {"true", ""},
      {"printf 'a\\000b'", std::string("a\0b", 3)},
      {"printf one; printf two >&2; printf three", "onethree"},
      {"exec 1>&-; exit 0", ""},
      {"cat", ""},                                // stdin is /dev/null
      {"echo \"$GREETING\"", "hello\n"},          // our environment
      {"echo \"$0-$#\"", "sh-0\n"},
      {"(sleep 60 >&- 2>&- <&- & echo $! >&2); echo done", "done\n"},  // a daemon that lets go of stdout is left alone
      {"(sleep 60 >&- <&- & echo $! >&2); echo done", "done\n"},       // one that keeps stderr as well
  }));
  CAPTURE(script);
  OpenCommandSource source = shell(script);
  CHECK((text(source.find(name("key"))) == value));
  if (script.find("sleep") != std::string::npos) ::kill(std::stoi(text(source.take_chatter()->text)), SIGKILL);
}

TEST_CASE("arguments are no shell text") {
  OpenCommandSource source = opened({"printf", "%s|", "$HOME", "a b", "; exit 3"});
  CHECK(text(source.find(name("key"))) == "$HOME|a b|; exit 3|");
}

TEST_CASE("the program runs for its name only, when it is first asked for, and once") {
  const Scratch scratch;
  OpenCommandSource source = shell("echo run >> '" + scratch.path("runs") + "'; echo value");
  CHECK(text(source.find(name("other"))) == "(nothing)");
  CHECK(!std::filesystem::exists(scratch.path("runs")));
  CHECK(text(source.find(name("key"))) == "value\n");
  CHECK(text(source.find(name("key"))) == "value\n");
  CHECK(std::filesystem::file_size(scratch.path("runs")) == 4);
  CHECK(source.offered().value().names.empty());
  CHECK(source.whereabouts(name("key")));
  CHECK(!source.whereabouts(name("other")));
}

TEST_CASE("it gets our environment without HUSHRUN_*") {
  OpenCommandSource source = opened({"env"});
  std::vector<std::string> seen = lines(text(source.find(name("key"))));
  std::sort(seen.begin(), seen.end());
  CHECK_THAT(seen, Equals(std::vector<std::string>{"GREETING=hello", "HUSH=kept", "PATH=/usr/bin:/bin"}));
}

TEST_CASE("it gets no descriptor of ours") {
  const int inherited = ::open("/dev/null", O_RDONLY);  // as an identity in fd:N would be: not close-on-exec
  REQUIRE(inherited > 2);
  OpenCommandSource source = opened({"ls", "/proc/self/fd"});
  const std::vector<std::string> seen = lines(text(source.find(name("key"))));
  ::close(inherited);
  CHECK_THAT(seen, Equals(std::vector<std::string>{"0", "1", "2", "3"}));  // 3 is the directory that ls reads
}

TEST_CASE("we keep no descriptor and no child") {
  const auto count = [] {
    return std::distance(std::filesystem::directory_iterator{"/proc/self/fd"}, std::filesystem::directory_iterator{});
  };
  const auto before = count();
  for (const char* script : {"echo x", "exit 1", "kill -9 $$"}) static_cast<void>(shell(script).find(name("key")));
  static_cast<void>(opened({"no-such-program"}).find(name("key")));
  CHECK(count() == before);
  CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);
}

TEST_CASE("no signal is blocked or ignored in it, whatever is in us") {
  sigset_t blocked, before;
  ::sigemptyset(&blocked);
  ::sigaddset(&blocked, SIGTERM);
  ::sigaddset(&blocked, SIGUSR1);
  ::sigprocmask(SIG_BLOCK, &blocked, &before);
  struct sigaction ignore {}, old_pipe {}, old_child {};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &ignore, &old_pipe);
  ::sigaction(SIGCHLD, &ignore, &old_child);  // children would vanish unwaited
  const std::string seen = text(opened({"grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status"}).find(name("key")));
  const std::string failed = trouble(shell("exit 3").find(name("key")));
  struct sigaction now {};
  ::sigaction(SIGCHLD, &old_child, &now);
  ::sigaction(SIGPIPE, &old_pipe, nullptr);
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  CHECK(seen == "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
  CHECK_THAT(failed, Contains("exited with 3"));
  CHECK(now.sa_handler == SIG_IGN);
}

TEST_CASE("it is the leader of its own process group") {
  OpenCommandSource source = shell("ps -o pid=,pgid= -p $$ 2>/dev/null || awk '{print $1, $5}' /proc/$$/stat");
  int pid = 0, group = 1;
  REQUIRE(std::sscanf(text(source.find(name("key"))).c_str(), "%d %d", &pid, &group) == 2);
  CHECK(pid == group);
}

TEST_CASE("how it failed is said, what it printed is not") {
  const auto [script, said] = GENERATE(table<std::string, std::string>({
      {"echo swordfish; echo swordfish >&2; exit 3", "exited with 3"},
      {"echo swordfish; kill -TERM $$", "killed by SIGTERM"},
      {"echo swordfish; kill -KILL $$", "killed by SIGKILL"},
      {"no-such-program", "exited with 127"},
  }));
  CAPTURE(script);
  const Lookup found = shell(script).find(name("key"));
  REQUIRE(!found);
  CHECK(found.error().code == Code::source_command);
  CHECK_THAT(trouble(found), Contains(said));
  CHECK_THAT(trouble(found), !Contains("swordfish"));
  CHECK_THAT(trouble(found), !Contains(script));
}

TEST_CASE("a failure is remembered: the program is not started again") {
  const Scratch scratch;
  OpenCommandSource source = shell("echo run >> '" + scratch.path("runs") + "'; exit 1");
  CHECK(!source.find(name("key")));
  CHECK(!source.find(name("key")));
  CHECK(std::filesystem::file_size(scratch.path("runs")) == 4);
}

TEST_CASE("its chatter is kept for the caller, once, and bounded") {
  OpenCommandSource quiet = shell("echo x");
  static_cast<void>(quiet.find(name("key")));
  CHECK(!quiet.take_chatter());

  OpenCommandSource source = shell("echo one >&2; echo value; echo two >&2; exit 1");
  CHECK(!source.find(name("key")));
  const std::optional<Chatter> chatter = source.take_chatter();
  REQUIRE(chatter);
  CHECK(text(chatter->text) == "one\ntwo\n");
  CHECK_THAT(std::string{chatter->command.view()}, Contains("/sh"));
  // It may have said on stderr what it printed: the caller masks it though it made no value.
  REQUIRE(chatter->unused);
  CHECK(text(*chatter->unused) == "value\n");
  CHECK(!source.take_chatter());

  OpenCommandSource loud = shell("head -c 300000 /dev/zero >&2; echo value");
  CHECK(text(loud.find(name("key"))) == "value\n");
  CHECK(loud.take_chatter()->text.size() == 64 * 1024);
}

TEST_CASE("1 MiB is the most it may print") {
  CHECK(shell("head -c 1048576 /dev/zero").find(name("key")).value()->value.size() == 1048576);
  for (const char* script : {"head -c 1048577 /dev/zero", "cat /dev/zero", "trap '' PIPE TERM; cat /dev/zero; exec sleep 60"}) {
    CAPTURE(script);
    const Lookup found = shell(script).find(name("key"));
    REQUIRE(!found);
    CHECK(found.error().code == Code::secret_too_large);
  }
}

TEST_CASE("single bytes and large pieces arrive in order") {
  OpenCommandSource source = shell("i=0; while [ $i -lt 300 ]; do printf $((i % 10)); i=$((i + 1)); done; head -c 200000 /dev/zero | tr '\\0' x; printf end");
  std::string expected;
  for (int i = 0; i < 300; ++i) expected += static_cast<char>('0' + i % 10);
  expected += std::string(200000, 'x') + "end";
  CHECK((text(source.find(name("key"))) == expected));
}

// A zombie may stay for as long as its new parent likes; it counts as dead.
bool has_living_member(pid_t group) {
  for (const auto& entry : std::filesystem::directory_iterator{"/proc"}) {
    std::ifstream stat{entry.path() / "stat"};
    std::string pid, command, state;
    pid_t parent = 0, its_group = 0;
    if (stat >> pid >> command >> state >> parent >> its_group && its_group == group && state != "Z" && state != "X") return true;
  }
  return false;
}

TEST_CASE("after its time it is ended, with all of its group") {
  const Scratch scratch;
  const auto script = GENERATE(as<std::string>{},
      "sleep 600",                                        // its output stays open
      "exec sleep 600 >&-",                               // closed, but it lingers
      "(trap '' TERM; sleep 600) & exit 0",               // gone, but somebody keeps the output open
      "trap '' TERM; while :; do sleep 600; done",        // ignores TERM
      "kill -STOP $$");                                   // as at a terminal it may not read from
  CAPTURE(script);
  const std::string pid_file = scratch.path("pid");
  const Lookup found = shell("echo $$ > '" + pid_file + "'; " + script, 100ms).find(name("key"));
  CHECK_THAT(trouble(found), Contains("not done after 100 ms"));
  pid_t group = 0;
  std::ifstream{pid_file} >> group;
  REQUIRE(group > 1);
  // A killed process dies when it is next scheduled: wait for that, not for a time.
  for (int look = 0; look < 5000 && has_living_member(group); ++look) ::poll(nullptr, 0, 1);
  CHECK(!has_living_member(group));
}

TEST_CASE("TERM comes first, so that it can clean up") {
  const Scratch scratch;
  static_cast<void>(shell("trap 'echo cleaned > \"" + scratch.path("trace") + "\"; exit 0' TERM; while :; do sleep 0.05; done", 300ms).find(name("key")));
  CHECK(std::filesystem::exists(scratch.path("trace")));
}

TEST_CASE("what cannot be started says why") {
  const Scratch scratch;
  scratch.write("bin/plain", "#!/bin/sh\necho plain\n", 0644);
  scratch.write("bin/orphan", "#!/no/such/interpreter\n", 0755);
  scratch.write("bin/no_format", "neither binary nor script\n", 0755);
  scratch.directory("bin/directory");
  const auto [argv0, said] = GENERATE(table<std::string, std::string>({
      {"no_such_token_tool", "a command is not there"},
      {"/no/such/tool", "/no/such/tool: No such file or directory (ENOENT)"},
      {"plain", "Permission denied (EACCES)"},
      {"directory", "Permission denied (EACCES)"},
      {"orphan", "install the interpreter of its first line"},
      {"no_format", "no shell is tried"},
  }));
  CAPTURE(argv0);
  const Block block{{"PATH=/nowhere::" + scratch.path("bin")}};
  CHECK_THAT(trouble(opened({argv0}, 60s, Presence::required, block).find(name("key"))), Contains(said));
}

TEST_CASE("a word that may be a key is not shown when it is no program") {
  const std::string said = trouble(opened({"hunter2swordfish", "argument-swordfish"}).find(name("key")));
  CHECK_THAT(said, Contains("a command: No such file"));
  CHECK_THAT(said, !Contains("swordfish"));
  CHECK_THAT(trouble(opened({"false", "argument-swordfish"}).find(name("key"))), Contains("/false: exited with 1") && !Contains("swordfish"));
}

TEST_CASE("optional forgives a program that is not there, and nothing else") {
  CHECK(text(opened({"no-such-program"}, 60s, Presence::optional).find(name("key"))) == "(nothing)");
  CHECK(text(opened({"false"}, 60s, Presence::optional).find(name("key"))) == "(trouble)");
}

TEST_CASE("PATH: the first program of the name; the working directory is never meant") {
  const Scratch scratch;
  scratch.write("first/tool", "not executable", 0644);
  scratch.write("second/tool", "#!/bin/sh\necho second\n", 0755);
  scratch.write("third/tool", "#!/bin/sh\necho third\n", 0755);
  const Block block{{"PATH=:" + scratch.path("first") + ":" + scratch.path("second") + ":" + scratch.path("third")}};
  CHECK(text(opened({"tool"}, 60s, Presence::required, block).find(name("key"))) == "second\n");
  const std::string here = std::filesystem::current_path();
  std::filesystem::current_path(scratch.path("second"));
  const Block empty_entries{{"PATH=:"}};
  const std::string said = trouble(opened({"tool"}, 60s, Presence::required, empty_entries).find(name("key")));
  std::filesystem::current_path(here);
  CHECK_THAT(said, Contains("a command is not there"));
  const Block without_path{{"A=b"}};
  CHECK(text(opened({"echo", "default"}, 60s, Presence::required, without_path).find(name("key"))) == "default\n");
}

TEST_CASE("an empty command is refused at once") {
  CHECK(!OpenCommandSource::open({{}, name("key")}, kPlain.environment(), Presence::optional));
  CHECK(!OpenCommandSource::open({{""}, name("key")}, kPlain.environment(), Presence::optional));
}

}  // namespace
}  // namespace hushrun
