#include "init/entry.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "init/raw.h"
#include "init/supervisor.h"

extern "C" {
// KILL and STOP cannot be blocked, so the kernel never reports this as a mask: it stands for "not asked yet".
std::uint64_t hushrun_mask_before = ~std::uint64_t{0};
extern const std::uint64_t hushrun_all_signals;
const std::uint64_t hushrun_all_signals = ~std::uint64_t{0};

// The stack as execve(2) leaves it: argc, argv, a null.
void hushrun_begin(long* stack);
}

// rt_sigprocmask(SIG_SETMASK, &all, &before, 8), then hushrun_begin(stack), then _start with everything as the kernel left it.
#if defined(__x86_64__)
asm(R"(
  .pushsection .text.hushrun_entry,"ax",@progbits
  .globl hushrun_entry
  .type hushrun_entry,@function
hushrun_entry:
  movl $14, %eax
  movl $2, %edi
  leaq hushrun_all_signals(%rip), %rsi
  leaq hushrun_mask_before(%rip), %rdx
  movl $8, %r10d
  syscall
  xorl %ebp, %ebp
  movq %rsp, %rdi
  call hushrun_begin
  xorl %edx, %edx
  jmp _start
  .size hushrun_entry, .-hushrun_entry
  .popsection
)");
#elif defined(__aarch64__)
asm(R"(
  .pushsection .text.hushrun_entry,"ax",@progbits
  .globl hushrun_entry
  .type hushrun_entry,@function
hushrun_entry:
  mov x8, #135
  mov x0, #2
  adrp x1, hushrun_all_signals
  add x1, x1, :lo12:hushrun_all_signals
  adrp x2, hushrun_mask_before
  add x2, x2, :lo12:hushrun_mask_before
  mov x3, #8
  svc #0
  mov x29, #0
  mov x30, #0
  mov x0, sp
  bl hushrun_begin
  mov x0, #0
  b _start
  .size hushrun_entry, .-hushrun_entry
  .popsection
)");
#endif

namespace hushrun::init {
namespace {

// A mark alone could come from anybody: the child it names must be ours. Asked twice, as one strange answer must not make us
// forget an application that runs.
bool is_child(pid_t pid) {
  for (int i = 0; i < 2; ++i) {
    siginfo_t info;
    if (raw::sys(SYS_waitid, P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT, nullptr) != -ECHILD) return true;
  }
  return false;
}

}  // namespace

std::uint64_t block_first() {
  if (hushrun_mask_before == ~std::uint64_t{0}) {
    raw::sys(SYS_rt_sigprocmask, SIG_SETMASK, &hushrun_all_signals, &hushrun_mask_before, sizeof hushrun_all_signals);
  }
  return hushrun_mask_before;
}

void supervise_if_second_image(int argc, char** argv) {
  if (argc < 3 || !raw::same(argv[1], kMark)) return;
  const char* child = raw::after(argv[2], word::kChild);
  if (child == nullptr) return;
  const auto pid = static_cast<pid_t>(raw::take_number(child));
  if (pid > 1 && is_child(pid)) supervise_and_exit(argv + 2);
}

}  // namespace hushrun::init

void hushrun_begin(long* stack) {
  hushrun::init::supervise_if_second_image(static_cast<int>(stack[0]), reinterpret_cast<char**>(stack + 1));
}
