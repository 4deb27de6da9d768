#pragma once
// A whole sealed document in memory: opened, changed, sealed again.

#include "age/seal.h"
#include "tool/keys.h"
#include "tool/place.h"

namespace hushrun::tool {

/// As much as the launcher takes from a sealed source.
inline constexpr std::size_t kDocumentLimit = 16 * 1024 * 1024;

struct Document {
  Secret content;
  age::Form form;
  std::size_t readers;  // before; 0 for a file that is not there yet
  std::string header;   // as it was read, which no other sealing has; empty for a file that is not there yet
  std::optional<age::Identities> identities;
};

/// Standard input cannot be changed in its place; it is for reading only.
Result<void> expect_file(const std::string& path);

enum class Missing { refused, empty };
Result<Document> open_document(const KeyOptions& options, const std::string& path, Missing missing);

/// Whom `document` will be sealed to, and that they are not too few. Before anything is typed, for it may fail.
Result<Readers> readers_of(const SealOptions& options, const std::string& path, const Document& document);
/// True if somebody else has sealed the file, made it or taken it away since `document` was read.
bool changed_meanwhile(const std::string& path, const Document& document);
/// `content` in its place, or elsewhere.
Result<void> seal_document(const SealOptions& options, const std::string& path, const Document& document, const Readers& readers, const Secret& content);

}  // namespace hushrun::tool
