#include "source/keyring.h"

#include <algorithm>
#include <cerrno>

#include "core/sys_process.h"

namespace hushrun {
namespace {

constexpr std::size_t kKeyLimit = kSecretLimit;  // ten thousand age identities fit

std::string_view without_line_ends(const Secret& value) {
  std::string_view text{value.expose().data(), value.size()};
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

bool same(const Secret& left, const Secret& right) {
  const std::string_view a = without_line_ends(left), b = without_line_ends(right);
  if (a.size() != b.size() || a.empty()) return false;
  unsigned difference = 0;  // every byte is looked at, whatever the first ones are
  for (std::size_t i = 0; i < a.size(); ++i) difference |= static_cast<unsigned char>(a[i] ^ b[i]);
  return difference == 0;
}

Trouble unreadable(Public where, Errno why) {
  if (why.value == EFBIG) return {Code::identity_invalid, "key of a sealed file is too large", where + ": more than 1 MiB", "name the file that holds the key, and nothing else"};
  return {Code::identity_unreadable, "cannot read a key of a sealed file", reason(where, why),
          "let user " + Public::number(sys::effective_user()) + " read it"};
}

}  // namespace

Keyring::Keyring(std::span<const SourceConfig> configs, const Environment& environment) : environment_{environment} {
  const auto note = [&](const std::vector<KeyPlace>& places) {
    for (const KeyPlace& place : places) static_cast<void>(entry(place));
  };
  for (const SourceConfig& config : configs) {
    if (const auto* age = std::get_if<AgeSource>(&config.kind)) {
      note(age->identities);
      if (age->passphrase) static_cast<void>(entry(*age->passphrase));
    }
    if (const auto* ejson = std::get_if<EjsonSource>(&config.kind)) note(ejson->identities);
  }
}

Keyring::Entry& Keyring::entry(const KeyPlace& place) {
  for (const std::unique_ptr<Entry>& known : entries_) {
    if (known->place == place) return *known;
  }
  return *entries_.emplace_back(std::make_unique<Entry>(Entry{place, false, std::nullopt, std::nullopt}));
}

void Keyring::take_descriptors() {
  for (const std::unique_ptr<Entry>& each : entries_) {
    if (each->place.kind != KeyPlace::Kind::descriptor || each->looked) continue;
    each->looked = true;
    const Public where = shown(each->place);
    const Fd file = Fd::adopt(each->place.number);
    sys::Answer<Secret> text = sys::read_secret(file, kKeyLimit);
    if (text) each->key = KeyText{where, std::move(text).value(), std::nullopt, std::nullopt};
    else if (text.error().value != EBADF) each->trouble = unreadable(where, text.error());
    else {
      each->trouble = Trouble{Code::identity_missing, "key of a sealed file is missing", where + ": nobody opened it for us",
                              "open it where we are started, as in 3< FILE, and see that what stands between hands it on"};
    }
  }
}

void Keyring::look_into_file(Entry& entry) {
  const Public where = shown(entry.place);
  const sys::Answer<Fd> file = sys::open_file(entry.place.text);
  if (!file) {
    if (file.error().value != ENOENT && file.error().value != ENOTDIR) entry.trouble = unreadable(where, file.error());
    return;
  }
  const sys::Answer<sys::FileStatus> status = sys::status(file.value());
  if (!status || status.value().kind != sys::FileKind::regular) {
    entry.trouble = Trouble{Code::identity_unreadable, "key of a sealed file is not a file", where + ": it is a directory, a pipe or a device",
                            "name a regular file, or hand a descriptor over with fd:NUMBER"};
    return;
  }
  sys::Answer<Secret> text = sys::read_secret(file.value(), status.value(), kKeyLimit);
  if (text) entry.key = KeyText{where, std::move(text).value(), std::nullopt, status.value()};
  else entry.trouble = unreadable(where, text.error());
}

void Keyring::look_into_directory(Entry& entry, const OpenDirectorySource& directory, const Name& name) {
  Lookup found = directory.find(name);
  if (!found) {
    entry.trouble = std::move(found).error();
  } else if (found.value()) {
    found_files_.push_back(std::string{found.value()->where.view()});
    entry.key = KeyText{found.value()->where, std::move(found.value()->value), std::nullopt, found.value()->status};
  }
}

void Keyring::look(Entry& entry, std::span<const OpenDirectorySource* const> directories) {
  switch (entry.place.kind) {
    case KeyPlace::Kind::descriptor: return;  // taken already, or --dry-run
    case KeyPlace::Kind::file: return look_into_file(entry);
    case KeyPlace::Kind::variable: {
      const std::optional<std::string_view> text = environment_.find(entry.place.text);
      if (!text || text->empty()) return;
      entry.key = KeyText{shown(entry.place), Secret::filled_by(text->size(), [&](char* room, std::size_t size) { return text->copy(room, size); }),
                          std::nullopt, std::nullopt};
      return;
    }
    case KeyPlace::Kind::secret: break;
  }
  const Name name = *Name::parse(entry.place.text);
  for (const OpenDirectorySource* directory : directories) {
    look_into_directory(entry, *directory, name);
    if (entry.key || entry.trouble) return;
  }
  std::vector<std::string> usual;
  if (const auto credentials = environment_.find("CREDENTIALS_DIRECTORY"); credentials && credentials->starts_with('/')) usual.emplace_back(*credentials);
  usual.emplace_back("/run/secrets");
  for (std::string& path : usual) {
    Opening<OpenDirectorySource> opened = OpenDirectorySource::open({std::move(path)}, environment_, Presence::optional);
    if (!opened) entry.trouble = std::move(opened).error();
    else if (opened.value()) look_into_directory(entry, *opened.value(), name);
    if (entry.key || entry.trouble) return;
  }
}

Result<KeyText*, Trouble> Keyring::read(const KeyPlace& place, std::span<const OpenDirectorySource* const> directories) {
  Entry& found = entry(place);
  if (!found.looked) {
    found.looked = true;
    look(found, directories);
  }
  if (found.trouble) return Trouble{*found.trouble};
  return found.key ? &*found.key : nullptr;
}

Result<std::optional<KeyPlace>, Trouble> Keyring::default_identity() {
  std::string path;
  if (const auto config = environment_.find("XDG_CONFIG_HOME"); config && config->starts_with('/')) {
    path = std::string{*config} + "/hushrun/identity";
  } else if (const auto home = environment_.find("HOME"); home && home->starts_with('/')) {
    path = std::string{*home} + "/.config/hushrun/identity";
  }
  if (path.empty() || !sys::exists(path)) return std::optional<KeyPlace>{};
  const Public where = Public::path(path);
  const auto refused = [&](Literal why, Public fix) {
    return Trouble{Code::identity_exposed, "default identity is refused", where + ": " + why, fix};
  };
  const sys::FileStatus status = TRY(sys::status(path).or_error([&](Errno why) { return unreadable(where, why); }));
  if (status.owner != sys::effective_user()) {
    return refused("it is not ours", "chown it to the user that starts hushrun, or name the identity with --identity");
  }
  if ((status.mode & 077) != 0) return refused("its mode lets others look at it", "chmod 600 it, or name the identity with --identity");
  return std::optional{KeyPlace{KeyPlace::Kind::file, std::move(path)}};
}

Public Keyring::shown(const KeyPlace& place) {
  switch (place.kind) {
    case KeyPlace::Kind::variable: return "variable " + Public::variable(place.text);
    case KeyPlace::Kind::descriptor: return "descriptor " + Public::number(static_cast<unsigned>(place.number));
    case KeyPlace::Kind::secret:
      if (is_plainly_a_name(place.text)) return "secret " + Public::vouched(place.text);
      return "a secret";
    case KeyPlace::Kind::file: break;
  }
  // A file that is there is a file; what is not may be the passphrase, given in its place's stead.
  if (sys::exists(place.text)) return Public::vouched(place.text);
  if (is_plainly_a_name(place.text)) return Public::path(place.text);
  // Or it is a mount that was forgotten: a plain name, in a directory that is there or is where secrets are mounted.
  const std::size_t slash = place.text.rfind('/');
  if (slash != std::string::npos) {
    const std::string directory = place.text.substr(0, slash + 1);
    if (is_plainly_a_name(place.text.substr(slash + 1)) && (directory == "/run/secrets/" || sys::exists(directory))) return Public::path(place.text);
  }
  return "the file that was named";
}

std::vector<std::string> Keyring::variables() const {
  std::vector<std::string> names;
  for (const std::unique_ptr<Entry>& each : entries_) {
    if (each->place.kind == KeyPlace::Kind::variable) names.push_back(each->place.text);
  }
  return names;
}

std::vector<std::string> Keyring::files() const {
  std::vector<std::string> paths = found_files_;
  for (const std::unique_ptr<Entry>& each : entries_) {
    if (each->place.kind == KeyPlace::Kind::file && each->key) paths.push_back(each->place.text);
  }
  return paths;
}

std::vector<std::string> Keyring::names_in(const OpenDirectorySource& directory) const {
  std::vector<std::string> names;
  for (const std::unique_ptr<Entry>& each : entries_) {
    if (each->place.kind == KeyPlace::Kind::secret) names.push_back(each->place.text);
    if (each->place.kind != KeyPlace::Kind::file) continue;
    if (std::optional<std::string> relative = directory.relative_to(each->place.text)) names.push_back(std::move(*relative));
  }
  return names;
}

bool Keyring::holds(const Secret& value) const {
  return std::any_of(entries_.begin(), entries_.end(), [&](const std::unique_ptr<Entry>& each) {
    return each->key && (same(each->key->text, value) || (each->key->opened && same(*each->key->opened, value)));
  });
}

std::vector<KeyText> Keyring::take_texts() {
  std::vector<KeyText> texts;
  for (const std::unique_ptr<Entry>& each : entries_) {
    if (each->key) texts.push_back(std::move(*each->key));
    each->key.reset();
  }
  return texts;
}

}  // namespace hushrun
