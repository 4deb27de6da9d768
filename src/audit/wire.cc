#include "audit/wire.h"

#include <iterator>

namespace hushrun::audit::wire {
namespace {

// What a walker says of a gap: the words themselves do not come from the other side, only which of them.
constexpr Literal kWords[] = {
    "cut off or damaged",
    "could not be read to its end",
    "grows to more than 200 times its size",
    "archives in archives, more than eight deep",
    "an archive of a kind that is not opened",
    "a document of this size is not read as one, only searched",
    "more than 20 million files",
    "encrypted",
    "an image's configuration is not in the archive",
    "a layer is not in the archive",
    "more findings than are kept",
    "a record of the log is longer than is joined",
    "what git says of its objects ends too early",
    "an object cannot be read",
    "what another process found of it cannot be read",
};
constexpr std::size_t kLongestText = std::size_t{1} << 20;

}  // namespace

void Writer::number(std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out_ += static_cast<char>(value | 0x80);
  out_ += static_cast<char>(value);
}

void Writer::text(std::string_view text) {
  text = text.substr(0, kLongestText);
  number(text.size());
  out_ += text;
}

void Writer::locator(const Locator& where) {
  number(static_cast<unsigned>(where.place));
  text(where.artifact);
  text(where.image);
  number(where.layer);
  text(where.object);
  text(where.path);
  number(where.line);
  number(where.offset);
}

std::uint64_t Reader::number() {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    if (in_.empty()) break;
    const auto byte = static_cast<unsigned char>(in_.front());
    in_.remove_prefix(1);
    value |= std::uint64_t{byte & 0x7fU} << shift;
    if (byte < 0x80) return value;
  }
  ok_ = false;
  in_ = {};
  return 0;
}

std::string Reader::text() {
  const std::uint64_t size = number();
  if (size > in_.size()) {
    ok_ = false;
    in_ = {};
  }
  if (!ok_) return {};
  const std::string out{in_.substr(0, size)};
  in_.remove_prefix(size);
  return out;
}

Locator Reader::locator() {
  Locator where;
  const std::uint64_t place = number();
  ok_ = ok_ && place <= static_cast<unsigned>(Place::file_path);
  where.place = ok_ ? static_cast<Place>(place) : Place::file;
  where.artifact = text();
  where.image = text();
  where.layer = static_cast<std::uint32_t>(number());
  where.object = text();
  where.path = text();
  where.line = static_cast<std::uint32_t>(number());
  where.offset = number();
  return where;
}

std::string of(const Hit& hit) {
  Writer out;
  out.number(hit.needle);
  out.number(hit.shape.steps().size());
  for (Step step : hit.shape.steps()) out.number(static_cast<unsigned>(step));
  out.locator(hit.where);
  out.number(static_cast<unsigned>(hit.visibility));
  out.number(hit.hidden_by);
  out.number(static_cast<unsigned>(hit.published));
  out.text(hit.made_by);
  out.number(hit.repeats);
  return out.take();
}

std::optional<Hit> hit_of(Reader& in, std::size_t needles) {
  Hit hit;
  hit.needle = static_cast<std::uint32_t>(in.number());
  const std::uint64_t steps = in.number();
  for (std::uint64_t i = 0; i < steps && in.ok(); ++i) {
    const std::uint64_t step = in.number();
    if (step >= kSteps) return std::nullopt;
    hit.shape.add(static_cast<Step>(step));
  }
  hit.where = in.locator();
  const std::uint64_t visibility = in.number();
  hit.hidden_by = static_cast<std::uint32_t>(in.number());
  const std::uint64_t published = in.number();
  hit.made_by = in.text();
  hit.repeats = in.number();
  if (!in.ok() || hit.needle >= needles || visibility > 2 || published > 1) return std::nullopt;
  hit.visibility = static_cast<Visibility>(visibility);
  hit.published = static_cast<Published>(published);
  return hit;
}

std::string of(const Gap& gap) {
  Writer out;
  out.number(static_cast<unsigned>(gap.kind));
  out.locator(gap.where);
  std::size_t word = 0;
  while (word + 1 < std::size(kWords) && kWords[word].view() != gap.what.view()) ++word;
  out.number(word);
  return out.take();
}

std::optional<Gap> gap_of(Reader& in) {
  const std::uint64_t kind = in.number();
  Locator where = in.locator();
  const std::uint64_t word = in.number();
  if (!in.ok() || kind > static_cast<unsigned>(Gap::Kind::weak) || word >= std::size(kWords)) return std::nullopt;
  return Gap{static_cast<Gap::Kind>(kind), std::move(where), kWords[word], {}};
}

std::string of(const Totals& totals) {
  Writer out;
  for (std::uint64_t value : {std::uint64_t{totals.images}, std::uint64_t{totals.layers}, std::uint64_t{totals.files}, std::uint64_t{totals.objects},
                              std::uint64_t{totals.logs}, totals.bytes}) {
    out.number(value);
  }
  return out.take();
}

std::optional<Totals> totals_of(Reader& in) {
  Totals totals;
  totals.images = in.number();
  totals.layers = in.number();
  totals.files = in.number();
  totals.objects = in.number();
  totals.logs = in.number();
  totals.bytes = in.number();
  if (!in.ok()) return std::nullopt;
  return totals;
}

}  // namespace hushrun::audit::wire
