// The application under the init, for the tests: does what its words say and reports on a descriptor, a line each.
//
//   app FD VERB [ARG]... [, VERB [ARG]...]...      FD: where the lines go; "-" for nowhere
//
// It blocks all signals for `watch` and takes them with the raw call, so that 32 and 33 are seen as well.

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <initializer_list>

namespace {

int out = -1;

void say(const char* format, ...) {
  char line[4096];
  va_list arguments;
  va_start(arguments, format);
  int size = vsnprintf(line, sizeof line - 1, format, arguments);
  va_end(arguments);
  if (size > static_cast<int>(sizeof line) - 2) size = sizeof line - 2;
  line[size++] = '\n';
  if (out >= 0 && write(out, line, static_cast<size_t>(size)) < 0) _exit(99);
}

void set_mask(unsigned long mask) { syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, nullptr, sizeof mask); }

void ready(const char* what) {
  int foreground = -1;
  const int terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (terminal >= 0) ioctl(terminal, TIOCGPGRP, &foreground);
  if (terminal >= 0) close(terminal);
  say("%s pid=%d ppid=%d pgrp=%d sid=%d foreground=%d", what, getpid(), getppid(), getpgrp(), getsid(0), foreground);
}

// Every signal that comes is a line; ends after QUIT that came by sigqueue with the value 99.
void watch() {
  const unsigned long all = ~0ul;
  set_mask(all);
  ready("watching");
  for (;;) {
    siginfo_t info;
    const long signal = syscall(SYS_rt_sigtimedwait, &all, &info, nullptr, sizeof all);
    if (signal < 0) continue;
    if (signal == SIGCHLD) continue;
    say("signal %ld code=%d value=%d", signal, info.si_code, info.si_value.sival_int);
    if (signal == SIGQUIT && info.si_code == SI_QUEUE && info.si_value.sival_int == 99) return;
  }
}

volatile sig_atomic_t has_come = 0;

void handle(int signal) {
  has_come = 1;
  char line[40];
  const int size = snprintf(line, sizeof line, "handled %d\n", signal);
  if (out >= 0 && write(out, line, static_cast<size_t>(size)) < 0) _exit(99);
}

// What a program inherits.
void state() {
  unsigned long blocked = 0, pending = 0, ignored = 0, handled = 0;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, nullptr, &blocked, sizeof blocked);
  syscall(SYS_rt_sigpending, &pending, sizeof pending);
  for (int signal = 1; signal <= 64; ++signal) {
    struct {
      void* handler;
      unsigned long flags;
      void* restorer;
      unsigned long mask;
    } action{};
    syscall(SYS_rt_sigaction, signal, nullptr, &action, sizeof action.mask);
    if (action.handler == reinterpret_cast<void*>(SIG_IGN)) {
      ignored |= 1ul << (signal - 1);
    } else if (action.handler != nullptr) {
      handled |= 1ul << (signal - 1);
    }
  }
  char descriptors[1024] = "";
  for (int number = 0, used = 0; number < 256; ++number) {
    if (number != out && fcntl(number, F_GETFD) >= 0) used += snprintf(descriptors + used, sizeof descriptors - static_cast<size_t>(used), "%s%d", used > 0 ? "," : "", number);
  }
  rlimit core{}, files{};
  getrlimit(RLIMIT_CORE, &core);
  getrlimit(RLIMIT_NOFILE, &files);
  int death = 0, subreaper = 0;
  prctl(PR_GET_PDEATHSIG, &death);
  prctl(PR_GET_CHILD_SUBREAPER, &subreaper);
  itimerval timer{};
  getitimer(ITIMER_REAL, &timer);
  char directory[1024] = "?";
  if (getcwd(directory, sizeof directory) == nullptr) directory[0] = '?';
  const mode_t mask = umask(0);
  umask(mask);
  say("state blocked=%lx pending=%lx ignored=%lx handled=%lx descriptors=%s core=%lu files=%lu death=%d subreaper=%d timer=%d umask=%o "
      "no_new_privs=%d uid=%d gid=%d groups=%d own_group=%d cwd=%s",
      blocked, pending, ignored, handled, descriptors, static_cast<unsigned long>(core.rlim_cur), static_cast<unsigned long>(files.rlim_cur), death,
      subreaper, static_cast<int>(timer.it_value.tv_sec != 0 || timer.it_value.tv_usec != 0), mask, prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), getuid(),
      getgid(), getgroups(0, nullptr), static_cast<int>(getpgrp() == getpid()), directory);
}

// A process of its own session that is nobody's child any more; runs `rest` in it.
template <class Rest>
void daemon(Rest&& rest) {
  int cue[2];
  if (pipe(cue) < 0) _exit(98);
  const pid_t first = fork();
  if (first == 0) {
    setsid();
    set_mask(~0ul);
    if (fork() == 0) {
      while (getppid() == first) sched_yield();
      ready("daemon");
      close(cue[0]);
      close(cue[1]);
      rest();
      _exit(0);
    }
    _exit(0);
  }
  close(cue[1]);
  waitpid(first, nullptr, 0);
  char byte;
  // The daemon closes its end once it has a new parent.
  while (read(cue[0], &byte, 1) < 0 && errno == EINTR) {
  }
  close(cue[0]);
}

// Runs the rest of the command line as PID 1 of a pid namespace of its own.
int box(char** words) {
  bool with_proc = true, terminal = false;
  for (; *words != nullptr && strcmp(*words, "--") != 0; ++words) {
    if (strcmp(*words, "noproc") == 0) with_proc = false;
    if (strcmp(*words, "terminal") == 0) terminal = true;
  }
  ++words;
  if (unshare(CLONE_NEWPID | CLONE_NEWNS) < 0) return 97;
  mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
  int cue[2];
  if (pipe2(cue, O_CLOEXEC) < 0) return 98;
  const pid_t child = fork();
  if (child == 0) {
    close(cue[1]);
    char byte;
    if (read(cue[0], &byte, 1) < 0) _exit(98);  // until we have been announced
    if (mount(with_proc ? "proc" : "tmpfs", "/proc", with_proc ? "proc" : "tmpfs", 0, nullptr) < 0) _exit(96);
    if (terminal) {
      setsid();
      ioctl(0, TIOCSCTTY, 1);
    }
    execv(*words, words);
    _exit(95);
  }
  say("box %d", child);
  close(cue[1]);
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int number(char** words) { return *words != nullptr ? atoi(*words) : 0; }

// One verb; returns the exit code, or -1 to go on.
int run(char** words) {
  const char* verb = *words++;
  if (strcmp(verb, "exit") == 0) return number(words);
  if (strcmp(verb, "die") == 0) {
    set_mask(0);
    signal(number(words), SIG_DFL);
    kill(getpid(), number(words));
    for (;;) pause();
  }
  if (strcmp(verb, "ready") == 0) ready("ready");
  if (strcmp(verb, "watch") == 0) watch();
  if (strcmp(verb, "state") == 0) state();
  if (strcmp(verb, "environment") == 0) {
    for (; *words != nullptr; ++words) say("environment %s=%s", *words, getenv(*words) != nullptr ? getenv(*words) : "(none)");
  }
  if (strcmp(verb, "pause") == 0) {
    for (;;) pause();
  }
  if (strcmp(verb, "wait-once") == 0) {  // until one of the handled signals has come
    while (has_come == 0) sched_yield();
  }
  if (strcmp(verb, "ignore") == 0) signal(number(words), SIG_IGN);
  if (strcmp(verb, "handle") == 0) {
    for (; *words != nullptr; ++words) signal(number(words), handle);
  }
  if (strcmp(verb, "stop") == 0) kill(getpid(), number(words));
  if (strcmp(verb, "setsid") == 0) setsid();
  if (strcmp(verb, "both") == 0 && fork() < 0) return 91;  // two of us go on
  if (strcmp(verb, "close-output") == 0) close(0), close(1), close(2);
  if (strcmp(verb, "setuid") == 0 && (setgid(static_cast<gid_t>(number(words))) < 0 || setuid(static_cast<uid_t>(number(words))) < 0)) return 94;
  if (strcmp(verb, "limit") == 0) {
    // The soft one only: what is below may raise it again.
    const auto which = strcmp(words[0], "files") == 0 ? RLIMIT_NOFILE : strcmp(words[0], "core") == 0 ? RLIMIT_CORE : RLIMIT_NPROC;
    rlimit limit{};
    getrlimit(which, &limit);
    limit.rlim_cur = static_cast<rlim_t>(atol(words[1]));
    setrlimit(which, &limit);
  }
  if (strcmp(verb, "close") == 0) {
    for (; *words != nullptr; ++words) close(number(words));
  }
  if (strcmp(verb, "mask") == 0) set_mask(strtoul(*words, nullptr, 16));
  if (strcmp(verb, "signal-parent") == 0) kill(getppid(), number(words));
  if (strcmp(verb, "signal-group") == 0) kill(0, number(words));
  // A process of another session that nobody waits for but init: what becomes of it is a line.
  if (strcmp(verb, "daemon") == 0) {
    const bool stubborn = *words != nullptr && strcmp(*words, "stubborn") == 0;
    const bool stopped = *words != nullptr && strcmp(*words, "stopped") == 0;
    daemon([&] {
      const unsigned long all = ~0ul;
      if (stopped) kill(getpid(), SIGSTOP);
      for (;;) {
        const long signal = syscall(SYS_rt_sigtimedwait, &all, nullptr, nullptr, sizeof all);
        if (signal == SIGTERM) say("daemon got TERM");
        if (signal == SIGTERM && !stubborn) _exit(0);
      }
    });
  }
  // Many orphans that end at once.
  if (strcmp(verb, "storm") == 0) {
    for (int left = number(words); left > 0; --left) {
      const pid_t first = fork();
      if (first == 0) {
        if (fork() == 0) _exit(1);
        _exit(0);
      }
      if (first > 0) waitpid(first, nullptr, 0);
    }
    say("storm over");
  }
  // How many zombies have our parent as theirs.
  if (strcmp(verb, "zombies") == 0) {
    const pid_t parent = getppid();
    int count = 0;
    DIR* processes = opendir("/proc");
    while (const dirent* entry = processes != nullptr ? readdir(processes) : nullptr) {
      char path[300], line[512];
      snprintf(path, sizeof path, "/proc/%s/stat", entry->d_name);
      const int file = open(path, O_RDONLY | O_CLOEXEC);
      if (file < 0) continue;
      const ssize_t size = read(file, line, sizeof line - 1);
      close(file);
      if (size <= 0) continue;
      line[size] = '\0';
      const char* rest = strrchr(line, ')');
      char kind = '?';
      int its_parent = 0;
      if (rest != nullptr && sscanf(rest + 2, "%c %d", &kind, &its_parent) == 2 && kind == 'Z' && its_parent == parent) ++count;
    }
    say("zombies %d", count);
  }
  // What a fellow process of the same user can do to another one.
  if (strcmp(verb, "look-into") == 0) {
    const int other = strcmp(*words, "parent") == 0 ? getppid() : number(words);
    char path[64];
    int denied = 0, granted = 0;
    for (const char* file : {"mem", "environ", "maps", "cwd/x", "root/etc/passwd", "fd/2"}) {
      snprintf(path, sizeof path, "/proc/%d/%s", other, file);
      const int opened = open(path, O_RDONLY);
      opened < 0 && errno == EACCES ? ++denied : ++granted;
    }
    const long attached = ptrace(PTRACE_ATTACH, other, nullptr, nullptr);
    say("look-into denied=%d granted=%d attached=%d", denied, granted, static_cast<int>(attached == 0));
  }
  if (strcmp(verb, "read") == 0) {
    char text[1024] = "";
    const int file = open(*words, O_RDONLY);
    const int error = errno;
    ssize_t size = file < 0 ? -1 : read(file, text, sizeof text - 1);
    say("read %s error=%d size=%ld", *words, file < 0 ? error : 0, static_cast<long>(size));
    if (file >= 0) close(file);
  }
  if (strcmp(verb, "read-parent") == 0) {  // the same by way of our parent's root directory
    char path[1024];
    snprintf(path, sizeof path, "/proc/%d/root%s", getppid(), *words);
    const int file = open(path, O_RDONLY);
    say("read-parent error=%d", file < 0 ? errno : 0);
    if (file >= 0) close(file);
  }
  if (strcmp(verb, "umount") == 0) say("umount error=%d", umount2(*words, MNT_DETACH) < 0 ? errno : 0);
  if (strcmp(verb, "rename") == 0) say("rename error=%d", rename(words[0], words[1]) < 0 ? errno : 0);
  if (strcmp(verb, "terminal-read") == 0) {
    char line[64] = "";
    const ssize_t size = read(0, line, sizeof line);  // a line
    say("terminal-read %ld %c", static_cast<long>(size), line[0]);
  }
  if (strcmp(verb, "wait-for") == 0) {  // until a byte, or the end of it, can be read from a descriptor
    char byte;
    while (read(number(words), &byte, 1) < 0 && errno == EINTR) {
    }
  }
  return -1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 93;
  if (strcmp(argv[1], "-") != 0) out = atoi(argv[1]);
  if (strcmp(argv[2], "box") == 0) return box(argv + 3);
  for (char** words = argv + 2; *words != nullptr;) {
    if (strcmp(*words, "run") == 0) {  // the rest is a program and its arguments
      execv(words[1], words + 1);
      return 92;
    }
    char** end = words;
    while (*end != nullptr && strcmp(*end, ",") != 0) ++end;
    char** const next = *end != nullptr ? end + 1 : end;
    *end = nullptr;
    if (const int code = run(words); code >= 0) return code;
    words = next;
  }
  return 0;
}
