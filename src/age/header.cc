#include "age/header.h"

#include <algorithm>

namespace hushrun::age {
namespace {

constexpr std::string_view kStanzaStart = "-> ";
constexpr std::string_view kMacStart = "---";
constexpr std::size_t kColumns = 64;

HeaderProblem malformed(Literal why) { return {why, false}; }
HeaderProblem cut_off() { return {"it is cut off", true}; }

// Cuts lines off the front of the text; LF only.
class Lines {
 public:
  explicit Lines(std::string_view text) : text_{text} {}

  /// The next line without its LF.
  Result<std::string_view, HeaderProblem> take() {
    const std::string_view rest = text_.substr(at_);
    const std::size_t length = rest.substr(0, kHeaderLineLimit).find('\n');
    if (length == std::string_view::npos && rest.size() >= kHeaderLineLimit) return malformed("a line is longer than 16 KiB");
    if (at_ + std::min(length, rest.size()) >= kHeaderLimit) return malformed("it is longer than 1 MiB");
    if (length == std::string_view::npos) return cut_off();
    at_ += length + 1;
    return rest.substr(0, length);
  }
  std::size_t at() const { return at_; }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

// The arguments of a stanza's first line: one or more printable characters each, one space between them.
Result<std::vector<std::string_view>, HeaderProblem> split_arguments(std::string_view line) {
  std::vector<std::string_view> arguments;
  for (std::size_t start = 0; start <= line.size();) {
    const std::size_t end = std::min(line.find(' ', start), line.size());
    const std::string_view argument = line.substr(start, end - start);
    if (argument.empty()) return malformed("a stanza has an empty argument");
    if (std::any_of(argument.begin(), argument.end(), [](char c) { return c < 33 || c > 126; })) {
      return malformed("a stanza's argument has a character that is not printable ASCII");
    }
    arguments.push_back(argument);
    start = end + 1;
  }
  return arguments;
}

// Base64 in lines of 64 columns. The first shorter line ends it, and has to be there even when it is empty.
Result<std::string, HeaderProblem> take_body(Lines& lines) {
  std::string body;
  for (;;) {
    const std::string_view line = TRY(lines.take());
    if (line.size() > kColumns) return malformed("a stanza's body has a line of more than 64 columns");
    const auto bytes = base64_decode(line, Padding::none);
    if (!bytes) return malformed("a stanza's body is not canonical base64");
    body += *bytes;
    if (line.size() < kColumns) return body;
  }
}

}  // namespace

Result<Header, HeaderProblem> parse_header(std::string_view text) {
  // A file that is none of ours is told by its first byte, not after a line's worth of it.
  const std::size_t known = std::min(text.size(), kVersionLine.size());
  if (text.starts_with(kVersionLine.substr(0, kVersionLine.size() - 1)) && text.size() >= kVersionLine.size() && text[known - 1] == '\r') {
    return malformed("its lines end in CR LF: a program that converts text files has damaged it");
  }
  if (text.substr(0, known) != kVersionLine.substr(0, known)) return malformed("it does not begin with the line \"age-encryption.org/v1\"");

  Lines lines{text};
  static_cast<void>(TRY(lines.take()));
  Header header{};
  for (;;) {
    const std::size_t start = lines.at();
    const std::string_view line = TRY(lines.take());
    if (line.starts_with(kMacStart)) {
      if (header.stanzas.empty()) return malformed("it has no stanza");
      const std::string_view coded = line.substr(kMacStart.size());
      const auto mac = coded.starts_with(' ') ? base64_exactly<32>(coded.substr(1)) : std::nullopt;
      if (!mac) return malformed("its last line is not a MAC");
      header.mac = *mac;
      header.authenticated = text.substr(0, start + kMacStart.size());
      header.size = lines.at();
      return header;
    }
    if (!line.starts_with(kStanzaStart)) return malformed("a line is neither a stanza's beginning nor the MAC");
    if (header.stanzas.size() == kStanzaLimit) return malformed("it has more than 4096 stanzas");
    std::vector<std::string_view> words = TRY(split_arguments(line.substr(kStanzaStart.size())));
    const std::string_view type = words.front();
    words.erase(words.begin());
    std::string body = TRY(take_body(lines));
    header.stanzas.push_back({type, std::move(words), std::move(body)});
  }
}

std::optional<Bytes32> wrapped_key(const Stanza& stanza) {
  if (stanza.body.size() != kWrappedSize) return std::nullopt;
  Bytes32 body;
  std::copy(stanza.body.begin(), stanza.body.end(), body.begin());
  return body;
}

}  // namespace hushrun::age
