// set, unset, list: one secret of a sealed document at a time.

#include <unistd.h>

#include "config/reference.h"
#include "core/log.h"
#include "tool/commands.h"
#include "tool/content.h"
#include "tool/document.h"
#include "tool/terminal.h"

namespace hushrun::tool {
namespace {

constexpr std::size_t kValueLimit = 1024 * 1024;  // what the launcher takes for one secret

Error flawed(Literal what, const std::string& path, const ContentFlaw& flaw) {
  const Public place = flaw.line > 0 ? Public::path(path) + ":" + Public::number(flaw.line) : Public::path(path);
  return {Code::secret_invalid, what, place, flaw.why, flaw.fix};
}

Result<void> expect_name(const std::string& name) {
  if (Name::parse(name)) return {};
  // NAME=VALUE, most likely: a value that now stands in the shell's history.
  return Error{Code::usage, "not a secret's name", "command line", "letters, digits and underscores, then also dots and dashes",
               "give the name alone; the value comes from standard input"};
}

// One line loses its end, which echo and editors leave; a value of several lines is kept as it is.
Result<Secret> read_value(const std::string& name) {
  Secret value = TRY(is_terminal(STDIN_FILENO) ? ask("value of " + Public::name(name), "give it on standard input") : read_place("-", kValueLimit));
  const std::string_view text = age::View{value}.text();
  if (text.find('\n') == text.size() - 1 && !text.empty()) {
    const std::size_t end = text.ends_with("\r\n") ? 2 : 1;
    value.shrink(value.size() - end);
  }
  if (value.size() == 0) return Error{Code::secret_empty, "no value", "standard input", "it is empty", "give the value, or remove the name with hushkit unset"};
  return value;
}

}  // namespace

Result<void> set_value(const Options& options) {
  TRY(expect_name(options.name));
  const std::string& path = *options.file;
  const Document document = TRY(open_document(options, path, Missing::empty));
  const Readers readers = TRY(readers_of(options, path, document));
  const Secret value = TRY(read_value(options.name));
  const Format format = format_of(path, document.content);
  const Secret changed = TRY(with_value(document.content, format, options.name, value).or_error([&](const ContentFlaw& flaw) {
    return flawed("cannot set the value", path, flaw);
  }));
  return seal_document(path, document, readers, changed);
}

Result<void> unset_value(const Options& options) {
  TRY(expect_name(options.name));
  const std::string& path = *options.file;
  const Document document = TRY(open_document(options, path, Missing::refused));
  const Readers readers = TRY(readers_of(options, path, document));
  const Secret changed = TRY(without(document.content, format_of(path, document.content), options.name).or_error([&](const ContentFlaw& flaw) {
    return flawed("cannot remove the name", path, flaw);
  }));
  return seal_document(path, document, readers, changed);
}

Result<void> list_names(const Options& options) {
  const std::string& path = *options.file;
  const Document document = TRY(open_document(options, path, Missing::refused));
  std::vector<std::string> names = TRY(names_in(document.content, format_of(path, document.content)).or_error([&](const ContentFlaw& flaw) {
    return flawed("cannot list the names", path, flaw);
  }));
  std::string lines;
  for (const std::string& name : names) {
    // A JSON name can be anything; one that could not be delivered anyway is not shown.
    lines += Name::parse(name) ? name : std::string{"(a name that is not shown)"};
    lines += '\n';
  }
  return print(lines.data(), lines.size());
}

}  // namespace hushrun::tool
