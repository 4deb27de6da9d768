#include "tool/sealed.h"

#include <algorithm>

#include "age/scrypt.h"

namespace hushrun::tool {
namespace {

constexpr std::size_t kFirstLook = 4096;
constexpr std::size_t kLongestLook = 2 * age::kHeaderLimit;  // armor takes a third more

// What the armor holds, as far as it is sound and there.
std::string without_armor(std::string_view text) {
  age::MemoryReader reader{text};
  age::ArmorReader armor{reader};
  std::string out(text.size(), '\0');
  std::size_t used = 0;
  while (used < out.size()) {
    // A line at a time: what a failure interrupts gives nothing.
    const Result<std::size_t, age::Failure> got = armor.read(out.data() + used, std::min(out.size() - used, age::kArmorLineBytes));
    if (!got || got.value() == 0) break;
    used += got.value();
  }
  out.resize(used);
  return out;
}

}  // namespace

std::optional<age::Failure> Sealed::parse() {
  *text_ = armored() ? without_armor(*beginning_) : *beginning_;
  Result<age::Header, age::HeaderProblem> header = age::parse_header(*text_);
  if (header) {
    header_ = std::move(header).value();
    return std::nullopt;
  }
  incomplete_ = header.error().incomplete;
  return age::Failure{age::Failed::header, header.error().why};
}

bool Sealed::begins_as_one() const {
  constexpr std::string_view kBeginning = "age-encryption.org/";
  return beginning_->empty() || armored() || beginning_->starts_with(kBeginning);
}

Result<Sealed> Sealed::look(age::Reader& from, Public where) {
  Sealed sealed{from};
  std::string& text = *sealed.beginning_;
  for (std::size_t more = kFirstLook;; more = text.size()) {
    const std::size_t before = text.size();
    text.resize(before + more);
    const std::size_t got = TRY(from.read_full(text.data() + before, more).or_error([&](const age::Failure& failure) { return at(where, failure); }));
    text.resize(before + got);
    sealed.flaw_ = sealed.parse();
    if (!sealed.begins_as_one()) {
      return Error{Code::source_invalid, "not a sealed file", where, "it does not begin as an age file does", "seal it first: hushkit seal -o FILE.age FILE"};
    }
    if (!sealed.flaw_ || !sealed.incomplete_ || got < more || text.size() > kLongestLook) return sealed;
  }
}

Result<std::size_t, age::Failure> Sealed::read(char* room, std::size_t size) {
  if (given_ == beginning_->size()) return from_->read(room, size);
  const std::size_t taken = std::string_view{*beginning_}.substr(given_).copy(room, size);
  given_ += taken;
  return taken;
}

// A reader of a regular file answers with all of the file, wherever it is in it.
std::optional<std::uint64_t> Sealed::size() const { return from_->size(); }

std::size_t Sealed::readers() const {
  return static_cast<std::size_t>(std::count_if(header_.stanzas.begin(), header_.stanzas.end(),
                                                [](const age::Stanza& stanza) { return !stanza.type.ends_with("-grease"); }));
}

bool Sealed::by_passphrase() const {
  return std::any_of(header_.stanzas.begin(), header_.stanzas.end(), [](const age::Stanza& stanza) { return stanza.type == age::kScryptType; });
}

}  // namespace hushrun::tool
