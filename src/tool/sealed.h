#pragma once
// A sealed file on its way in, whose header has been looked at: who can open it is known before a key is asked for.

#include <memory>
#include <string>

#include "age/armor.h"
#include "age/bytes.h"
#include "age/header.h"
#include "tool/place.h"

namespace hushrun::tool {

/// The file from its first byte on, once.
class Sealed final : public age::Reader {
 public:
  /// Reads as far as the header goes. A file that never was a sealed one is an error; one that is damaged is told by `flaw`, for
  /// opening it says more.
  static Result<Sealed> look(age::Reader& from, Public where);
  Sealed(Sealed&&) = default;

  Result<std::size_t, age::Failure> read(char* room, std::size_t size) override;
  std::optional<std::uint64_t> size() const override;

  bool armored() const { return age::looks_armored(*beginning_); }
  const std::optional<age::Failure>& flaw() const { return flaw_; }
  /// Who can open it; empty if there is a flaw.
  const std::vector<age::Stanza>& stanzas() const { return header_.stanzas; }
  const age::Header& header() const { return header_; }
  /// The header's bytes, without armor. Every sealing has its own, for a new file key is wrapped in it.
  std::string_view header_text() const { return std::string_view{*text_}.substr(0, header_.size); }
  /// Readers the file has: stanzas without those that rage adds to keep others from relying on their number.
  std::size_t readers() const;
  bool by_passphrase() const;

 private:
  explicit Sealed(age::Reader& from) : from_{&from} {}
  std::optional<age::Failure> parse();
  bool begins_as_one() const;

  age::Reader* from_;
  std::unique_ptr<std::string> beginning_ = std::make_unique<std::string>();  // as read; views stay good when this moves
  std::unique_ptr<std::string> text_ = std::make_unique<std::string>();       // the header, without armor
  age::Header header_{};
  std::optional<age::Failure> flaw_;
  bool incomplete_ = false;
  std::size_t given_ = 0;
};

}  // namespace hushrun::tool
