#pragma once
// Sealed files: age with dotenv, YAML or JSON inside, and Shopify ejson. Opened whole or not at all, in locked memory.

#include <span>
#include <vector>

#include "source/content.h"
#include "source/keyring.h"
#include "source/source.h"

namespace hushrun {

/// A sealed file that was opened: what both formats have in common from there on.
class OpenSealedSource {
 public:
  /// `directories` are the sources in which secret:NAME is looked for. All keys there are are tried; a place where there is none is passed over
  /// as long as another one has one.
  static Opening<OpenSealedSource> open(const AgeSource& config, Keyring& keyring, std::span<const OpenDirectorySource* const> directories,
                                        Presence presence);
  static Opening<OpenSealedSource> open(const EjsonSource& config, Keyring& keyring, std::span<const OpenDirectorySource* const> directories,
                                        const Environment& environment, Presence presence);

  Lookup find(const Name& name) const;
  /// All names; of ejson those with a `_` in front are comments by its rules, and not offered.
  Result<Offer, Trouble> offered() const;
  std::optional<Public> whereabouts(const Name& name) const;
  Public where() const { return shown_; }

  /// Keys that could not be used, beside one that could.
  const std::vector<Trouble>& remarks() const { return remarks_; }

 private:
  enum class Format { age, ejson };
  OpenSealedSource(Format format, Content content, Public shown, std::vector<Trouble> remarks)
      : format_{format}, content_{std::move(content)}, shown_{shown}, remarks_{std::move(remarks)} {}
  const ContentEntry* entry(const Name& name) const;
  Public place_of(const ContentEntry& found) const;

  Format format_;
  Content content_;
  Public shown_;
  std::vector<Trouble> remarks_;
};

}  // namespace hushrun
