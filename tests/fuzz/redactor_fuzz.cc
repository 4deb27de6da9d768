// The redactor over values and texts of few letters, cut anywhere and with pauses anywhere: no needle comes out, and the output
// with the marks put back is the input. Without pauses it is what a replace over the whole text gives, byte for byte.

#include <cstdint>
#include <cstdlib>

#include "../unit/leak_naive.h"
#include "leak/redactor.h"

namespace hushrun::leak {
namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

// The input of the fuzzer as a source of small numbers; zeros when it is used up.
class Choices {
 public:
  Choices(const std::uint8_t* data, std::size_t size) : data_{data}, left_{size} {}
  std::size_t below(std::size_t limit) {
    if (left_ == 0) return 0;
    --left_;
    return *data_++ % limit;
  }
  bool any() const { return left_ > 0; }

 private:
  const std::uint8_t* data_;
  std::size_t left_;
};

struct Output {
  std::vector<std::string> between{""};  // what stands before, between and after the marks

  void add(Redactor::Slices slices, const Needles& needles) {
    for (std::string_view slice : slices) {
      bool is_mark = false;
      for (std::uint32_t i = 0; i < needles.size(); ++i) is_mark |= slice.data() == needles.mark(i).data();
      if (is_mark) between.emplace_back();
      else between.back().append(slice);
    }
  }
};

void require_no_needle(const Output& output, const std::vector<naive::Pattern>& patterns) {
  for (const std::string& text : output.between) {
    for (const naive::Found& found : naive::matches(text, patterns)) {
      // A word beside a mark had another neighbour in the input.
      require(found.end - found.begin < Forms::kShortest && (found.begin == 0 || found.end == text.size()));
    }
  }
}

void require_marks_fit(const Output& output, const std::string& input) {
  const std::vector<std::string>& between = output.between;
  if (between.size() == 1) return require(between[0] == input);
  require(input.starts_with(between.front()) && input.ends_with(between.back()));
  std::size_t at = between.front().size();
  const std::size_t end = input.size() - between.back().size();
  for (std::size_t i = 1; i + 1 < between.size(); ++i) {
    const std::size_t found = input.find(between[i], at + 1);  // a mark stands for a byte at least
    require(found != std::string::npos);
    at = found + between[i].size();
  }
  require(at < end);
}

void run(Choices choices) {
  static constexpr Public kNames[] = {"K", "L", "M", "N"};
  static constexpr std::string_view kLetters = "ab-dA/+\n";
  const std::string_view alphabet = kLetters.substr(0, 2 + choices.below(7));
  naive::Values values;
  const std::size_t count = 1 + choices.below(4);
  for (std::size_t i = 0; i < count; ++i) {
    std::string value;
    const std::size_t size = 1 + choices.below(90);  // the filter may begin to look 69 bytes on
    while (value.size() < size) value += alphabet[choices.below(alphabet.size())];
    values.add(kNames[i], value);
  }
  const Needles needles{values.delivered()};
  const std::vector<naive::Pattern> patterns = naive::patterns_of(values);

  Redactor redactor{needles};
  Output output;
  std::string input, chunk;
  bool paused = false;
  const auto feed = [&] {
    if (chunk.empty()) return;
    input += chunk;
    const std::string moved{std::exchange(chunk, {})};
    output.add(redactor.feed(moved), needles);
  };
  while (choices.any() && input.size() < 4096) {
    switch (choices.below(8)) {
      case 0:
      case 1:
      case 2:
        for (std::size_t i = choices.below(12); i > 0; --i) chunk += alphabet[choices.below(alphabet.size())];
        break;
      case 3:
      case 4: {
        if (patterns.empty()) break;
        const std::string& form = patterns[choices.below(patterns.size())].bytes;
        const std::size_t from = choices.below(2) == 0 ? 0 : choices.below(form.size());
        chunk += form.substr(from, 1 + choices.below(form.size()));
        break;
      }
      case 5:
        feed();
        break;
      default: {
        feed();
        const auto deadline = redactor.deadline();
        if (!deadline) break;
        paused = true;
        output.add(redactor.quiet(choices.below(2) == 0 ? *deadline : Redactor::kLongPause), needles);
        // What is released once stays released: the same pause has nothing more to do.
        require(redactor.deadline() == std::nullopt || *redactor.deadline() == Redactor::kLongPause);
        break;
      }
    }
  }
  feed();
  output.add(redactor.finish(), needles);

  require_no_needle(output, patterns);
  require_marks_fit(output, input);
  const std::string expected = naive::redacted(input, patterns, needles);
  require(masked(needles, input) == expected);
  if (paused) return;
  std::size_t marks = 0;
  for (const MarkCount& one : redactor.counts()) marks += one.marks;
  require(marks + 1 == output.between.size());
  std::string together;
  Redactor again{needles};
  for (std::size_t i = 0; i < input.size(); ++i) {
    for (std::string_view slice : again.feed(std::string_view{input}.substr(i, 1))) together.append(slice);
  }
  for (std::string_view slice : again.finish()) together.append(slice);
  require(together == expected);
}

}  // namespace
}  // namespace hushrun::leak

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  hushrun::leak::run({data, size});
  return 0;
}
