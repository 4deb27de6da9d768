#pragma once
// Error: what, where, why, how to fix. It holds no secret, because nothing in it ever was one.

#include <cstdint>
#include <vector>

#include "core/text.h"
#include "core/process.h"
#include "core/result.h"

namespace hushrun {

/// What went wrong, as a stable word in the JSON log (`secret-missing`). Words are never renamed; new ones may come.
enum class Code : std::uint8_t {
  usage,
  config_missing,
  config_unreadable,
  config_untrusted,
  config_syntax,
  config_invalid,
  source_missing,
  source_unreadable,
  source_invalid,
  source_command,
  source_exposed,
  sealed_unreadable,
  sealed_armor,
  sealed_header,
  sealed_no_match,
  sealed_hmac,
  sealed_payload,
  sealed_too_large,
  sealed_work_factor,
  sealed_memory,
  sealed_content,
  ejson_document,
  ejson_key,
  ejson_no_match,
  ejson_value,
  ejson_forged,
  identity_missing,
  identity_unreadable,
  identity_invalid,
  identity_unusable,
  identity_exposed,
  secret_missing,
  secret_empty,
  secret_unreadable,
  secret_too_large,
  secret_invalid,
  secret_unexpected,
  secret_suspicious,
  variable_conflict,
  variable_refused,
  variable_overridden,
  variable_too_large,
  target_refused,
  target_on_disk,
  target_unwritable,
  target_unremovable,
  user_unknown,
  privilege,
  command_missing,
  command_not_found,
  command_not_executable,
  system,
};

Literal word(Code code);
/// 127 for command_not_found, 126 for command_not_executable, else 125.
ExitCode exit_code(Code code);

/// A bare kernel answer. TRY will not turn it into an Error: somebody who knows the secret's name has to add
/// the other three parts (see Result::or_error).
struct Errno {
  int value;
  bool operator==(const Errno&) const = default;
};

/// Why: text, or a kernel answer, which reads "Permission denied (EACCES)".
class Why {
 public:
  consteval Why(const char* text) : text_{text} {}  // NOLINT: "text" converts by itself
  Why(Literal text) : text_{text} {}                // NOLINT
  Why(Public text) : text_{text} {}                 // NOLINT
  Why(Errno number) : number_{number.value} {}      // NOLINT

  /// The words a person reads.
  Public words() const;

 private:
  Public text_;
  int number_ = 0;
};

/// One problem, in four parts. `fix` is an imperative; where nothing can be done it says where to look.
struct Error {
  Code code;
  Literal what;
  Public where;
  Why why;
  Public fix;
};

/// All problems of one run, so that they are reported together and not one per restart. Never empty once it is
/// somebody's error.
struct Problems {
  Problems() = default;
  Problems(Error error) { list.push_back(std::move(error)); }  // NOLINT: one problem is a list of one
  void add(Error error) { list.push_back(std::move(error)); }
  void add(Problems other) {
    for (Error& error : other.list) list.push_back(std::move(error));
  }
  bool empty() const { return list.empty(); }

  std::vector<Error> list;
};

}  // namespace hushrun
