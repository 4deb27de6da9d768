#include "age/open.h"

#include <algorithm>

#include "age/armor.h"
#include "age/stream.h"

namespace hushrun::age {
namespace {

// As much as is read to see what a file is: more than any blanks before its armor, and all of a small file.
constexpr std::size_t kFirstRead = 4096;

// The stanzas of the types we implement. All are checked, also those which are nobody's here: a file that breaks the format
// is refused whoever looks at it.
struct Wrapped {
  std::vector<X25519Stanza> x25519;
  std::vector<SshEd25519Stanza> ssh;
  std::optional<ScryptStanza> scrypt;
};

Result<Wrapped, HeaderFlaw> sort_stanzas(const Header& header) {
  Wrapped wrapped;
  for (const Stanza& stanza : header.stanzas) {
    if (stanza.type == kX25519Type) wrapped.x25519.push_back(TRY(parse_x25519(stanza)));
    if (stanza.type == kSshEd25519Type) wrapped.ssh.push_back(TRY(parse_ssh_ed25519(stanza)));
    if (stanza.type == kScryptType) {
      // Alone, "it opens with my passphrase" says who sealed it.
      if (header.stanzas.size() > 1) return HeaderFlaw{"a scrypt stanza is not alone"};
      wrapped.scrypt = TRY(parse_scrypt(stanza));
    }
  }
  return wrapped;
}

// "1 age recipient (X25519)", "2 age recipients (X25519)".
struct Kind {
  std::string_view type;
  Literal one, many;
};
constexpr Kind kKinds[] = {
    {kX25519Type, "age recipient (X25519)", "age recipients (X25519)"},
    {kSshEd25519Type, "ssh-ed25519 key", "ssh-ed25519 keys"},
    {kScryptType, "passphrase", "passphrases"},
    {"ssh-rsa", "ssh-rsa key", "ssh-rsa keys"},
    {"mlkem768x25519", "post-quantum recipient (mlkem768x25519)", "post-quantum recipients (mlkem768x25519)"},
    {"p256tag", "hardware key (p256tag)", "hardware keys (p256tag)"},
    {"mlkem768p256tag", "post-quantum hardware key (mlkem768p256tag)", "post-quantum hardware keys (mlkem768p256tag)"},
    {"", "recipient of an unknown kind", "recipients of an unknown kind"},
};

void append(Public& list, std::size_t count, Literal one, Literal many) {
  if (count == 0) return;
  list = (list.empty() ? list : list + ", ") + Public::number(count) + " " + Public{count == 1 ? one : many};
}

Public identities_in_words(const Identities& identities) {
  Public list;
  append(list, identities.x25519.size(), "age identity", "age identities");
  append(list, identities.ssh.size(), "SSH key", "SSH keys");
  append(list, identities.passphrases.size(), "passphrase", "passphrases");
  append(list, identities.unusable.size(), "key that cannot be used", "keys that cannot be used");
  return list.empty() ? "nothing" : list;
}

Failure no_match(const Header& header, const Wrapped& wrapped, const Identities& identities) {
  const Public why = "it is sealed to " + stanzas_in_words(header) + "; tried: " + identities_in_words(identities);
  if (wrapped.x25519.empty() && wrapped.ssh.empty() && !wrapped.scrypt) {
    return {Failed::no_match, why, "seal it to an age recipient as well (age1…, of hushkit keygen): no key opens it here"};
  }
  if (!wrapped.scrypt) return {Failed::no_match, why};
  if (identities.passphrases.empty()) return {Failed::no_match, why, "give its passphrase with --passphrase"};
  return {Failed::no_match, why, "correct the passphrase: what was given is another one"};
}

// The file key, from the first identity that has one. Native identities go before SSH keys, as with age.
Result<Secret, Failure> find_file_key(const Header& header, const Identities& identities, const Limits& limits) {
  const Wrapped wrapped = TRY(sort_stanzas(header));
  for (const X25519Identity& identity : identities.x25519) {
    for (const X25519Stanza& stanza : wrapped.x25519) {
      if (std::optional<Secret> key = TRY(unwrap(identity, stanza))) return std::move(*key);
    }
  }
  if (wrapped.scrypt && !identities.passphrases.empty()) {
    const MemoryRoom room = limits.memory ? *limits.memory : memory_room();
    for (const Passphrase& passphrase : identities.passphrases) {
      if (std::optional<Secret> key = TRY(unwrap(passphrase, *wrapped.scrypt, limits.work_factor, room))) return std::move(*key);
    }
  }
  for (const SshEd25519Identity& identity : identities.ssh) {
    for (const SshEd25519Stanza& stanza : wrapped.ssh) {
      if (std::optional<Secret> key = TRY(unwrap(identity, stanza))) return std::move(*key);
    }
  }
  return no_match(header, wrapped, identities);
}

Result<Secret, Failure> authenticated_file_key(const Header& header, const Identities& identities, const Limits& limits) {
  Secret file_key = TRY(find_file_key(header, identities, limits));
  const Secret mac_key = hkdf(file_key, std::string_view{}, "header");
  const Bytes32 mac = hmac(mac_key, header.authenticated);
  if (!equal_in_constant_time(mac, header.mac)) return Failure{Failed::hmac, "the file key does not match the rest of the header"};
  return file_key;
}

// How many of `size` more bytes there were.
Result<std::size_t, Failure> append_from(Reader& from, std::string& text, std::size_t size) {
  const std::size_t before = text.size();
  text.resize(before + size);
  const std::size_t got = TRY(from.read_full(text.data() + before, size));
  text.resize(before + got);
  return got;
}

// A sealed file on its way in: first the header, with the armor off if there is one, then the payload.
class Intake {
 public:
  explicit Intake(Reader& sealed) : from_{&sealed} {}

  /// Once, first. Views into this object.
  Result<Header, Failure> header() {
    const std::uint64_t known = from_->size().value_or(0);
    static_cast<void>(TRY(append_from(*from_, text_, known > 0 && known < kFirstRead ? static_cast<std::size_t>(known) : kFirstRead)));
    if (looks_armored(text_)) {
      armored_ = std::move(text_);
      text_.clear();
      resumed_.emplace(armored_, *from_);
      from_ = &armor_.emplace(*resumed_);
    }
    for (;;) {
      Result<Header, HeaderProblem> header = parse_header(text_);
      if (header) {
        payload_.emplace(std::string_view{text_}.substr(header.value().size), *from_);
        return std::move(header).value();
      }
      const Failure failure{Failed::header, header.error().why};
      if (!header.error().incomplete) return failure;
      if (TRY(append_from(*from_, text_, std::max(text_.size(), kFirstRead))) == 0) return failure;
    }
  }
  Reader& payload() { return *payload_; }

 private:
  Reader* from_;
  std::string armored_, text_;
  std::optional<Resumed> resumed_;
  std::optional<ArmorReader> armor_;
  std::optional<Resumed> payload_;
};

Failure too_large(const Limits& limits) {
  return {Failed::too_large, "it has more than " + Public::number(limits.sealed_size >> 20) + " MiB"};
}

// A file whose size nobody knows (a pipe, a file of /proc), whole.
Result<std::string, Failure> read_whole(Reader& sealed, const Limits& limits) {
  std::string bytes;
  for (std::size_t more = kFirstRead;; more = bytes.size()) {
    if (TRY(append_from(sealed, bytes, more)) < more) break;
    if (bytes.size() > limits.sealed_size) break;
  }
  if (bytes.size() > limits.sealed_size) return too_large(limits);
  return bytes;
}

}  // namespace

Public stanzas_in_words(const Header& header) {
  std::array<std::size_t, std::size(kKinds)> counts{};
  for (const Stanza& stanza : header.stanzas) {
    // The last kind takes what no other did.
    const auto* kind = std::find_if(std::begin(kKinds), std::end(kKinds) - 1, [&](const Kind& k) { return k.type == stanza.type; });
    ++counts[static_cast<std::size_t>(kind - kKinds)];
  }
  Public list;
  for (std::size_t i = 0; i < counts.size(); ++i) append(list, counts[i], kKinds[i].one, kKinds[i].many);
  return list;
}

Result<void, Failure> open_into(Reader& sealed, const Identities& identities, const Limits& limits, Writer& content, OpenPayload* payload) {
  ready();
  Intake intake{sealed};
  const Header header = TRY(intake.header());
  const Secret file_key = TRY(authenticated_file_key(header, identities, limits));
  return payload(file_key, intake.payload(), content);
}

Result<Secret, Failure> open(Reader& sealed, const Identities& identities, const Limits& limits) {
  const std::uint64_t known = sealed.size().value_or(0);
  if (known == 0) {
    const std::string bytes = TRY(read_whole(sealed, limits));
    MemoryReader reader{bytes};
    // An empty file is told from an unknown size here: it goes on to be a header that is cut off.
    if (bytes.empty()) return HeaderFlaw{"the file is empty"};
    return open(reader, identities, limits);
  }
  if (known > limits.sealed_size) return too_large(limits);

  ready();
  Intake intake{sealed};
  const Header header = TRY(intake.header());
  const Secret file_key = TRY(authenticated_file_key(header, identities, limits));
  // Content is always smaller than what it was sealed to. Nothing is locked for a file that is not ours.
  const auto room = static_cast<std::size_t>(std::min(known, intake.payload().size().value_or(known)));
  return Secret::try_filled_by<Failure>(room, [&](char* bytes, std::size_t size) -> Result<std::size_t, Failure> {
    RoomWriter content{bytes, size};
    TRY(open_payload(file_key, intake.payload(), content));
    return content.used();
  });
}

Result<Identities, Failure> load_identities(const Secret& text, const Identities& at_hand, const Limits& limits) {
  ready();
  if (!is_sealed_identity_file(text)) return parse_identities(text);
  if (!at_hand.usable()) {
    return Failure{Failed::identity, "the identity file is sealed by a passphrase, and none was given", "give its passphrase with --passphrase"};
  }
  MemoryReader sealed{View{text}.text()};
  return parse_identities(TRY(open(sealed, at_hand, limits)));
}

}  // namespace hushrun::age
