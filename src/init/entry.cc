#include "init/entry.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "init/raw.h"
#include "init/supervisor.h"

extern "C" {
// The stack as execve(2) leaves it: argc, argv, a null. And what was blocked before.
void hushrun_begin(long* stack, std::uint64_t before);
}

// rt_sigprocmask(SIG_SETMASK, &all, &before, 8), then hushrun_begin(stack, before), then _start with everything as the kernel left it.
// `all` stands in the code and `before` on the stack: another page would be another page fault, in both images.
#if defined(__x86_64__)
asm(R"(
  .pushsection .text.hushrun_entry,"ax",@progbits
  .globl hushrun_entry
  .type hushrun_entry,@function
hushrun_entry:
  subq $16, %rsp
  movl $14, %eax
  movl $2, %edi
  leaq 1f(%rip), %rsi
  movq %rsp, %rdx
  movl $8, %r10d
  syscall
  xorl %ebp, %ebp
  leaq 16(%rsp), %rdi
  movq (%rsp), %rsi
  call hushrun_begin
  addq $16, %rsp
  xorl %edx, %edx
  jmp _start
  .balign 8
1: .quad -1
  .size hushrun_entry, .-hushrun_entry
  .popsection
)");
#elif defined(__aarch64__)
asm(R"(
  .pushsection .text.hushrun_entry,"ax",@progbits
  .globl hushrun_entry
  .type hushrun_entry,@function
hushrun_entry:
  sub sp, sp, #16
  mov x8, #135
  mov x0, #2
  adr x1, 1f
  mov x2, sp
  mov x3, #8
  svc #0
  mov x29, #0
  mov x30, #0
  add x0, sp, #16
  ldr x1, [sp]
  bl hushrun_begin
  add sp, sp, #16
  mov x0, #0
  b _start
  .balign 8
1: .quad -1
  .size hushrun_entry, .-hushrun_entry
  .popsection
)");
#endif

namespace hushrun::init {
namespace {

// KILL and STOP cannot be blocked, so this is never a mask: it stands for "not asked yet". Not zero, so that it lies beside
// what libc's start writes as well.
constexpr std::uint64_t kNotAsked = ~std::uint64_t{0};
std::uint64_t mask_before = kNotAsked;

// A mark alone could come from anybody: who has just been started has no child. Asked twice, as one strange answer must not
// make us forget an application that runs.
bool have_a_child() {
  for (int i = 0; i < 2; ++i) {
    siginfo_t info;
    if (raw::sys(SYS_waitid, P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT, nullptr) != -ECHILD) return true;
  }
  return false;
}

}  // namespace

std::uint64_t block_first() {
  if (mask_before == kNotAsked) {
    const std::uint64_t all = ~std::uint64_t{0};
    raw::sys(SYS_rt_sigprocmask, SIG_SETMASK, &all, &mask_before, sizeof all);
  }
  return mask_before;
}

void supervise_if_second_image(int argc, char** argv) {
  // Its first byte alone tells nearly always.
  if (argc < 3 || argv[1][0] != kMark[0] || !raw::same(argv[1], kMark)) return;
  const char* child = raw::after(argv[2], word::kChild);
  if (child == nullptr) return;
  if (raw::take_number(child) > 1 && have_a_child()) supervise_and_exit(argv + 2);
}

}  // namespace hushrun::init

void hushrun_begin(long* stack, std::uint64_t before) {
  using namespace hushrun::init;
  supervise_if_second_image(static_cast<int>(stack[0]), reinterpret_cast<char**>(stack + 1));
  mask_before = before;
}
