#include "source/sealed.h"

#include <algorithm>
#include <cerrno>

#include "age/ejson.h"
#include "age/open.h"
#include "core/sys_process.h"

namespace hushrun {
namespace {

using Directories = std::span<const OpenDirectorySource* const>;

constexpr std::size_t kEjsonLimit = age::Limits{}.sealed_size;

Code code_of(age::Failed failed) {
  switch (failed) {
    case age::Failed::reading:
    case age::Failed::writing: return Code::sealed_unreadable;
    case age::Failed::armor: return Code::sealed_armor;
    case age::Failed::header: return Code::sealed_header;
    case age::Failed::no_match: return Code::sealed_no_match;
    case age::Failed::hmac: return Code::sealed_hmac;
    case age::Failed::payload: return Code::sealed_payload;
    case age::Failed::too_large: return Code::sealed_too_large;
    case age::Failed::work_factor: return Code::sealed_work_factor;
    case age::Failed::memory: return Code::sealed_memory;
    case age::Failed::identity:
    case age::Failed::recipient: return Code::identity_invalid;
  }
  return Code::sealed_header;
}

Code code_of(ejson::Failed failed) {
  switch (failed) {
    case ejson::Failed::document: return Code::ejson_document;
    case ejson::Failed::key: return Code::ejson_key;
    case ejson::Failed::no_match: return Code::ejson_no_match;
    case ejson::Failed::value: return Code::ejson_value;
    case ejson::Failed::forged: return Code::ejson_forged;
  }
  return Code::ejson_document;
}

std::string_view text_of(const Secret& secret) { return {secret.expose().data(), secret.size()}; }

// 64 hexadecimal digits, a line end aside: the private key of an ejson file. Given by --identity, such a key stands beside age's.
bool is_ejson_key(const Secret& secret) {
  std::string_view text = text_of(secret);
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  return text.size() == 64 && text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

// The places of keys, for messages: "secret age_identity, variable AGE_KEY".
Public listed(Public list, Public next) { return list.empty() ? next : list + ", " + next; }

Public tried(Public places) { return places.empty() ? Public{} : "; keys from: " + places; }

struct Opened {
  Fd file;
  sys::FileStatus status;
};

Opening<Opened> open_sealed_file(const std::string& path, Presence presence) {
  const Public shown = Public::path(path);
  sys::Answer<Fd> file = sys::open_file(path);
  if (!file) {
    const Errno why = file.error();
    if (why.value == ENOENT && presence == Presence::optional) return std::optional<Opened>{};
    if (why.value == ENOENT) {
      return Trouble{Code::source_missing, "a sealed file is not there", reason(shown, why), "copy it into the image, or say optional: true for this source"};
    }
    return Trouble{Code::sealed_unreadable, age::what(age::Failed::reading), reason(shown, why), "let user " + Public::number(sys::effective_user()) + " read it"};
  }
  const sys::FileStatus status = TRY(sys::status(file.value()).or_error([&](Errno why) {
    return Trouble{Code::sealed_unreadable, age::what(age::Failed::reading), reason(shown, why), "look at the file system it lies on"};
  }));
  if (status.kind != sys::FileKind::regular) {
    return Trouble{Code::source_invalid, "a sealed file is not a file", shown + ": it is a directory, a pipe or a device",
                   "name a regular file; Docker makes a directory of a bind mount's source that is not there"};
  }
  return std::optional{Opened{std::move(file).value(), status}};
}

// ── the keys of an age file ──────────────────────────────────────────────────────────────────────────────────────

// Gathers what may open one file.
class Gathering {
 public:
  Gathering(Keyring& keyring, Directories directories) : keyring_{keyring}, directories_{directories} {}

  Result<void, Trouble> add_passphrase(const KeyPlace& place) {
    const KeyText* key = TRY(keyring_.read(place, directories_));
    if (key == nullptr) return missing(Keyring::shown(place));
    places_ = listed(places_, key->where);
    std::optional<age::Passphrase> passphrase = age::Passphrase::from(copy_of(key->text));
    if (!passphrase) {
      return Trouble{Code::identity_invalid, "passphrase is empty", key->where + ": it has no bytes but a line end", "put the passphrase there"};
    }
    passphrases_.passphrases.push_back(std::move(*passphrase));
    return {};
  }

  Result<void, Trouble> add_identity(const KeyPlace& place) {
    KeyText* key = TRY(keyring_.read(place, directories_));
    if (key == nullptr) {
      missing_ = listed(missing_, Keyring::shown(place));
      return {};
    }
    if (is_ejson_key(key->text)) return {};
    places_ = listed(places_, key->where);
    const auto described = [&](const age::Failure& failure) {
      Literal what = "cannot open a sealed identity file";
      if (failure.kind == age::Failed::identity) what = age::what(failure.kind);
      return Trouble{code_of(failure.kind), what, reason(key->where, failure.why), failure.fix};
    };
    if (!key->opened && age::is_sealed_identity_file(key->text)) {
      if (text_of(key->text).starts_with("age-encryption.org/") && text_of(key->text).find("\n-> scrypt ") == std::string_view::npos) {
        return Trouble{Code::identity_invalid, age::what(age::Failed::identity), key->where + ": it is a sealed file, and no identity",
                       "name the file with the key that opens it (AGE-SECRET-KEY-1…); what is sealed is named with --source age:FILE"};
      }
      if (!passphrases_.usable()) {
        return Trouble{Code::identity_invalid, age::what(age::Failed::identity), key->where + ": it is sealed by a passphrase, and none was given",
                       "say where the passphrase is, with --passphrase or passphrase:"};
      }
      age::MemoryReader sealed{text_of(key->text)};
      key->opened = TRY(age::open(sealed, passphrases_, {}).or_error(described));
    }
    age::Identities found = TRY(age::parse_identities(key->opened ? *key->opened : key->text).or_error(described));
    for (const age::UnusableKey& unusable : found.unusable) {
      remarks_.push_back(Trouble{Code::identity_unusable, "key is passed over",
                                 key->where + ": line " + Public::number(unusable.line) + " is " + age::name(unusable.kind) + ", which hushrun cannot use",
                                 age::fix(unusable.kind)});
    }
    identities_.add(std::move(found));
    return {};
  }

  /// Once all are in: is there anything to try?
  Result<void, Trouble> finish() {
    identities_.add(std::move(passphrases_));
    if (identities_.usable()) return {};
    if (!remarks_.empty()) {
      Trouble first = remarks_.front();
      first.what = "identity cannot be used";
      return first;
    }
    return missing(missing_);
  }

  const age::Identities& identities() const { return identities_; }
  Public places() const { return places_; }
  std::vector<Trouble> take_remarks() { return std::move(remarks_); }

 private:
  static Trouble missing(Public places) {
    if (places.empty()) {
      return {Code::identity_missing, "no identity was given", "nothing says what could open the sealed file",
              "say where the identity is, with --identity or identity:, or put it at ~/.config/hushrun/identity"};
    }
    return {Code::identity_missing, "key of a sealed file is missing", "not there, or empty: " + places, "mount it, or correct its place"};
  }

  Keyring& keyring_;
  Directories directories_;
  age::Identities passphrases_, identities_;
  Public places_, missing_;
  std::vector<Trouble> remarks_;
};

Trouble not_understood(Public shown, const ContentError& error) {
  const Public line = error.line == 0 ? Public{} : ", line " + Public::number(error.line) + " of its content";
  return {Code::sealed_content, "content of a sealed file cannot be understood", shown + line + ": " + error.why,
          "seal dotenv, YAML or JSON, and let the name say which: secrets.env.age, .yaml.age, .json.age"};
}

}  // namespace

Opening<OpenSealedSource> OpenSealedSource::open(const AgeSource& config, Keyring& keyring, Directories directories, Presence presence) {
  const Public shown = Public::path(config.path);
  const std::optional<Opened> opened = TRY(open_sealed_file(config.path, presence));
  if (!opened) return std::optional<OpenSealedSource>{};

  Gathering gathering{keyring, directories};
  if (config.passphrase) TRY(gathering.add_passphrase(*config.passphrase));
  for (const KeyPlace& place : config.identities) TRY(gathering.add_identity(place));
  if (config.identities.empty()) {
    if (const std::optional<KeyPlace> usual = TRY(keyring.default_identity())) TRY(gathering.add_identity(*usual));
  }
  TRY(gathering.finish());

  age::FdReader sealed{opened->file};
  const Secret text = TRY(age::open(sealed, gathering.identities(), {}).or_error([&](const age::Failure& failure) {
    const Public places = failure.kind == age::Failed::no_match ? tried(gathering.places()) : Public{};
    return Trouble{code_of(failure.kind), age::what(failure.kind), reason(shown, failure.why) + places, failure.fix};
  }));
  const ContentKind kind = content_kind_by_name(config.path).value_or(content_kind_by_looking(text));
  Content content = TRY(parse_content(text, kind).or_error([&](const ContentError& error) { return not_understood(shown, error); }));
  return std::optional{OpenSealedSource{Format::age, std::move(content), shown, gathering.take_remarks()}};
}

Opening<OpenSealedSource> OpenSealedSource::open(const EjsonSource& config, Keyring& keyring, Directories directories, const Environment& environment,
                                                 Presence presence) {
  const Public shown = Public::path(config.path);
  const std::optional<Opened> opened = TRY(open_sealed_file(config.path, presence));
  if (!opened) return std::optional<OpenSealedSource>{};
  const Secret document = TRY(sys::read_secret(opened->file, opened->status, kEjsonLimit).or_error([&](Errno why) {
    if (why.value == EFBIG) return Trouble{Code::sealed_too_large, age::what(age::Failed::too_large), shown + ": it has more than 16 MiB", "split the file"};
    return Trouble{Code::sealed_unreadable, age::what(age::Failed::reading), reason(shown, why), "look at the file system it lies on"};
  }));
  Public places;
  const auto described = [&](const ejson::Failure& failure) {
    const bool by_key = failure.kind == ejson::Failed::key || failure.kind == ejson::Failed::no_match;
    return Trouble{code_of(failure.kind), ejson::what(failure.kind), shown + ": " + failure.why + (by_key ? tried(places) : Public{}), failure.fix};
  };
  const std::string public_key = TRY(ejson::public_key(document).or_error(described));

  std::vector<KeyPlace> candidates = config.identities;
  std::optional<std::string> key_file;
  if (config.key_directory || config.identities.empty()) {
    const std::optional<std::string_view> usual = environment.find("EJSON_KEYDIR");
    std::string directory = config.key_directory.value_or(usual && !usual->empty() ? std::string{*usual} : "/opt/ejson/keys");
    key_file = directory + "/" + public_key;
    candidates.push_back(KeyPlace{KeyPlace::Kind::file, *key_file});
  }
  std::optional<ejson::Failure> refused;
  Public missing;
  for (const KeyPlace& place : candidates) {
    const KeyText* key = TRY(keyring.read(place, directories));
    if (key == nullptr) {
      Public where = "the key directory's file for this public key";
      if (place.text != key_file) where = Keyring::shown(place);
      missing = listed(missing, where);
      continue;
    }
    places = listed(places, key->where);
    Result<Secret, ejson::Failure> text = ejson::open(document, key->text);
    if (text) {
      Content content = TRY(parse_ejson_content(text.value()).or_error([&](const ContentError& error) { return not_understood(shown, error); }));
      return std::optional{OpenSealedSource{Format::ejson, std::move(content), shown, {}}};
    }
    const ejson::Failed kind = text.error().kind;
    if (kind != ejson::Failed::key && kind != ejson::Failed::no_match) return described(text.error());
    if (!refused || kind == ejson::Failed::no_match) refused = std::move(text).error();
  }
  if (refused) return described(*refused);
  return Trouble{Code::identity_missing, "key of a sealed file is missing", "not there, or empty: " + missing,
                 "mount it, say where it is with identity:, or name the key directory with keydir: or EJSON_KEYDIR"};
}

const ContentEntry* OpenSealedSource::entry(const Name& name) const {
  const auto at = std::find_if(content_.entries.begin(), content_.entries.end(), [&](const ContentEntry& each) { return each.name == name; });
  return at == content_.entries.end() ? nullptr : &*at;
}

Public OpenSealedSource::place_of(const ContentEntry& found) const {
  return found.line == 0 ? shown_ : shown_ + ", line " + Public::number(found.line) + " of its content";
}

Lookup OpenSealedSource::find(const Name& name) const {
  const ContentEntry* found = entry(name);
  if (found == nullptr) return std::optional<Found>{};
  // Without a status: that everybody can read a sealed file is what it is for.
  return std::optional{Found{copy_of(found->value), place_of(*found), std::nullopt}};
}

Result<Offer, Trouble> OpenSealedSource::offered() const {
  Offer offer;
  for (const ContentEntry& each : content_.entries) {
    if (format_ == Format::age || !each.name.text().starts_with('_')) offer.names.push_back(each.name);
  }
  std::sort(offer.names.begin(), offer.names.end());
  for (const std::string& key : content_.unnamable) {
    offer.skipped.push_back({shown_ + ": " + Public::name(key), "a secret's name is made of letters, digits, dots, dashes and underscores"});
  }
  return offer;
}

std::optional<Public> OpenSealedSource::whereabouts(const Name& name) const {
  const ContentEntry* found = entry(name);
  if (found == nullptr) return std::nullopt;
  return place_of(*found);
}

}  // namespace hushrun
