#pragma once
// Named variables of our own environment. The launcher takes them out of the application's.

#include "source/source.h"

namespace hushrun {

class OpenEnvironmentSource {
 public:
  /// Never fails: a variable that is not set is a secret that is not there, and find() says so.
  static Opening<OpenEnvironmentSource> open(const EnvironmentSource& config, const Environment& environment, Presence presence);

  Lookup find(const Name& name) const;
  /// Nothing: they are variables already; only a mapping makes something else of them.
  Result<Offer, Trouble> offered() const { return Offer{}; }
  std::optional<Public> whereabouts(const Name& name) const;
  /// The listed names, set or not.
  std::vector<std::string> variables() const;

 private:
  OpenEnvironmentSource(std::vector<VariableName> names, const Environment& environment)
      : names_{std::move(names)}, environment_{environment} {}
  std::optional<std::string_view> value(const Name& name) const;

  std::vector<VariableName> names_;
  Environment environment_;
};

}  // namespace hushrun
