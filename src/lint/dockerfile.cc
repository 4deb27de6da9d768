#include "lint/dockerfile.h"

#include <algorithm>

namespace hushrun::lint {
namespace {

constexpr bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f'; }
constexpr bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

std::string capitals(std::string_view text) {
  std::string out{text};
  std::transform(out.begin(), out.end(), out.begin(), [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return out;
}

// The lines of a text, one after the other.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_{text} {}
  bool done() const { return rest_.empty(); }
  unsigned number() const { return number_; }  // of the line that comes next
  std::string_view next() {
    const std::size_t end = rest_.find('\n');
    std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    ++number_;
    return line;
  }

 private:
  std::string_view rest_;
  unsigned number_ = 1;
};

// `# escape=` `: one of the directives that may stand at the very top, or nothing.
std::optional<std::pair<std::string, std::string_view>> directive(std::string_view line) {
  line = trimmed(line);
  if (!line.starts_with('#')) return std::nullopt;
  line = trimmed(line.substr(1));
  const std::size_t equals = line.find('=');
  if (equals == std::string_view::npos) return std::nullopt;
  const std::string_view name = trimmed(line.substr(0, equals)), value = trimmed(line.substr(equals + 1));
  if (name.empty() || !is_letter(name[0]) || value.empty()) return std::nullopt;
  if (!std::all_of(name.begin(), name.end(), [](char c) { return is_letter(c) || is_digit(c); })) return std::nullopt;
  return std::pair{capitals(name), value};
}

// Takes the escape character away that joins a line with the next; two of them are none.
bool continues(std::string_view& line, char escape) {
  std::string_view text = line;
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  if (!text.ends_with(escape)) return false;
  text.remove_suffix(1);
  if (text.ends_with(escape)) return false;
  line = text;
  return true;
}

// Splits at blanks outside of quotes. `keep`: quotes and escapes stay where they are.
enum class Quotes { kept, removed };
std::vector<std::pair<Word, std::size_t>> split(std::string_view text, char escape, Quotes quotes) {
  std::vector<std::pair<Word, std::size_t>> words;
  for (std::size_t i = 0; i < text.size();) {
    if (is_blank(text[i])) {
      ++i;
      continue;
    }
    Word word{{}, 0, false};
    const std::size_t start = i;
    char quote = '\0';
    for (; i < text.size() && (quote != '\0' || !is_blank(text[i])); ++i) {
      const char c = text[i];
      const bool marks = quote == '\0' ? c == '"' || c == '\'' : c == quote;
      if (marks) {
        if (quote == '\0' && c == '\'') word.quoted_single = true;
        quote = quote == '\0' ? c : '\0';
        if (quotes == Quotes::kept) word.text += c;
      } else if (c == escape && quote != '\'' && i + 1 < text.size()) {
        if (quotes == Quotes::kept) word.text += c;
        word.text += text[++i];
      } else {
        word.text += c;
      }
    }
    words.emplace_back(std::move(word), start);
  }
  return words;
}

// `<<EOF`, `<<-"EOF"`, `3<<EOF` as a whole word.
struct HeredocMark {
  std::string name;
  bool strips_tabs;
  bool expands;
};
std::optional<HeredocMark> heredoc_mark(std::string_view word) {
  while (!word.empty() && is_digit(word.front())) word.remove_prefix(1);
  if (!word.starts_with("<<")) return std::nullopt;
  word.remove_prefix(2);
  const bool strips = word.starts_with('-');
  if (strips) word.remove_prefix(1);
  std::string name;
  bool quoted = false;
  for (char c : word) {
    if (c == '<') return std::nullopt;
    if (c == '"' || c == '\'' || c == '\\') quoted = true;
    else name += c;
  }
  if (name.empty()) return std::nullopt;
  return HeredocMark{std::move(name), strips, !quoted};
}

void read_heredocs(Instruction& instruction, Lines& lines) {
  if (instruction.keyword != "RUN" && instruction.keyword != "COPY" && instruction.keyword != "ADD") return;
  if (instruction.json_form()) return;
  for (const auto& [word, offset] : split(instruction.arguments, instruction.escape, Quotes::kept)) {
    const std::optional<HeredocMark> mark = heredoc_mark(word.text);
    if (!mark) continue;
    Heredoc heredoc{mark->name, {}, lines.number(), mark->expands};
    while (!lines.done()) {
      std::string_view line = lines.next();
      if (mark->strips_tabs) line.remove_prefix(std::min(line.find_first_not_of('\t'), line.size()));
      if (line == mark->name) break;
      heredoc.text.append(line).append("\n");
    }
    instruction.heredocs.push_back(std::move(heredoc));
  }
}

// Flags stand in front, and their values hold no blanks.
void take_flags(Instruction& instruction) {
  for (;;) {
    const std::size_t start = std::min(instruction.arguments.find_first_not_of(" \t\r"), instruction.arguments.size());
    if (instruction.arguments.compare(start, 2, "--") != 0) return;
    const std::size_t end = std::min(instruction.arguments.find_first_of(" \t\r", start), instruction.arguments.size());
    const std::string_view flag = std::string_view{instruction.arguments}.substr(start, end - start);
    if (flag == "--") return;
    instruction.flags.push_back({split(flag, instruction.escape, Quotes::removed)[0].first.text, instruction.line_at(start), false});
    // Blanks in its place, so that offsets stay what they are.
    instruction.arguments.replace(start, end - start, end - start, ' ');
    if (end == instruction.arguments.size()) return;
  }
}

void name_it(Instruction& instruction, std::string& text) {
  const std::size_t start = std::min(text.find_first_not_of(" \t"), text.size());
  const std::size_t end = std::min(text.find_first_of(" \t", start), text.size());
  instruction.keyword = capitals(std::string_view{text}.substr(start, end - start));
  text.replace(0, end, end, ' ');
}

}  // namespace

unsigned Instruction::line_at(std::size_t offset) const {
  unsigned found = line;
  for (const auto& [start, number] : lines) {
    if (start > offset) break;
    found = number;
  }
  return found;
}

std::vector<Word> Instruction::words() const {
  std::vector<Word> all;
  for (auto& [word, offset] : split(arguments, escape, Quotes::removed)) {
    word.line = line_at(offset);
    all.push_back(std::move(word));
  }
  return all;
}

std::optional<std::vector<Word>> Instruction::json_form() const {
  const std::string_view text = trimmed(arguments);
  if (!text.starts_with('[') || !text.ends_with(']')) return std::nullopt;
  const std::size_t base = arguments.find('[');
  std::vector<Word> all;
  std::size_t i = 1;
  const auto skip = [&] {
    while (i < text.size() && is_blank(text[i])) ++i;
  };
  for (skip(); text[i] != ']'; skip()) {
    if (text[i] != '"') return std::nullopt;
    Word word{{}, line_at(base + i), true};
    for (++i; i < text.size() && text[i] != '"'; ++i) {
      if (text[i] == '\\' && i + 1 < text.size()) ++i;
      word.text += text[i];
    }
    if (i >= text.size()) return std::nullopt;
    all.push_back(std::move(word));
    ++i;
    skip();
    if (i < text.size() && text[i] == ',' && text.find('"', i) != std::string_view::npos) ++i;
    else if (i >= text.size() || text[i] != ']') return std::nullopt;
    skip();
    if (i >= text.size()) return std::nullopt;
  }
  if (i + 1 != text.size()) return std::nullopt;
  return all;
}

std::vector<Instruction::Pair> Instruction::pairs() const {
  std::vector<Pair> all;
  const std::vector<Word> list = words();
  if (list.empty()) return all;
  if (keyword != "ARG" && list[0].text.find('=') == std::string::npos) {
    // `ENV K some words`: all that follows is the value.
    const std::string_view rest = trimmed(arguments);
    const std::size_t blank = std::min(rest.find_first_of(" \t"), rest.size());
    std::string value{trimmed(rest.substr(blank))};
    const bool single = value.size() > 1 && value.front() == '\'';
    if (value.size() > 1 && (value.front() == '"' || value.front() == '\'') && value.back() == value.front()) value = value.substr(1, value.size() - 2);
    all.push_back({list[0].text, std::move(value), single, list[0].line});
    return all;
  }
  for (const Word& word : list) {
    const std::size_t equals = word.text.find('=');
    if (equals == std::string::npos) all.push_back({word.text, std::nullopt, false, word.line});
    else all.push_back({word.text.substr(0, equals), word.text.substr(equals + 1), word.quoted_single, word.line});
  }
  return all;
}

std::optional<std::string_view> Instruction::flag(std::string_view name) const {
  for (const Word& word : flags) {
    const std::string_view text = word.text;
    if (text.starts_with(name) && text.size() > name.size() && text[name.size()] == '=') return text.substr(name.size() + 1);
  }
  return std::nullopt;
}

Dockerfile parse_dockerfile(std::string_view text) {
  Dockerfile file;
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  Lines lines{text};
  bool at_top = true;
  while (!lines.done()) {
    const unsigned first = lines.number();
    std::string_view line = lines.next();
    if (at_top) {
      const auto found = directive(line);
      at_top = found.has_value();
      if (found && found->first == "ESCAPE" && (found->second == "`" || found->second == "\\")) file.escape = found->second[0];
      if (found) continue;
    }
    if (trimmed(line).empty() || trimmed(line).starts_with('#')) continue;

    Instruction instruction;
    instruction.escape = file.escape;
    instruction.line = first;
    std::string joined;
    bool more = continues(line, file.escape);
    joined += line;
    while (more && !lines.done()) {
      const unsigned number = lines.number();
      line = lines.next();
      // Comments and blank lines within an instruction are not there.
      if (trimmed(line).empty() || trimmed(line).starts_with('#')) continue;
      more = continues(line, file.escape);
      instruction.lines.emplace_back(joined.size(), number);
      joined += line;
    }
    name_it(instruction, joined);
    if (instruction.keyword == "ONBUILD") {
      instruction.on_build = true;
      name_it(instruction, joined);
    }
    instruction.arguments = std::move(joined);
    take_flags(instruction);
    read_heredocs(instruction, lines);
    file.instructions.push_back(std::move(instruction));
  }
  return file;
}

}  // namespace hushrun::lint
