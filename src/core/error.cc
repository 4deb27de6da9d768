#include "core/error.h"

#include <cstring>

namespace hushrun {

Literal word(Code code) {
  switch (code) {
    case Code::usage: return "usage";
    case Code::config_missing: return "config-missing";
    case Code::config_unreadable: return "config-unreadable";
    case Code::config_untrusted: return "config-untrusted";
    case Code::config_syntax: return "config-syntax";
    case Code::config_invalid: return "config-invalid";
    case Code::source_missing: return "source-missing";
    case Code::source_unreadable: return "source-unreadable";
    case Code::source_invalid: return "source-invalid";
    case Code::source_command: return "source-command";
    case Code::source_exposed: return "source-exposed";
    case Code::sealed_unreadable: return "sealed-unreadable";
    case Code::sealed_armor: return "sealed-armor";
    case Code::sealed_header: return "sealed-header";
    case Code::sealed_no_match: return "sealed-no-match";
    case Code::sealed_hmac: return "sealed-hmac";
    case Code::sealed_payload: return "sealed-payload";
    case Code::sealed_too_large: return "sealed-too-large";
    case Code::sealed_work_factor: return "sealed-work-factor";
    case Code::sealed_memory: return "sealed-memory";
    case Code::sealed_content: return "sealed-content";
    case Code::ejson_document: return "ejson-document";
    case Code::ejson_key: return "ejson-key";
    case Code::ejson_no_match: return "ejson-no-match";
    case Code::ejson_value: return "ejson-value";
    case Code::ejson_forged: return "ejson-forged";
    case Code::identity_missing: return "identity-missing";
    case Code::identity_unreadable: return "identity-unreadable";
    case Code::identity_invalid: return "identity-invalid";
    case Code::identity_unusable: return "identity-unusable";
    case Code::identity_exposed: return "identity-exposed";
    case Code::secret_missing: return "secret-missing";
    case Code::secret_empty: return "secret-empty";
    case Code::secret_unreadable: return "secret-unreadable";
    case Code::secret_too_large: return "secret-too-large";
    case Code::secret_invalid: return "secret-invalid";
    case Code::secret_unexpected: return "secret-unexpected";
    case Code::secret_suspicious: return "secret-suspicious";
    case Code::variable_conflict: return "variable-conflict";
    case Code::variable_refused: return "variable-refused";
    case Code::variable_overridden: return "variable-overridden";
    case Code::variable_too_large: return "variable-too-large";
    case Code::target_refused: return "target-refused";
    case Code::target_on_disk: return "target-on-disk";
    case Code::target_unwritable: return "target-unwritable";
    case Code::target_unremovable: return "target-unremovable";
    case Code::user_unknown: return "user-unknown";
    case Code::privilege: return "privilege";
    case Code::command_missing: return "command-missing";
    case Code::command_not_found: return "command-not-found";
    case Code::command_not_executable: return "command-not-executable";
    case Code::system: return "system";
  }
  return "system";
}

ExitCode exit_code(Code code) {
  if (code == Code::command_not_found) return ExitCode::not_found();
  if (code == Code::command_not_executable) return ExitCode::cannot_execute();
  return ExitCode::launcher_failed();
}

Public Why::words() const {
  if (number_ == 0) return text_;
  // The GNU forms: no locale is loaded, no buffer is shared, an unknown number gives a null pointer.
  const char* description = strerrordesc_np(number_);
  const char* symbol = strerrorname_np(number_);
  if (description == nullptr || symbol == nullptr) return "kernel error " + Public::number(static_cast<unsigned>(number_));
  return Public::vouched(description) + " (" + Public::vouched(symbol) + ")";
}

}  // namespace hushrun
