#pragma once
// Sealing: recipients + content → file. In the tool only; the launcher has no use for it.

#include <memory>
#include <string>
#include <vector>

#include "age/armor_writer.h"
#include "age/bytes.h"
#include "age/recipient.h"
#include "age/stream.h"

namespace hushrun::age {

enum class Form { binary, armored };

/// Takes content in pieces of any size and writes the sealed file as it goes; holds back at most a chunk, in locked memory.
///
/// A Writer itself, so that one file can be opened into the sealing of another (`rekey`) without its content in between. `finish`
/// ends the file; without it the file is cut off, and nobody can open it.
class Sealer final : public Writer {
 public:
  /// Writes the header. Failed::recipient if there is none, or a passphrase among others: anybody of the others could
  /// then pass for somebody who knows it.
  /// `content_size`, where it is known, keeps the buffer of a small file small.
  static Result<Sealer, Failure> start(const std::vector<Recipient>& recipients, Form form, Writer& sealed,
                                       std::optional<std::uint64_t> content_size = std::nullopt);

  Result<void, Failure> write(const char* bytes, std::size_t size) override;
  Result<void, Failure> finish();

 private:
  Sealer(Secret key, Secret buffer, std::unique_ptr<ArmorWriter> armor, Writer& sealed);
  Result<void, Failure> seal_chunk(Position position);

  Secret key_;
  Secret buffer_;                       // a chunk and its tag
  std::size_t held_ = 0;                // bytes of content in it
  std::unique_ptr<ArmorWriter> armor_;  // none: binary
  Writer* sealed_;                      // the armor, or where the file goes
  ChunkCounter counter_;
};

/// A whole file in memory.
Result<std::string, Failure> seal(View content, const std::vector<Recipient>& recipients, Form form);

/// The header for a file key: what a Sealer begins with. `nonce` is not in it.
Result<std::string, Failure> sealed_header(const Secret& file_key, const std::vector<Recipient>& recipients);

}  // namespace hushrun::age
