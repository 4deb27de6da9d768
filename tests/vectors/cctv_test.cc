// Runs the C2SP/CCTV age vectors, as fetch.mjs lays them down, against the format's libraries:   cctv_test DIRECTORY
//
// Each vector has one flaw or none. Checked are the class of the failure, not merely that it failed (a reader that always
// fails satisfies 117 of the 143), that no plaintext comes out of a failure, and that what parses is written the same way again.

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "age/armor.h"
#include "age/armor_writer.h"
#include "age/open.h"
#include "age/open_in_parallel.h"
#include "age/seal.h"
#include "age/stream.h"
#include "core/codec.h"

namespace hushrun::age {
namespace {

constexpr std::size_t kVectors = 143;
constexpr std::size_t kPostQuantum = 19;

// Armor is told by its beginning. Garbage there makes a file that is not armored, and no age file either.
const std::string kNotSeenAsArmored = "armor_garbage_leading";

struct Vector {
  std::string name;
  std::string expect, payload, file_key;
  std::vector<std::string> identities, passphrases;
  bool armored = false;
  std::string file;
};

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

int problems = 0;
void problem(const Vector& vector, const std::string& text) {
  std::printf("FAILED %s: %s\n", vector.name.c_str(), text.c_str());
  ++problems;
}

Vector load(const std::filesystem::path& head) {
  Vector vector;
  vector.name = head.stem();
  vector.file = read_file(std::filesystem::path{head}.replace_extension(".age"));
  std::ifstream lines{head};
  for (std::string line; std::getline(lines, line);) {
    const std::size_t colon = line.find(": ");
    const std::string key = line.substr(0, colon), value = line.substr(colon + 2);
    if (key == "expect") vector.expect = value;
    else if (key == "payload") vector.payload = value;
    else if (key == "file key") vector.file_key = value;
    else if (key == "identity") vector.identities.push_back(value);
    else if (key == "passphrase") vector.passphrases.push_back(value);
    else if (key == "armored") vector.armored = value == "yes";
    else if (key != "comment" && key != "compressed") problem(vector, "the key \"" + key + "\" is not known to this test");
  }
  return vector;
}

std::string hex(const Bytes32& bytes) {
  std::string text;
  for (unsigned byte : bytes) text += {"0123456789abcdef"[byte >> 4], "0123456789abcdef"[byte & 15]};
  return text;
}

// Gives one byte at a time, and does not say how many there will be: a slow pipe.
class Trickle final : public Reader {
 public:
  explicit Trickle(std::string_view bytes) : bytes_{bytes} {}
  Result<std::size_t, Failure> read(char* room, std::size_t size) override { return bytes_.read(room, std::min<std::size_t>(size, 1)); }

 private:
  MemoryReader bytes_;
};

class Collected final : public Writer {
 public:
  Result<void, Failure> write(const char* bytes, std::size_t size) override {
    text.append(bytes, size);
    return {};
  }
  std::string text;
};

// The vectors' words for our classes. A bound of ours counts as a header failure, as the vectors have it for scrypt.
std::string class_of(const Failure& failure) {
  switch (failure.kind) {
    case Failed::header: case Failed::work_factor: return "header failure";
    case Failed::no_match: return "no match";
    case Failed::hmac: return "HMAC failure";
    case Failed::armor: return "armor failure";
    case Failed::payload: return "payload failure";
    default: return std::string{word(failure.kind).view()};
  }
}

// The header once more, from what was parsed of it.
std::string written_again(const Header& header) {
  std::string text{kVersionLine};
  for (const Stanza& stanza : header.stanzas) {
    text.append("-> ").append(stanza.type);
    for (std::string_view argument : stanza.arguments) text.append(" ").append(argument);
    const std::string coded = base64_encode(stanza.body, Padding::none);
    for (std::size_t at = 0; at <= coded.size(); at += 64) text.append("\n").append(coded.substr(at, 64));
    text += "\n";
  }
  return text.append("--- ").append(base64_encode(header.mac, Padding::none)).append("\n");
}

void check_header_again(const Vector& vector, std::string_view file) {
  const auto header = parse_header(file);
  if (!header) return;
  if (written_again(header.value()) != file.substr(0, header.value().size)) problem(vector, "its header is not written the same way again");
}

// A success is sealed again with its own file key and nonce, and has to come out byte for byte.
void check_sealed_again(const Vector& vector, std::string_view file, const std::string& content) {
  const auto header = parse_header(file);
  const auto file_key = codec::hex_decoded(Secret::of_public(vector.file_key));
  if (!header || !file_key) return problem(vector, "it has no header or no file key");
  const Secret mac_key = hkdf(*file_key, std::string_view{}, "header");
  if (hmac(mac_key, header.value().authenticated) != header.value().mac) problem(vector, "the MAC of its header comes out otherwise");
  const std::string_view payload = file.substr(header.value().size);
  Bytes16 nonce;
  std::copy_n(payload.begin(), nonce.size(), nonce.begin());
  const Secret key = payload_key(*file_key, nonce);
  std::string again{payload.substr(0, nonce.size())};
  ChunkCounter counter;
  for (std::size_t at = 0; at == 0 || at < content.size(); at += kChunkSize) {
    const std::size_t start = again.size(), size = std::min(kChunkSize, content.size() - at);
    again.append(content, at, size).append(kTagSize, '\0');
    seal_in_place(key, counter.nonce(at + size == content.size() ? Position::last : Position::middle),
                  reinterpret_cast<unsigned char*>(again.data() + start), size);
    counter.advance();
  }
  if (again != payload) problem(vector, "its payload is not sealed the same way again");
}

// The file without its armor, as far as the armor is good.
std::string without_armor(const std::string& file) {
  MemoryReader text{file};
  ArmorReader armor{text};
  std::string bare;
  for (char byte;;) {
    const auto got = armor.read(&byte, 1);
    if (!got || got.value() == 0) return bare;
    bare += byte;
  }
}

// What the vectors' hash is over: all that a streaming reader may have let out, also of a file that fails later. The
// reference finds the last chunk by a second try with the other mark, and lets it out before it looks at what follows.
std::string let_out_by_reference(const Vector& vector, std::string_view file) {
  const auto header = parse_header(file);
  const auto file_key = codec::hex_decoded(Secret::of_public(vector.file_key));
  if (!header || !file_key || file.size() < header.value().size + kPayloadNonceSize) return "";
  std::string payload{file.substr(header.value().size)};
  Bytes16 nonce;
  std::copy_n(payload.begin(), nonce.size(), nonce.begin());
  const Secret key = payload_key(*file_key, nonce);
  std::string out;
  ChunkCounter counter;
  for (std::size_t at = nonce.size(); at < payload.size();) {
    const std::size_t size = std::min(kSealedChunkSize, payload.size() - at);
    auto* chunk = reinterpret_cast<unsigned char*>(payload.data() + at);
    const bool middle = size == kSealedChunkSize && open_in_place(key, counter.nonce(Position::middle), chunk, size);
    if (!middle && !open_in_place(key, counter.nonce(Position::last), chunk, size)) break;
    if (size == kTagSize && !counter.at_first()) break;
    counter.advance();
    out.append(payload, at, size - kTagSize);
    at += size;
    if (!middle) break;
  }
  return out;
}

void check_armored_again(const Vector& vector, const std::string& bare) {
  Collected text;
  ArmorWriter armor{text};
  if (!armor.write(bare.data(), bare.size()) || !armor.finish()) return problem(vector, "it cannot be armored again");
  // Line ends and blanks around the block are the writer's choice.
  std::string expected;
  for (char c : vector.file) {
    if (c != '\r') expected += c;
  }
  expected.erase(0, expected.find('-'));
  expected.erase(expected.find_last_not_of(" \t\n") + 1);
  if (text.text != expected + "\n") problem(vector, "its armor is not written the same way again");
}

void check(const Vector& vector, std::size_t& post_quantum) {
  Identities identities;
  for (const std::string& text : vector.identities) {
    auto parsed = parse_identities(Secret::of_public(text));
    if (!parsed) return problem(vector, "its identity is refused: " + std::string{parsed.error().why.words().view()});
    identities.add(std::move(parsed).value());
  }
  for (const std::string& text : vector.passphrases) identities.passphrases.push_back(*Passphrase::from(Secret::of_public(text)));

  Limits limits;
  limits.sealed_size = 32 * 1024 * 1024;  // the largest vector is just over the launcher's limit
  MemoryReader whole{vector.file};
  const auto content = open(whole, identities, limits);
  MemoryReader passing{vector.file};
  Collected released;
  const auto passed = open_into(passing, identities, limits, released);
  Trickle in_turn{vector.file};  // of a size that nobody knows: two threads whatever it is
  Collected by_two;
  const auto shared = open_into(in_turn, identities, limits, by_two, open_payload_in_parallel);
  if (static_cast<bool>(content) != static_cast<bool>(passed) || static_cast<bool>(content) != static_cast<bool>(shared)) {
    return problem(vector, "the ways of opening do not agree");
  }
  if (released.text != by_two.text) problem(vector, "two threads let out something else than one");

  // Only a post-quantum identity: the vector cannot be opened here, and the identity was refused by its name.
  if (!identities.unusable.empty()) {
    ++post_quantum;
    for (const UnusableKey& key : identities.unusable) {
      if (key.kind != Unusable::post_quantum) problem(vector, "its identity is refused by another name");
    }
    if (content || !released.text.empty()) return problem(vector, "it gives content without its key");
    if (!identities.usable() && class_of(content.error()) != "no match" && class_of(content.error()) != vector.expect) {
      problem(vector, "expected no match or " + vector.expect + ", got " + class_of(content.error()));
    }
    if (!identities.usable()) return;
  }

  const std::string bare = vector.armored ? without_armor(vector.file) : vector.file;
  const std::string got = content ? "success" : class_of(content.error());
  const std::string streamed = passed ? "success" : class_of(passed.error());
  if (vector.name == kNotSeenAsArmored && got == "header failure" && bare.empty()) return;
  if (got != vector.expect || streamed != vector.expect) return problem(vector, "expected " + vector.expect + ", got " + got + " and " + streamed);
  if (vector.file.size() < 1'000'000) {
    Trickle slow{vector.file};
    const auto trickled = open(slow, identities, limits);
    if ((trickled ? "success" : class_of(trickled.error())) != vector.expect) problem(vector, "byte by byte it is something else");
  }

  // Only where all keys fit is anything let out at all.
  const bool let_out = got == "success" || got == "payload failure" || got == "armor failure";
  const std::string reference = let_out ? let_out_by_reference(vector, bare) : "";
  if (!vector.payload.empty() && hex(sha256(reference)) != vector.payload) problem(vector, "the hash of its content is another one");
  if (!reference.starts_with(released.text)) problem(vector, "more, or something else, comes out than may");
  if (content && released.text != reference) problem(vector, "less comes out than its content");
  if (content && View{content.value()}.text() != reference) problem(vector, "another content comes out in memory");

  if (vector.armored && content) check_armored_again(vector, bare);
  check_header_again(vector, bare);
  if (content) check_sealed_again(vector, bare, released.text);
}

}  // namespace
}  // namespace hushrun::age

int main(int argc, char** argv) {
  using namespace hushrun::age;
  if (argc != 2) return std::fprintf(stderr, "usage: cctv_test DIRECTORY\n"), 2;
  ready();
  std::size_t seen = 0, post_quantum = 0;
  std::map<std::string, int> classes;
  for (const auto& entry : std::filesystem::directory_iterator{std::filesystem::path{argv[1]} / "cctv"}) {
    if (entry.path().extension() != ".head") continue;
    const Vector vector = load(entry.path());
    check(vector, post_quantum);
    ++classes[vector.expect];
    ++seen;
  }
  for (const auto& [name, count] : classes) std::printf("%3d %s\n", count, name.c_str());
  std::printf("%zu vectors, %zu of them post-quantum; %d problems\n", seen, post_quantum, problems);
  if (seen != kVectors || post_quantum != kPostQuantum) {
    std::printf("FAILED: expected %zu vectors, %zu of them post-quantum\n", kVectors, kPostQuantum);
    return 1;
  }
  return problems == 0 ? 0 : 1;
}
