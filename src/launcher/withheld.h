#pragma once
// What the application does not get, by the plan: made ready for init/privileges.h, which gives it up; and its failures in words.

#include <memory>
#include <string>
#include <vector>

#include "core/error.h"
#include "init/privileges.h"
#include "init/shield.h"
#include "launcher/deliver.h"

namespace hushrun {

class Withheld {
 public:
  /// `hidden` are the paths that `shield` stands for.
  static Result<Withheld> from(const Delivery& delivery, const std::vector<std::string>& hidden);

  init::Privileges& privileges() { return privileges_; }

  /// After a failure: true if there is another way to shield, which is then prepared; an Error if there is none.
  Result<bool> another_way(const init::Failure& failure);

  /// What could not be done, and is no reason to stop.
  void remark() const;

 private:
  Withheld() = default;
  init::Privileges privileges_;
  std::vector<gid_t> groups_;
  std::optional<init::Shield> shield_;
  bool covering_ = false;
};

/// A step that failed. Not of Step::execute: see describe_failure.
Error describe_withholding(const init::Failure& failure);

}  // namespace hushrun
