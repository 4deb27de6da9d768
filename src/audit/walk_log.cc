#include "audit/walk_log.h"

#include <algorithm>
#include <array>
#include <optional>

#include "core/json.h"

namespace hushrun::audit {
namespace {

constexpr std::size_t kBlock = std::size_t{4} << 20;
// Of a joined stream, searched again with what follows: a value of this size that was cut is found.
constexpr std::size_t kOverlap = std::size_t{256} << 10;

// One stream's text, joined. Shown in blocks that overlap.
class Joined {
 public:
  Joined(std::string_view name, const Locator& where, Visitor& visitor) : where_{where}, visitor_{visitor} { where_.path = name; }
  void add(std::string_view text) {
    text_ += text;
    if (text_.size() >= kBlock) show();
  }
  void show() {
    if (text_.size() <= old_) return;
    where_.line = line_;
    visitor_.text(where_, text_);
    const std::size_t keep = std::min(text_.size(), kOverlap);
    line_ += static_cast<std::uint32_t>(std::count(text_.begin(), text_.end() - static_cast<std::ptrdiff_t>(keep), '\n'));
    where_.offset += text_.size() - keep;
    text_.erase(0, text_.size() - keep);
    old_ = keep;
  }

 private:
  Locator where_;
  Visitor& visitor_;
  std::string text_;
  std::size_t old_ = 0;
  std::uint32_t line_ = 1;
};

struct Streams {
  Streams(const Locator& where, Visitor& visitor) : list{Joined{"stdout", where, visitor}, Joined{"stderr", where, visitor}} {}
  void show() {
    for (Joined& one : list) one.show();
  }
  std::array<Joined, 2> list;
};

struct Record {
  std::string text;
  bool is_stderr = false;
};

std::optional<Record> json_record(std::string_view line) {
  if (!line.starts_with("{")) return std::nullopt;
  Record record;
  bool is_log = false;
  const bool whole = json::scalars(line, [&](const json::Scalar& one) {
    if (one.kind != json::Scalar::Kind::string) return;
    if (one.path == "log") record.text = one.text, is_log = true;
    if (one.path == "stream") record.is_stderr = one.text == "stderr";
  });
  if (!whole || !is_log) return std::nullopt;
  return record;
}

// `2016-10-06T00:17:09.669794202Z stdout F text`; P is a record that goes on in the next one of its stream.
std::optional<Record> cri_record(std::string_view line) {
  const std::size_t time = line.find(' ');
  if (time == std::string_view::npos || time < 20 || line[4] != '-' || line[10] != 'T') return std::nullopt;
  line.remove_prefix(time + 1);
  const bool error = line.starts_with("stderr ");
  if (!error && !line.starts_with("stdout ")) return std::nullopt;
  line.remove_prefix(7);
  if (line.size() < 2 || (line[0] != 'P' && line[0] != 'F') || (line[1] != ' ' && line[1] != ':')) return std::nullopt;
  const bool whole = line[0] == 'F';
  const std::size_t tags = line.find(' ');
  Record record{tags == std::string_view::npos ? std::string{} : std::string{line.substr(tags + 1)}, error};
  if (whole) record.text += '\n';
  return record;
}

}  // namespace

void walk_log(Bytes& bytes, const Locator& where, Visitor& visitor) {
  const std::string_view beginning = bytes.peek();
  const std::string_view first = beginning.substr(0, beginning.find('\n'));
  const auto record_of = json_record(first) ? json_record : cri_record(first) ? cri_record : nullptr;
  if (record_of == nullptr) {
    visitor.begin(where);
    for (std::string_view chunk = bytes.take(); !chunk.empty(); chunk = bytes.take()) visitor.feed(chunk);
    visitor.end();
  } else {
    Streams streams{where, visitor};
    Locator at = where;
    at.line = 1;
    std::string block;
    for (bool ended = false; !ended;) {
      const std::string_view chunk = bytes.take();
      ended = chunk.empty();
      block += chunk;
      if (!ended && block.size() < kBlock) continue;
      std::size_t whole = ended ? block.size() : block.rfind('\n');
      whole = ended ? whole : whole == std::string::npos ? 0 : whole + 1;
      if (whole == 0 && block.size() >= 4 * kBlock) {
        visitor.gap({Gap::Kind::limit, at, "a record of the log is longer than is joined", {}});
        whole = block.size();
      }
      const std::string_view records = std::string_view{block}.substr(0, whole);
      if (!records.empty()) visitor.text(at, records);
      for (std::string_view rest = records; !rest.empty();) {
        const std::size_t end = std::min(rest.find('\n'), rest.size() - 1);
        if (const auto record = record_of(rest.substr(0, end + (rest[end] == '\n' ? 0 : 1)))) streams.list[record->is_stderr ? 1 : 0].add(record->text);
        rest.remove_prefix(end + 1);
      }
      at.line += static_cast<std::uint32_t>(std::count(records.begin(), records.end(), '\n'));
      at.offset += records.size();
      block.erase(0, whole);
    }
    streams.show();
  }
  if (bytes.broken()) visitor.gap({Gap::Kind::unreadable, where, "could not be read to its end", {}});
}

void walk_engine_log(Bytes& bytes, const Locator& where, Visitor& visitor) {
  const std::string_view beginning = bytes.peek();
  if (beginning.size() < 8 || static_cast<unsigned char>(beginning[0]) > 2 || beginning.substr(1, 3) != std::string_view{"\0\0\0", 3}) {
    return walk_log(bytes, where, visitor);
  }
  Streams streams{where, visitor};
  std::string head;
  std::size_t left = 0;
  for (std::string_view chunk = bytes.take(); !chunk.empty(); chunk = bytes.take()) {
    while (!chunk.empty()) {
      if (left == 0) {
        const std::size_t wanted = std::min(8 - head.size(), chunk.size());
        head += chunk.substr(0, wanted);
        chunk.remove_prefix(wanted);
        if (head.size() < 8) continue;
        for (std::size_t i = 4; i < 8; ++i) left = left << 8 | static_cast<unsigned char>(head[i]);
        if (left == 0) head.clear();
        continue;
      }
      const std::string_view piece = chunk.substr(0, left);
      streams.list[head[0] == 2 ? 1 : 0].add(piece);
      left -= piece.size();
      chunk.remove_prefix(piece.size());
      if (left == 0) head.clear();
    }
  }
  streams.show();
  if (bytes.broken() || !head.empty()) visitor.gap({Gap::Kind::unreadable, where, "could not be read to its end", {}});
}

}  // namespace hushrun::audit
