#include "age/seal.h"

#include <algorithm>

namespace hushrun::age {
namespace {

// Collects a file in memory. Sealed bytes are public.
class StringWriter final : public Writer {
 public:
  Result<void, Failure> write(const char* bytes, std::size_t size) override {
    text.append(bytes, size);
    return {};
  }
  std::string text;
};

bool has_passphrase(const std::vector<Recipient>& recipients) {
  return std::any_of(recipients.begin(), recipients.end(), [](const Recipient& r) { return std::holds_alternative<PassphraseRecipient>(r); });
}

}  // namespace

Result<std::string, Failure> sealed_header(const Secret& file_key, const std::vector<Recipient>& recipients) {
  if (recipients.empty()) return Failure{Failed::recipient, "there is none", "name one with -r or -R, or give a passphrase"};
  if (recipients.size() > 1 && has_passphrase(recipients)) {
    return Failure{Failed::recipient, "a passphrase stands beside other recipients", "seal to the passphrase alone, or to keys alone"};
  }
  std::string header{kVersionLine};
  for (const Recipient& recipient : recipients) header += TRY(stanza_for(recipient, file_key));
  header += "---";
  const Secret mac_key = hkdf(file_key, std::string_view{}, "header");
  const Bytes32 mac = hmac(mac_key, header);
  return header.append(" ").append(base64_encode(mac, Padding::none)).append("\n");
}

Sealer::Sealer(Secret key, Secret buffer, std::unique_ptr<ArmorWriter> armor, Writer& sealed)
    : key_{std::move(key)}, buffer_{std::move(buffer)}, armor_{std::move(armor)}, sealed_{armor_ ? armor_.get() : &sealed} {}

Result<Sealer, Failure> Sealer::start(const std::vector<Recipient>& recipients, Form form, Writer& sealed,
                                      std::optional<std::uint64_t> content_size) {
  ready();
  const Secret file_key = random_secret(kFileKeySize);
  const std::string header = TRY(sealed_header(file_key, recipients));
  Bytes16 nonce;
  random(nonce.data(), nonce.size());
  const std::size_t chunk = static_cast<std::size_t>(std::min<std::uint64_t>(content_size.value_or(kChunkSize), kChunkSize));
  Secret buffer = Secret::filled_by(chunk + kTagSize, [](char*, std::size_t all) { return all; });
  Sealer sealer{payload_key(file_key, nonce), std::move(buffer), form == Form::armored ? std::make_unique<ArmorWriter>(sealed) : nullptr, sealed};
  TRY(sealer.sealed_->write(header.data(), header.size()));
  TRY(sealer.sealed_->write(reinterpret_cast<const char*>(nonce.data()), nonce.size()));
  return sealer;
}

Result<void, Failure> Sealer::write(const char* bytes, std::size_t size) {
  while (size > 0) {
    // Sealed only when more is coming: the last chunk is marked, and may be full.
    if (held_ == kChunkSize) TRY(seal_chunk(Position::middle));
    if (held_ + kTagSize == buffer_.size() && buffer_.size() < kSealedChunkSize) {
      const Secret small = std::exchange(buffer_, Secret::filled_by(kSealedChunkSize, [](char*, std::size_t all) { return all; }));
      buffer_.change([&](char* room, std::size_t) { std::memcpy(room, View{small}.data(), held_); });
    }
    const std::size_t taken = std::min(size, buffer_.size() - kTagSize - held_);
    buffer_.change([&](char* room, std::size_t) { std::memcpy(room + held_, bytes, taken); });
    held_ += taken;
    bytes += taken;
    size -= taken;
  }
  return {};
}

Result<void, Failure> Sealer::seal_chunk(Position position) {
  const std::size_t size = std::exchange(held_, 0);
  const Nonce nonce = counter_.nonce(position);
  counter_.advance();
  return buffer_.change([&](char* room, std::size_t) {
    seal_in_place(key_, nonce, reinterpret_cast<unsigned char*>(room), size);
    return sealed_->write(room, size + kTagSize);
  });
}

Result<void, Failure> Sealer::finish() {
  TRY(seal_chunk(Position::last));
  return armor_ ? armor_->finish() : Result<void, Failure>{};
}

Result<std::string, Failure> seal(View content, const std::vector<Recipient>& recipients, Form form) {
  StringWriter sealed;
  Sealer sealer = TRY(Sealer::start(recipients, form, sealed, content.size()));
  TRY(sealer.write(content.text().data(), content.size()));
  TRY(sealer.finish());
  return std::move(sealed.text);
}

}  // namespace hushrun::age
