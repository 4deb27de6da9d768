// A service, as static and small as they come, for what an engine does to one: stop, kill, look into.
//   service polite       says "ready", ends with 7 on TERM
//   service stubborn     says "ready", ignores TERM
//   service orphans      leaves a child of a child behind, which says "orphan ended" on TERM; says "ready", ends with 0 on TERM
//   service open PATH..  says for each path whether it can be opened for reading
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void say(const char* text) {
  if (write(1, text, strlen(text)) < 0) _exit(9);
}
static void end_with_7(int signal) { (void)signal, _exit(7); }
static void end_with_0(int signal) { (void)signal, _exit(0); }
static void end_as_orphan(int signal) { (void)signal, say("orphan ended\n"), _exit(0); }

static void wait_for_ever(void) {
  for (;;) pause();
}

int main(int argc, char** argv) {
  const char* mode = argc > 1 ? argv[1] : "";
  if (strcmp(mode, "polite") == 0) {
    signal(SIGTERM, end_with_7);
  } else if (strcmp(mode, "stubborn") == 0) {
    signal(SIGTERM, SIG_IGN);
  } else if (strcmp(mode, "orphans") == 0) {
    int ready[2];
    char byte;
    if (pipe(ready) < 0) return 9;
    if (fork() == 0) {
      if (fork() != 0) _exit(0);
      setsid();
      signal(SIGTERM, end_as_orphan);
      if (write(ready[1], "x", 1) < 0) _exit(9);
      wait_for_ever();
    }
    if (read(ready[0], &byte, 1) != 1) return 9;
    wait(NULL);
    signal(SIGTERM, end_with_0);
  } else if (strcmp(mode, "open") == 0) {
    for (int i = 2; i < argc; ++i) {
      const int file = open(argv[i], O_RDONLY);
      char byte;
      const int readable = file >= 0 && read(file, &byte, 1) == 1;
      printf("%s %s\n", argv[i], readable ? "readable" : "hidden");
    }
    printf("API_KEY %zu bytes\n", getenv("API_KEY") ? strlen(getenv("API_KEY")) : 0);
    return 0;
  } else {
    return 8;
  }
  say("ready\n");
  wait_for_ever();
}
