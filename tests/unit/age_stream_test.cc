// The payload: chunks around their boundaries, and files that say something else about their size.

#include <catch2/catch.hpp>

#include <string>

#include "age/open_in_parallel.h"
#include "age/stream.h"
#include "age_support.h"

using namespace hushrun;
using namespace hushrun::age;

namespace {

std::string content_of(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 31 + i / 251);
  return bytes;
}

// Announces a size that is not the true one.
class Liar final : public Reader {
 public:
  Liar(std::string_view bytes, std::uint64_t said) : bytes_{bytes}, said_{said} {}
  Result<std::size_t, Failure> read(char* room, std::size_t size) override { return bytes_.read(room, std::min<std::size_t>(size, 10'000)); }
  std::optional<std::uint64_t> size() const override { return said_; }

 private:
  MemoryReader bytes_;
  std::uint64_t said_;
};

}  // namespace

TEST_CASE("content of every size around a chunk is sealed and opened, whole and in pieces") {
  const auto size = GENERATE(0U, 1U, 15U, 16U, 4095U, 4096U, 65'535U, 65'536U, 65'537U, 131'071U, 131'072U, 131'073U, 262'144U, 262'145U, 327'681U);
  const auto piece = GENERATE(1'000'000U, 65'536U, 999U);
  const std::string content = content_of(size);
  Collected sealed;
  auto sealer = Sealer::start(test_recipients(), Form::binary, sealed, piece == 999 ? std::nullopt : std::optional<std::uint64_t>{size});
  REQUIRE(sealer);
  for (std::size_t at = 0; at < content.size(); at += piece) {
    REQUIRE(sealer.value().write(content.data() + at, std::min<std::size_t>(piece, content.size() - at)));
  }
  REQUIRE(sealer.value().finish());

  const auto header = parse_header(sealed.text);
  REQUIRE(header);
  CHECK(content_size(sealed.text.size() - header.value().size) == size);

  const auto whole = opened(sealed.text, test_identities());
  REQUIRE(whole);
  CHECK(text_of(whole.value()) == content);

  const auto said = GENERATE_COPY(values<std::uint64_t>({0, 1, 17, 70'000, 1'000'000'000}));
  Liar liar{sealed.text, said};
  Collected streamed;
  REQUIRE(open_into(liar, test_identities(), {}, streamed, GENERATE(open_payload, open_payload_in_parallel)));
  CHECK(streamed.text == content);
}

TEST_CASE("a size announced too small for a sealer does no harm") {
  const std::string content = content_of(200'000);
  Collected sealed;
  auto sealer = Sealer::start(test_recipients(), Form::binary, sealed, 10);
  REQUIRE(sealer);
  REQUIRE(sealer.value().write(content.data(), content.size()));
  REQUIRE(sealer.value().finish());
  const auto whole = opened(sealed.text, test_identities());
  REQUIRE(whole);
  CHECK(text_of(whole.value()) == content);
}

TEST_CASE("a payload that is cut off, goes on, or changes its order does not open, and nothing of it is let out in memory") {
  const std::string content = content_of(3 * kChunkSize + 100);
  const auto sealed = seal(View{content}, test_recipients(), Form::binary);
  REQUIRE(sealed);
  const std::size_t start = parse_header(sealed.value()).value().size + kPayloadNonceSize;
  const std::string head = sealed.value().substr(0, start);
  const auto chunk = [&](std::size_t i) { return sealed.value().substr(start + i * kSealedChunkSize, kSealedChunkSize); };
  const auto [file, cut] = GENERATE_COPY(table<std::string, bool>({
      {head + chunk(0) + chunk(1) + chunk(2), true},
      {head + chunk(0), true},
      {head, true},
      {head + chunk(0) + chunk(1) + chunk(2) + chunk(3).substr(0, 15), true},
      {head + chunk(0) + chunk(1) + chunk(2) + chunk(3) + "x", false},
      {head + chunk(0) + chunk(1) + chunk(2) + chunk(3) + chunk(3), false},
      {head + chunk(1) + chunk(0) + chunk(2) + chunk(3), false},
      {head + chunk(0) + chunk(2) + chunk(3), false},
      {head + chunk(3), false},
  }));
  const auto whole = opened(file, test_identities());
  REQUIRE_FALSE(whole);
  CHECK(whole.error().kind == Failed::payload);
  if (cut) CHECK(whole.error().why.words().view().find("cut off") != std::string_view::npos);
}

TEST_CASE("of a large file two threads make the same as one, and its first flaw is the one that is told") {
  const std::string content = content_of(70 * kChunkSize + 5);
  const auto sealed = seal(content, test_recipients(), Form::binary);
  REQUIRE(sealed);
  const std::size_t start = parse_header(sealed.value()).value().size + kPayloadNonceSize;
  const auto opened_by_two = [](std::string_view file, Collected& out) {
    MemoryReader reader{file};
    return open_into(reader, test_identities(), {}, out, open_payload_in_parallel);
  };
  Collected whole;
  REQUIRE(opened_by_two(sealed.value(), whole));
  CHECK(whole.text == content);

  for (std::size_t chunk = 0; chunk <= 70; ++chunk) {
    std::string damaged = sealed.value();
    damaged[start + chunk * kSealedChunkSize] ^= 1;
    damaged.resize(damaged.size() - 1);
    Collected out;
    const auto answer = opened_by_two(damaged, out);
    REQUIRE_FALSE(answer);
    CHECK(answer.error().kind == Failed::payload);
    CHECK(answer.error().why.words().view() == (chunk == 70 ? "it is damaged or cut off" : "it is damaged"));
    // Whole batches before the flaw, and nothing after it.
    CHECK(out.text == content.substr(0, chunk / kLargeBatchChunks * kLargeBatchChunks * kChunkSize));
  }
}

TEST_CASE("verifying fails where opening fails, and gives nothing") {
  const auto size = GENERATE(0U, 1U, 100U, 3U * kChunkSize, 70U * kChunkSize + 5U);
  const auto verify = GENERATE(verify_payload, verify_payload_in_parallel);
  const auto sealed = seal(content_of(size), test_recipients(), Form::binary);
  REQUIRE(sealed);
  const auto verified = [&](std::string_view file) {
    MemoryReader reader{file};
    Collected out;
    const auto answer = open_into(reader, test_identities(), {}, out, verify);
    CHECK(out.text.empty());
    return answer;
  };
  CHECK(verified(sealed.value()));
  const std::size_t start = parse_header(sealed.value()).value().size + kPayloadNonceSize;
  for (std::size_t at = start; at < sealed.value().size(); at += kSealedChunkSize / 2) {
    std::string damaged = sealed.value();
    damaged[at] ^= 1;
    const auto answer = verified(damaged);
    REQUIRE_FALSE(answer);
    CHECK(answer.error().kind == Failed::payload);
  }
  for (const std::string& bad : {sealed.value().substr(0, sealed.value().size() - 1), sealed.value() + "x"}) {
    const auto answer = verified(bad);
    REQUIRE_FALSE(answer);
    CHECK(answer.error().kind == Failed::payload);
  }
}

TEST_CASE("two threads stop at a full disk and at a file that cannot be read on") {
  const std::string content = content_of(70 * kChunkSize);
  const auto sealed = seal(content, test_recipients(), Form::binary);
  REQUIRE(sealed);
  const auto room = GENERATE(0U, 1U, 10U, 25U, 50U, 69U);
  std::string disk(room * kChunkSize, '\0');
  RoomWriter full{disk.data(), disk.size()};
  MemoryReader reader{sealed.value()};
  const auto unwritten = open_into(reader, test_identities(), {}, full, open_payload_in_parallel);
  REQUIRE_FALSE(unwritten);
  CHECK(unwritten.error().kind == Failed::too_large);

  class Broken final : public Reader {
   public:
    explicit Broken(std::string_view bytes) : bytes_{bytes} {}
    Result<std::size_t, Failure> read(char* to, std::size_t size) override {
      const std::size_t got = TRY(bytes_.read(to, size));
      if (got == 0) return Failure{Failed::reading, Errno{5}};
      return got;
    }

   private:
    MemoryReader bytes_;
  } broken{std::string_view{sealed.value()}.substr(0, room * kSealedChunkSize + 1000)};
  Collected out;
  const auto unread = open_into(broken, test_identities(), {}, out, open_payload_in_parallel);
  REQUIRE_FALSE(unread);
  CHECK(unread.error().kind == Failed::reading);
}

TEST_CASE("a payload has a size that payloads have") {
  const auto [payload, content] = GENERATE(table<std::uint64_t, std::optional<std::uint64_t>>({
      {0, std::nullopt},
      {16, std::nullopt},
      {31, std::nullopt},
      {32, 0},
      {33, 1},
      {16 + 65'552, 65'536},
      {16 + 65'552 + 15, std::nullopt},
      {16 + 65'552 + 16, std::nullopt},  // an empty last chunk
      {16 + 65'552 + 17, 65'537},
  }));
  CAPTURE(payload);
  CHECK(content_size(payload) == content);
}
