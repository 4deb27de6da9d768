// set, unset, list: one secret of a sealed document at a time.

#include <unistd.h>

#include <algorithm>

#include "config/reference.h"
#include "core/log.h"
#include "plan/automatic.h"
#include "tool/commands.h"
#include "tool/content.h"
#include "tool/document.h"
#include "tool/terminal.h"

namespace hushrun::tool {
namespace {

constexpr std::size_t kValueLimit = 1024 * 1024;  // what the launcher takes for one secret

Error flawed(Literal what, const std::string& path, const ContentFlaw& flaw) {
  const Public place = flaw.line > 0 ? shown_path(path) + ":" + Public::number(flaw.line) : shown_path(path);
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

// Somebody else's change, made since we read the file, is not overwritten.
Result<void> expect_unchanged(const std::string& path, const Document& document) {
  if (!changed_meanwhile(path, document)) return {};
  return Error{Code::target_refused, "the file was changed meanwhile", shown_path(path), "somebody else has sealed it since it was read", "do it again"};
}

// A new name beside one that becomes the same variable: meant as that one, most likely.
void warn_of_twin(const std::vector<std::string>& names, const std::string& name, const std::string& path) {
  if (std::find(names.begin(), names.end(), name) != names.end()) return;
  const std::optional<VariableName> variable = variable_for(name);
  const auto twin = std::find_if(names.begin(), names.end(), [&](const std::string& each) { return variable && variable_for(each) == variable; });
  if (twin == names.end()) return;
  log::warn({Code::secret_suspicious, "two names fall on one variable", shown_path(path), "beside the new name there is " + Public::name(*twin),
             "remove one of them with hushkit unset, or map them in hushrun.yaml under env"});
}

class Set final : public Subcommand {
 public:
  void describe(Words& words) override {
    options_.describe(words);
    words.required_word(path_, kFile, "the sealed file");
    words.required_word(name_, kName, "the name of the secret");
  }

  Result<ExitCode> run() override {
    TRY(expect_name(name_));
    TRY(expect_file(path_));
    const Document document = TRY(open_document(options_.keys, path_, Missing::empty));
    const Readers readers = TRY(readers_of(options_, path_, document));
    const Secret value = TRY(read_value(name_));
    const Format format = format_of(path_, document.content);
    const Secret changed = TRY(with_value(document.content, format, name_, value).or_error([&](const ContentFlaw& flaw) {
      return flawed("cannot set the value", path_, flaw);
    }));
    TRY(expect_unchanged(path_, document));
    TRY(seal_document(options_, path_, document, readers, changed));
    if (const auto names = names_in(document.content, format)) warn_of_twin(names.value(), name_, path_);
    return ExitCode::success();
  }

 private:
  SealOptions options_;
  std::string path_, name_;
};

class Unset final : public Subcommand {
 public:
  void describe(Words& words) override {
    options_.describe(words);
    words.required_word(path_, kFile, "the sealed file");
    words.required_word(name_, kName, "the name of the secret");
  }

  Result<ExitCode> run() override {
    TRY(expect_name(name_));
    TRY(expect_file(path_));
    const Document document = TRY(open_document(options_.keys, path_, Missing::refused));
    const Readers readers = TRY(readers_of(options_, path_, document));
    const Secret changed = TRY(without(document.content, format_of(path_, document.content), name_).or_error([&](const ContentFlaw& flaw) {
      return flawed("cannot remove the name", path_, flaw);
    }));
    TRY(expect_unchanged(path_, document));
    TRY(seal_document(options_, path_, document, readers, changed));
    return ExitCode::success();
  }

 private:
  SealOptions options_;
  std::string path_, name_;
};

class List final : public Subcommand {
 public:
  void describe(Words& words) override {
    options_.describe(words);
    words.required_word(path_, kFile, "the sealed file");
  }

  Result<ExitCode> run() override {
    const Document document = TRY(open_document(options_, path_, Missing::refused));
    std::vector<std::string> names = TRY(names_in(document.content, format_of(path_, document.content)).or_error([&](const ContentFlaw& flaw) {
      return flawed("cannot list the names", path_, flaw);
    }));
    std::string lines;
    for (const std::string& name : names) {
      // A JSON name can be anything; one that could not be delivered anyway is not shown.
      lines += Name::parse(name) ? name : std::string{"(a name that is not shown)"};
      lines += '\n';
    }
    TRY(print(lines.data(), lines.size()));
    return ExitCode::success();
  }

 private:
  KeyOptions options_;
  std::string path_;
};

}  // namespace

Made set() { return std::make_unique<Set>(); }
Made unset() { return std::make_unique<Unset>(); }
Made list() { return std::make_unique<List>(); }

}  // namespace hushrun::tool
