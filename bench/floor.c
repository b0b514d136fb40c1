/* The floor: C library calls with nothing around them. floor CASE, then lines of two
 * numbers, times and samples, on standard input. */

#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static void call_stat(long times) {
  struct stat out;
  while (times--) stat("/usr/bin/env", &out);
}

static void call_open_close(long times) {
  while (times--) close(open("/usr/bin/env", O_RDONLY | O_CLOEXEC));
}

static void call_getpid(long times) {
  while (times--) getpid();
}

static void call_getrandom(long times) {
  char out[16];
  while (times--) if (getrandom(out, sizeof out, 0) == -1) exit(1);
}

static const struct {
  const char *name;
  void (*run)(long times);
} cases[] = {
    {"stat", call_stat},
    {"open_close", call_open_close},
    {"getpid", call_getpid},
    {"getrandom", call_getrandom},
};

static long long nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000000LL + now.tv_nsec;
}

int main(int argc, char **argv) {
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    if (argc != 2 || strcmp(argv[1], cases[i].name) != 0) continue;
    char line[64];
    long times, samples;
    while (fgets(line, sizeof line, stdin) && sscanf(line, "%ld %ld", &times, &samples) == 2) {
      while (samples--) {
        long long start = nanoseconds();
        cases[i].run(times);
        printf("%lld%c", nanoseconds() - start, samples ? ' ' : '\n');
      }
      fflush(stdout);
    }
    return 0;
  }
  fprintf(stderr, "usage: floor CASE\n");
  return 2;
}
