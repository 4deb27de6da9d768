#pragma once
// Dotenv text, `KEY=VALUE` lines: the parser, which sealed files use as well, and the source that reads a plain .env.
//
// The rules are those on which Compose's env_file and npm's dotenv agree; where they differ, the line that loses nothing:
//   KEY=VALUE, export KEY=VALUE, KEY: VALUE   blanks around the separator are dropped; `:` counts before a blank only
//   # comment                                 also after a value: behind a blank, or behind a closing quote
//   bare value                                to the end of the line, blanks at its ends dropped, nothing else changed
//   'value'                                   as it stands, lines and all; \' is a quote, unless it can only be the end
//   "value"                                   \n \r \t \" \\ \$ are replaced, any other backslash stays; lines as well
//   `value`                                   as it stands, lines and all
// A BOM is dropped, CR LF is LF. The last of two equal keys wins. A key is a secret's name.
// Never: expansion of $VAR or ${VAR}, execution of $(command). A value is data; what Compose, or dotenvx, would have
// expanded is reported by line and kept.
//
// `docker run --env-file` is another format: there quotes belong to the value, # after a value does too, nothing is
// trimmed, and a bare KEY is taken from the environment. A bare KEY is an error here, for it says nothing.

#include <vector>

#include "source/source.h"

namespace hushrun {

struct DotenvError {
  unsigned line;
  Literal why;  // never quotes the text
};

struct DotenvEntry {
  Name name;
  Secret value;
  unsigned line;
  unsigned last_line;  // more than `line` for a quoted value of several lines
};

struct Dotenv {
  std::vector<DotenvEntry> entries;   // in order of their last lines; names are unique
  std::vector<unsigned> overridden;   // lines whose key comes again further down
  std::vector<unsigned> unexpanded;   // lines with a $ that another reader would expand
};

Result<Dotenv, DotenvError> parse_dotenv(const Secret& text);

/// Largest dotenv file: as large as a sealed file may be, for it is what one holds.
inline constexpr std::size_t kDotenvLimit = 16 * 1024 * 1024;

class OpenDotenvSource {
 public:
  /// Reads and parses all of it, once.
  static Opening<OpenDotenvSource> open(const DotenvSource& config, const Environment& environment, Presence presence);

  Lookup find(const Name& name) const;
  Result<Offer, Trouble> offered() const;
  std::optional<Public> whereabouts(const Name& name) const;

  /// Lines worth a word to the user: see Dotenv.
  const std::vector<unsigned>& overridden() const { return content_.overridden; }
  const std::vector<unsigned>& unexpanded() const { return content_.unexpanded; }
  Public where() const { return shown_; }

 private:
  OpenDotenvSource(Dotenv content, Public shown, sys::FileStatus status)
      : content_{std::move(content)}, shown_{shown}, status_{status} {}
  const DotenvEntry* entry(const Name& name) const;
  Public place_of(const DotenvEntry& found) const;

  Dotenv content_;
  Public shown_;
  sys::FileStatus status_;
};

}  // namespace hushrun
