// The application of the engine tests: static, and it shows what it was given without giving it away.
//
//   showenv          a line per variable: NAME length fingerprint
//   showenv --hold   the same, then waits to be ended
//
// The fingerprint (FNV-1a, 64 bit) tells two values apart and does not hold either: what this prints may stand in a log.

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

extern char** environ;

static uint64_t fingerprint(const char* text) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (; *text; ++text) hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
  return hash;
}

int main(int argc, char** argv) {
  printf("pid %ld uid %ld gid %ld\n", (long)getpid(), (long)getuid(), (long)getgid());
  for (char** entry = environ; *entry; ++entry) {
    const char* value = strchr(*entry, '=');
    if (!value) continue;
    printf("%.*s %zu %016" PRIx64 "\n", (int)(value - *entry), *entry, strlen(value + 1), fingerprint(value + 1));
  }
  fflush(stdout);
  if (argc > 1 && strcmp(argv[1], "--hold") == 0) pause();
  return 0;
}
