#include "age/failure.h"

namespace hushrun::age {
namespace {

Literal usual_fix(Failed kind) {
  switch (kind) {
    case Failed::reading: return "make it readable for the user that starts the program";
    case Failed::writing: return "look at the space and the permissions of the place it is written to";
    case Failed::armor: return "copy the file again, byte for byte; seal it anew if that does not help";
    case Failed::header: return "copy the file again, byte for byte (git: mark *.age as binary); seal it anew if that does not help";
    case Failed::no_match: return "give the identity or the passphrase it was sealed to, or seal it to yours as well";
    case Failed::hmac: return "somebody changed the file after it was sealed: take a copy you trust, or seal it anew";
    case Failed::payload: return "take a whole copy of the file, or seal it anew";
    case Failed::too_large: return "split the file, or open it with hushkit, which has no such limit";
    case Failed::work_factor: return "seal it with a smaller work factor, or to an age identity, which costs nothing to open";
    case Failed::memory: return "raise the memory limit, or seal it to an age identity, which needs no memory to open";
    case Failed::identity: return "give an age identity (AGE-SECRET-KEY-1…) or an OpenSSH Ed25519 key";
    case Failed::recipient: return "give an age recipient (age1…) or an ssh-ed25519 public key";
  }
  return "look at the file";
}

}  // namespace

Failure::Failure(Failed failed, Why reason) : kind{failed}, why{reason}, fix{usual_fix(failed)} {}

Literal what(Failed kind) {
  switch (kind) {
    case Failed::reading: return "cannot read sealed file";
    case Failed::writing: return "cannot write";
    case Failed::armor: return "cannot open sealed file: its armor is malformed";
    case Failed::header: return "cannot open sealed file: its header is malformed";
    case Failed::no_match: return "cannot open sealed file: it is not sealed to any key at hand";
    case Failed::hmac: return "cannot open sealed file: its header was changed";
    case Failed::payload: return "cannot open sealed file: its content was changed or cut off";
    case Failed::too_large: return "cannot open sealed file: it is too large";
    case Failed::work_factor: return "cannot open sealed file: its passphrase is too expensive to check";
    case Failed::memory: return "cannot open sealed file: its passphrase needs more memory than there is";
    case Failed::identity: return "cannot use identity";
    case Failed::recipient: return "cannot use recipient";
  }
  return "cannot open sealed file";
}

Literal word(Failed kind) {
  switch (kind) {
    case Failed::reading: return "sealed-unreadable";
    case Failed::writing: return "sealed-unwritable";
    case Failed::armor: return "sealed-armor";
    case Failed::header: return "sealed-header";
    case Failed::no_match: return "sealed-no-match";
    case Failed::hmac: return "sealed-hmac";
    case Failed::payload: return "sealed-payload";
    case Failed::too_large: return "sealed-too-large";
    case Failed::work_factor: return "sealed-work-factor";
    case Failed::memory: return "sealed-memory";
    case Failed::identity: return "identity-invalid";
    case Failed::recipient: return "recipient-invalid";
  }
  return "sealed-header";
}

Literal name(Unusable kind) {
  switch (kind) {
    case Unusable::post_quantum: return "a post-quantum key (mlkem768x25519)";
    case Unusable::hardware_tag: return "a hardware key's recipient (p256tag)";
    case Unusable::plugin: return "a plugin's key";
    case Unusable::ssh_encrypted: return "an SSH key protected by a passphrase";
    case Unusable::ssh_rsa: return "an ssh-rsa key";
    case Unusable::ssh_other: return "an SSH key that is not Ed25519";
    case Unusable::pem: return "a PEM key that is not in OpenSSH's own format";
  }
  return "a key of an unknown kind";
}

Literal fix(Unusable kind) {
  switch (kind) {
    case Unusable::post_quantum: return "seal to an X25519 recipient as well (hushkit keygen makes one)";
    case Unusable::hardware_tag: return "seal to an X25519 recipient (hushkit keygen makes one)";
    case Unusable::plugin: return "use a native age identity (hushkit keygen): a plugin is another program";
    case Unusable::ssh_encrypted: return "take the passphrase off a copy (ssh-keygen -p -N \"\" -f COPY), or use an age identity (hushkit keygen)";
    case Unusable::ssh_rsa: return "use an Ed25519 key (ssh-keygen -t ed25519) or an age identity (hushkit keygen)";
    case Unusable::ssh_other: return "use an Ed25519 key (ssh-keygen -t ed25519) or an age identity (hushkit keygen)";
    case Unusable::pem: return "use an Ed25519 key as ssh-keygen -t ed25519 writes it, or an age identity (hushkit keygen)";
  }
  return "use an age identity (hushkit keygen)";
}

}  // namespace hushrun::age
