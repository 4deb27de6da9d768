#include "tool/keys.h"

#include <stdlib.h>

#include "core/log.h"
#include "core/sys_process.h"
#include "tool/place.h"
#include "tool/terminal.h"

namespace hushrun::tool {
namespace {

constexpr std::size_t kPassphraseLimit = 64 * 1024;
constexpr std::size_t kRecipientsLimit = 1024 * 1024;
constexpr const char* kRecipientsName = ".age-recipients";
constexpr const char* kPassphraseFix = "say where it is: --passphrase FILE, env:VARIABLE or fd:NUMBER";

enum class Ask { once, twice };

Result<age::Passphrase> passphrase_from(const std::optional<std::string>& place, Public question, Ask how) {
  Secret text = place               ? TRY(read_place(*place, kPassphraseLimit))
                : how == Ask::twice ? TRY(ask_twice(question, kPassphraseFix))
                                    : TRY(ask(question, kPassphraseFix));
  std::optional<age::Passphrase> made = age::Passphrase::from(std::move(text));
  if (!made) return Error{Code::secret_empty, "no passphrase", question, "it is empty", "give one"};
  return std::move(*made);
}

// `at_hand` gets the passphrase that opened an identity file, so that it is asked for once.
Result<age::Identities> identities_at(const std::string& place, const KeyOptions& options, age::Identities& at_hand) {
  const Secret text = TRY(read_place(place, age::kIdentityFileLimit));
  if (age::is_sealed_identity_file(text) && at_hand.passphrases.empty()) {
    at_hand.passphrases.push_back(TRY(passphrase_from(options.passphrase, "passphrase of the identity " + shown_place(place), Ask::once)));
  }
  age::Identities found = TRY(age::load_identities(text, at_hand, {}).or_error([&](const age::Failure& failure) { return at(shown_place(place), failure); }));
  if (!found.usable()) {
    const age::Unusable kind = found.unusable.front().kind;
    return Error{Code::source_invalid, "cannot use identity", shown_place(place), age::name(kind), age::fix(kind)};
  }
  for (const age::UnusableKey& key : found.unusable) {
    log::warn({Code::source_invalid, "a key is passed over", shown_place(place) + ":" + Public::number(key.line), age::name(key.kind), age::fix(key.kind)});
  }
  return found;
}

// All that -i names, or the default identity.
Result<age::Identities> keys_at_hand(const KeyOptions& options) {
  std::vector<std::string> places = options.identities;
  if (places.empty()) {
    const std::optional<std::string> usual = default_identity();
    if (!usual || !sys::exists(*usual)) {
      return Error{Code::source_missing, "no identity", usual ? shown_path(*usual) : Public{"-i"},
                   "none was given with -i, and none is at the usual place", "give one with -i, or make one: hushkit keygen -o FILE"};
    }
    // The launcher refuses such a one; here somebody may be about to mend it.
    if (const auto status = sys::status(*usual); status && (status.value().mode & 077) != 0) {
      log::warn({Code::identity_exposed, "default identity is open to others", shown_path(*usual), "its mode lets others look at it, and hushrun refuses it",
                 "chmod 600 it, and make a new one if somebody may have looked"});
    }
    places.push_back(*usual);
  }
  age::Identities all, passphrases;
  for (const std::string& place : places) all.add(TRY(identities_at(place, options, passphrases)));
  return all;
}

Result<void> add_from_file(Readers& readers, const std::string& path) {
  const Secret text = TRY(read_place(path, kRecipientsLimit));
  std::vector<age::Recipient> found =
      TRY(age::parse_recipients(age::View{text}.text()).or_error([&](const age::Failure& failure) { return at(shown_place(path), failure); }));
  for (age::Recipient& each : found) readers.list.push_back(std::move(each));
  return {};
}

// Who writes this file decides who can read everything below it, so that one which lies in /tmp is nobody's to leave there for us.
Result<void> expect_trusted(const std::string& path) {
  const sys::Answer<sys::FileStatus> status = sys::status(path);
  if (!status) return {};  // reading it says why
  const sys::FileStatus& file = status.value();
  const bool others_write = (file.mode & 0002) != 0 || ((file.mode & 0020) != 0 && file.group != sys::effective_group());
  if ((file.owner == 0 || file.owner == sys::effective_user()) && !others_write) return {};
  return Error{Code::config_untrusted, "recipients are not trusted", shown_path(path), "it is neither ours nor root's, or others may write it",
               "look whether it is the right one, and name it: -R FILE"};
}

// The nearest .age-recipients from a directory upward; nothing if there is none.
std::optional<std::string> nearest_recipients(const std::string& directory) {
  for (std::string at = resolved(directory);;) {
    const std::string path = (at == "/" ? "" : at) + "/" + kRecipientsName;
    if (sys::exists(path)) return path;
    if (at == "/" || at.find('/') != 0) return std::nullopt;
    at = directory_of(at);
  }
}

age::SshEd25519Recipient copy_of(const age::SshEd25519Recipient& key) {
  return {key.tag, key.point, Secret::filled_by(key.tweak.size(), [&](char* room, std::size_t size) {
            return age::View{key.tweak}.text().copy(room, size);
          })};
}

void add_own(Readers& readers, const age::Identities& own) {
  for (const age::X25519Identity& key : own.x25519) readers.list.push_back(age::X25519Recipient{key.recipient});
  for (const age::SshEd25519Identity& key : own.ssh) readers.list.push_back(copy_of(key.recipient));
}

age::Passphrase copy_of(const age::Passphrase& passphrase) {
  return *age::Passphrase::from(Secret::filled_by(passphrase.text().size(), [&](char* room, std::size_t size) {
    return age::View{passphrase.text()}.text().copy(room, size);
  }));
}

}  // namespace

void KeyOptions::describe(Words& words) {
  words.list("-i,--identity", identities, kPlace, "open with the keys in this place");
  words.option("--passphrase", passphrase, kPlace, "the passphrase is in this place");
}

void SealOptions::describe(Words& words) {
  words.list("-r,--recipient", recipients, kRecipient, "seal to this recipient: age1… or ssh-ed25519 …");
  words.list("-R,--recipients-file", recipient_files, kFile, "seal to the recipients in this file, one a line");
  words.flag("-p", ask_passphrase, "seal by a passphrase, asked for on the terminal");
  words.flag("-a,--armor", armored, "write text (ASCII armor)");
  words.flag("--force", force, "seal to fewer recipients than before");
  keys.describe(words);
}

std::optional<std::string> default_identity() {
  // XDG Base Directory Specification: a relative path is to be ignored.
  if (const char* base = ::getenv("XDG_CONFIG_HOME"); base != nullptr && *base == '/') return std::string{base} + "/hushrun/identity";
  if (const char* home = ::getenv("HOME"); home != nullptr && *home == '/') return std::string{home} + "/.config/hushrun/identity";
  return std::nullopt;
}

Result<age::Identities> identities_for(const KeyOptions& options, const Sealed& sealed, Public where) {
  // A file that is none: opening it says so, and needs no key for it.
  if (sealed.flaw()) return age::Identities{};
  if (!sealed.by_passphrase()) return keys_at_hand(options);
  age::Identities identities;
  identities.passphrases.push_back(TRY(passphrase_from(options.passphrase, "passphrase of " + where, Ask::once)));
  return identities;
}

Result<Readers> readers_for(const SealOptions& options, const std::string& directory, const age::Identities* opened_with, Passphrase passphrase) {
  const KeyOptions& keys = options.keys;
  Readers readers{{}, "the command line"};
  for (const std::string& text : options.recipients) {
    readers.list.push_back(TRY(age::parse_recipient(text).or_error([](const age::Failure& failure) { return at("-r", failure); })));
  }
  for (const std::string& path : options.recipient_files) TRY(add_from_file(readers, path));
  // Where a file was opened, --passphrase has done its work there.
  if (options.ask_passphrase || (keys.passphrase && opened_with == nullptr && keys.identities.empty())) {
    // Of a file that is opened, --passphrase is what it had before: the new one is asked for.
    const std::optional<std::string> place = opened_with == nullptr ? keys.passphrase : std::nullopt;
    readers.list.push_back(age::PassphraseRecipient{TRY(passphrase_from(place, "new passphrase", Ask::twice))});
    readers.from = "a passphrase";
  }
  if (!readers.list.empty()) return readers;

  if (opened_with != nullptr && passphrase == Passphrase::kept && !opened_with->passphrases.empty()) {
    readers.list.push_back(age::PassphraseRecipient{copy_of(opened_with->passphrases.front())});
    readers.from = "the passphrase it had";
    return readers;
  }
  const std::optional<std::string> nearest = keys.identities.empty() || opened_with != nullptr ? nearest_recipients(directory) : std::nullopt;
  if (nearest) {
    TRY(expect_trusted(*nearest));
    TRY(add_from_file(readers, *nearest));
    readers.from = shown_path(*nearest);
    return readers;
  }
  readers.from = "the identity's own recipient";
  if (opened_with != nullptr && (!opened_with->x25519.empty() || !opened_with->ssh.empty())) {
    add_own(readers, *opened_with);
    return readers;
  }
  const age::Identities own = TRY(keys_at_hand(keys).or_error([](Error error) {
    error.what = "no recipient";
    error.fix = "name one with -r or -R, write a .age-recipients file, or make an identity: hushkit keygen -o FILE";
    return error;
  }));
  add_own(readers, own);
  return readers;
}

Result<void> confirm(const Readers& readers, std::size_t before, const SealOptions& options, Public where) {
  if (readers.list.size() < before && !options.force) {
    return Error{Code::target_refused, "fewer recipients than before", where,
                 "it was sealed to " + Public::number(before) + ", now it would be to " + Public::number(readers.list.size()) + " (" + readers.from + ")",
                 "name them all, or take somebody out with --force; who could read it before has seen its values: change those too"};
  }
  return {};
}

void announce(const Readers& readers, Public where) {
  const std::size_t count = readers.list.size();
  if (count == 1) log::info("{}: sealed to 1 recipient ({})", where, readers.from);
  else log::info("{}: sealed to {} recipients ({})", where, count, readers.from);
}

}  // namespace hushrun::tool
