#pragma once
// The sections of hushrun.yaml, a file of code for each group of them. Seen by config*.cc and by the test that holds the JSON
// Schema.

#include <span>
#include <string_view>
#include <vector>

#include "config/config_reader.h"

namespace hushrun {

/// Most variables, and most files, of one config: as many as there may be secrets.
inline constexpr std::size_t kMostEntries = 4096;

/// What is being read: the file itself, or a profile on top of it, where an entry set to null is taken away.
enum class Layer { base, profile };

/// Reads `sources:`, which replaces what was there.
void read_sources(const Spot& at, std::vector<SourceConfig>& out);
/// Read `env:` and `files:`; an entry replaces the one of its name.
void read_variables(const Spot& at, Layer layer, std::vector<VariableConfig>& out);
void read_files(const Spot& at, Layer layer, std::vector<FileConfig>& out);

/// A section and the keys it takes, as its table has them.
struct SectionKeys {
  struct Key {
    std::string_view word;
    bool required;
  };
  std::string_view section;
  std::vector<Key> keys;
};
template <class T>
SectionKeys keys_of(std::string_view section, std::span<const Field<T>> fields) {
  SectionKeys all{section, {}};
  for (const Field<T>& field : fields) all.keys.push_back({field.key, field.required});
  return all;
}
std::vector<SectionKeys> source_keys();
std::vector<SectionKeys> target_keys();
/// All of them. The JSON Schema has a definition of each section's name.
std::vector<SectionKeys> section_keys();

}  // namespace hushrun
