#pragma once
// The values an audit looks for: what hushrun would deliver with the same options, and whatever else its sources hold.

#include <optional>
#include <string>
#include <vector>

#include "core/secret.h"
#include "leak/needle.h"
#include "tool/words.h"

namespace hushrun::tool {

class KnownValues {
 public:
  void describe(Words& words);
  /// Reads the config and every source, once. All problems are reported before the last of them is returned.
  Result<void> load();

  /// Names and values; good as long as this object is.
  std::vector<leak::Delivered> delivered() const;
  /// The names of those in which there is nothing to look for.
  const std::vector<Public>& blank() const { return blank_; }
  /// True if nothing names it but its source: there are settings among such, and one too short to be looked for is no gap.
  bool is_unasked(Public name) const;

 private:
  struct Value {
    Public name;
    Secret value;
    bool asked;
  };
  void add(Public name, Secret value, bool asked);
  Result<void> read_sources();
  Result<void> read_given();

  std::optional<std::string> config_;
  bool no_config_ = false;
  std::optional<std::string> profile_;
  std::vector<std::string> sources_;
  std::vector<std::string> identities_;
  std::optional<std::string> passphrase_;
  std::vector<std::string> given_;
  std::vector<Value> values_;
  std::vector<Public> blank_;
};

}  // namespace hushrun::tool
