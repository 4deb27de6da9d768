#include <catch2/catch.hpp>

#include "lint/dockerfile.h"

namespace hushrun::lint {
namespace {

std::string keywords(const Dockerfile& file) {
  std::string all;
  for (const Instruction& instruction : file.instructions) all += instruction.keyword + ":" + std::to_string(instruction.line) + " ";
  return all;
}

TEST_CASE("instructions and their lines") {
  const auto [what, text, expected] = GENERATE(table<std::string, std::string, std::string>({
      {"plain", "FROM a\nRUN b\n", "FROM:1 RUN:2 "},
      {"no line end", "FROM a", "FROM:1 "},
      {"lower case and blanks", "\n  from a\n\trun b\n", "FROM:2 RUN:3 "},
      {"comments", "# x\nFROM a\n  # y\nRUN b\n", "FROM:2 RUN:4 "},
      {"a continuation", "RUN a \\\n  b\nUSER c\n", "RUN:1 USER:3 "},
      {"blanks behind the backslash", "RUN a \\  \n  b\nUSER c\n", "RUN:1 USER:3 "},
      {"two backslashes are none", "RUN a \\\\\nUSER c\n", "RUN:1 USER:2 "},
      {"comments and blank lines in a continuation", "RUN a \\\n# x\n\n  b \\\n  # y\n  c\nUSER d\n", "RUN:1 USER:7 "},
      {"a directive for backticks", "# escape=`\nRUN a `\n b\nUSER c\n", "RUN:2 USER:4 "},
      {"a directive that comes too late", "# x\n# escape=`\nRUN a `\nUSER c\n", "RUN:3 USER:4 "},
      {"CRLF and a BOM", "\xef\xbb\xbf" "FROM a\r\nRUN b \\\r\n c\r\nUSER d\r\n", "FROM:1 RUN:2 USER:4 "},
      {"a heredoc", "RUN <<EOF\nUSER x\nEOF\nUSER y\n", "RUN:1 USER:4 "},
      {"two heredocs", "RUN <<A cat <<B\n1\nA\n2\nB\nUSER y\n", "RUN:1 USER:6 "},
      {"a heredoc that strips tabs", "COPY <<-\"EOF\" /x\n\tUSER x\n\tEOF\nUSER y\n", "COPY:1 USER:4 "},
      {"no heredoc within quotes", "RUN echo \"<<EOF\"\nUSER y\n", "RUN:1 USER:2 "},
      {"no heredoc where it touches", "RUN cat<<EOF\nUSER y\n", "RUN:1 USER:2 "},
      {"no heredoc for other instructions", "ENV A=<<EOF\nUSER y\n", "ENV:1 USER:2 "},
      {"a heredoc without an end", "RUN <<EOF\nUSER x\n", "RUN:1 "},
      {"ONBUILD", "ONBUILD COPY . /\n", "COPY:1 "},
  }));
  INFO(what);
  CHECK(keywords(parse_dockerfile(text)) == expected);
}

TEST_CASE("pairs of ENV and ARG") {
  const auto [what, text, expected] = GENERATE(table<std::string, std::string, std::string>({
      {"several", "ENV A=1 B=\"x y\" C='$z'\n", "A=1|B=x y|C=$z|"},
      {"the old form", "ENV A some words here \n", "A=some words here|"},
      {"the old form, quoted", "ENV A \"x y\"\n", "A=x y|"},
      {"escaped blanks", "ENV A=x\\ y B=2\n", "A=x y|B=2|"},
      {"over lines", "ENV A=1 \\\n    # c\n    B=2\n", "A=1|B=2|"},
      {"an argument without a default", "ARG A\n", "A|"},
      {"several arguments", "ARG A B=2\n", "A|B=2|"},
      {"an equals sign in the value", "ENV A=b=c\n", "A=b=c|"},
      {"nothing", "ENV\n", ""},
  }));
  INFO(what);
  std::string all;
  for (const auto& pair : parse_dockerfile(text).instructions.at(0).pairs()) all += pair.name + (pair.value ? "=" + *pair.value : "") + "|";
  CHECK(all == expected);
}

TEST_CASE("a pair knows its line") {
  const auto pairs = parse_dockerfile("\nENV A=1 \\\n\n    B=2 \\\n  C=3\n").instructions.at(0).pairs();
  REQUIRE(pairs.size() == 3);
  CHECK(pairs[0].line == 2);
  CHECK(pairs[1].line == 4);
  CHECK(pairs[2].line == 5);
}

TEST_CASE("flags and JSON forms") {
  const Dockerfile file = parse_dockerfile("COPY --from=build --chown=\"a:b\" [\"x y\", \"/z\"]\nRUN --mount=type=secret,id=a \\\n  --mount=type=cache,target=/b cat\n");
  const Instruction& copy = file.instructions.at(0);
  CHECK(copy.flag("--from") == "build");
  CHECK(copy.flag("--chown") == "a:b");
  CHECK_FALSE(copy.flag("--chmod"));
  REQUIRE(copy.json_form());
  REQUIRE(copy.json_form()->size() == 2);
  CHECK(copy.json_form()->at(0).text == "x y");
  CHECK(file.instructions.at(1).flags.size() == 2);
  CHECK(file.instructions.at(1).words().at(0).text == "cat");
  for (const char* broken : {"[", "[]x", "[\"a\"", "[\"a\",]x]", "[a]", "[\"a\" \"b\"]", "[\"a]"}) {
    Instruction instruction;
    instruction.arguments = broken;
    INFO(broken);
    CHECK_FALSE(instruction.json_form());
  }
}

TEST_CASE("a heredoc keeps its text, its line and whether it expands") {
  const Dockerfile file = parse_dockerfile("FROM a\nCOPY <<-'EOF' <<B /x/\n\tone\n  two\nEOF\nthree\nB\n");
  const std::vector<Heredoc>& all = file.instructions.at(1).heredocs;
  REQUIRE(all.size() == 2);
  CHECK(all[0].text == "one\n  two\n");
  CHECK(all[0].line == 3);
  CHECK_FALSE(all[0].expands);
  CHECK(all[1].text == "three\n");
  CHECK(all[1].line == 6);
  CHECK(all[1].expands);
}

}  // namespace
}  // namespace hushrun::lint
