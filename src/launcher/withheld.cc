#include "launcher/withheld.h"

#include <algorithm>

#include "core/log.h"
#include "core/sys_process.h"

namespace hushrun {
namespace {

std::uint64_t bits(const sys::CapabilitySet& capabilities) {
  if (capabilities.all) return ~std::uint64_t{0};
  std::uint64_t all = 0;
  for (const unsigned number : capabilities.numbers) all |= std::uint64_t{1} << number;
  return all;
}

}  // namespace

Result<Withheld> Withheld::from(const Delivery& delivery, const std::vector<std::string>& hidden) {
  const ProcessConfig& process = delivery.process;
  Withheld withheld;
  init::Privileges& privileges = withheld.privileges_;
  privileges.forbid_cores = !process.core_dumps;
  privileges.no_new_privs = process.no_new_privs;
  if (process.drop_capabilities) {
    privileges.bounding = privileges.lowered = bits(*process.drop_capabilities);
    privileges.bounding_may_stay = process.no_new_privs;
  }
  if (delivery.user) {
    privileges.give_streams = true;
    privileges.uid = delivery.user->uid;
    privileges.gid = delivery.user->gid;
    // Already that user: nothing needs a privilege.
    privileges.change_user = !sys::already_is({delivery.user->uid, delivery.user->gid, delivery.user->groups});
    withheld.groups_ = delivery.user->groups;
    privileges.groups = withheld.groups_.data();
    privileges.group_count = withheld.groups_.size();
  }
  if (!hidden.empty()) {
    withheld.shield_ = TRY(init::Shield::over(hidden, delivery.traces.files()));
    withheld.covering_ = TRY(withheld.shield_->by_covers(privileges));
    if (!withheld.covering_) TRY(withheld.shield_->by_landlock(privileges));
  }
  return withheld;
}

Result<bool> Withheld::another_way(const init::Failure& failure) {
  if (!covering_ || !init::mounting_is_refused(failure)) return false;
  covering_ = false;
  TRY(shield_->by_landlock(privileges_));
  return true;
}

void Withheld::remark() const {
  if (privileges_.cores_error != 0) log::info("core dumps cannot be forbidden here: {}", Why{Errno{privileges_.cores_error}}.words());
}

Error describe_withholding(const init::Failure& failure) {
  const Errno why{failure.error};
  const auto problem = [&](Literal what, Public fix) { return Error{Code::privilege, what, "process", why, fix}; };
  switch (failure.step) {
    case init::Step::stream: return problem("cannot give a standard stream to the user", "see fchown(2)");
    case init::Step::mounts:
    case init::Step::cover: return problem("cannot cover the sources", "see mount(2), or leave out shield");
    case init::Step::landlock: return problem("cannot shield the sources", "see landlock_restrict_self(2), or leave out shield");
    case init::Step::bounding:
    case init::Step::capabilities:
      return problem("cannot drop capabilities", "say no_new_privs: true as well, or give CAP_SETPCAP to the launcher");
    case init::Step::groups:
    case init::Step::user: return problem("cannot change the user", "start as root with CAP_SETUID and CAP_SETGID, or leave out user");
    case init::Step::way_back: return problem("the user could be changed back", "something on this machine changes what setresuid(2) does");
    case init::Step::no_new_privs: return problem("cannot set no_new_privs", "see prctl(2)");
    case init::Step::parent: return problem("cannot end with our parent", "it has ended already; see PR_SET_PDEATHSIG in prctl(2)");
    case init::Step::descriptors: return problem("cannot arrange descriptors", "see dup3(2) and close_range(2)");
    case init::Step::none:
    case init::Step::execute: break;
  }
  return problem("cannot start the application", "see hushrun(1)");
}

}  // namespace hushrun
