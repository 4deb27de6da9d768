#include "audit/confine.h"

#include <seccomp.h>

#include <memory>

#include "core/sys_channel.h"

namespace hushrun::audit {
namespace {

// A patched libarchive bomb would need more; xz's largest dictionary is 64 MiB by default, zstd's window 128.
[[maybe_unused]] constexpr std::uint64_t kMostMemory = std::uint64_t{2} << 30;

constexpr int kAllowed[] = {
    SCMP_SYS(read),         SCMP_SYS(readv),        SCMP_SYS(write),       SCMP_SYS(writev),     SCMP_SYS(pread64),  SCMP_SYS(close),
    SCMP_SYS(lseek),        SCMP_SYS(fstat),        SCMP_SYS(recvmsg),     SCMP_SYS(munmap),     SCMP_SYS(mremap),   SCMP_SYS(brk),
    SCMP_SYS(madvise),      SCMP_SYS(mlock),        SCMP_SYS(munlock),     SCMP_SYS(futex),      SCMP_SYS(poll),     SCMP_SYS(exit),
    SCMP_SYS(exit_group),   SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(sigaltstack),
    SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday), SCMP_SYS(getrandom),  SCMP_SYS(getpid),     SCMP_SYS(gettid),   SCMP_SYS(sched_yield),
    SCMP_SYS(restart_syscall),
};

Error refused(int code) {
  return {Code::privilege, "cannot confine the process that reads archives", "seccomp", Errno{code < 0 ? -code : code},
          "allow seccomp(2), or run it where that is allowed"};
}

}  // namespace

Result<void> confine() {
#if !defined(__SANITIZE_ADDRESS__)
  // A sanitizer's shadow is larger than any limit.
  TRY(sys::limit_memory(kMostMemory).or_error([](Errno error) { return refused(error.value); }));
#endif
  struct Free {
    void operator()(void* context) const { seccomp_release(context); }
  };
  const std::unique_ptr<void, Free> filter{seccomp_init(SCMP_ACT_ERRNO(EPERM))};
  if (!filter) return refused(ENOMEM);
  for (int call : kAllowed) {
    if (const int error = seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, call, 0); error < 0) return refused(error);
  }
  // Memory, but none that is executable, and no mapping of a file.
  const auto without = [&](int call) {
    const scmp_arg_cmp protection{2, SCMP_CMP_MASKED_EQ, 4 /* PROT_EXEC */, 0};
    return seccomp_rule_add_array(filter.get(), SCMP_ACT_ALLOW, call, 1, &protection);
  };
  if (const int error = without(SCMP_SYS(mmap)); error < 0) return refused(error);
  if (const int error = without(SCMP_SYS(mprotect)); error < 0) return refused(error);
  if (const int error = seccomp_load(filter.get()); error < 0) return refused(error);
  return {};
}

}  // namespace hushrun::audit
