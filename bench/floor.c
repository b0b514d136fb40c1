/* The floor: C library calls with nothing around them. floor CASE, then lines of two
 * numbers, times and samples, on standard input. */

#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
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

static void call_pread(long times) {
  static char out[4096];
  int fd = open("/usr/bin/env", O_RDONLY | O_CLOEXEC);
  while (times--) if (pread(fd, out, sizeof out, 0) != sizeof out) exit(1);
  close(fd);
}

static void call_spawn(long times) {
  char *argv[] = {"true", NULL};
  pid_t child;
  int status;
  while (times--) {
    if (posix_spawn(&child, "/bin/true", NULL, NULL, argv, environ) != 0) exit(1);
    if (waitpid(child, &status, 0) != child || status != 0) exit(1);
  }
}

/* 256 MiB in memory, as the group `transfers` has them. */
#define LARGE (256L << 20)

static int source, target;

static void make_files(void) {
  if (source != 0) return;
  source = memfd_create("source", MFD_CLOEXEC);
  target = memfd_create("target", MFD_CLOEXEC);
  static char block[1 << 20];
  memset(block, 'x', sizeof block);
  for (long done = 0; done < LARGE; done += sizeof block)
    if (write(source, block, sizeof block) != sizeof block) exit(1);
}

static void call_sendfile(long times) {
  make_files();
  while (times--) {
    lseek(target, 0, SEEK_SET);
    for (off_t done = 0; done < LARGE;) if (sendfile(target, source, &done, LARGE - done) <= 0) exit(1);
  }
}

static void call_copy_file_range(long times) {
  make_files();
  while (times--) {
    off_t from = 0, to = 0;
    while (from < LARGE) if (copy_file_range(source, &from, target, &to, LARGE - from, 0) <= 0) exit(1);
  }
}

static const struct {
  const char *name;
  void (*run)(long times);
} cases[] = {
    {"stat", call_stat},
    {"open_close", call_open_close},
    {"pread", call_pread},
    {"spawn", call_spawn},
    {"sendfile", call_sendfile},
    {"copy_file_range", call_copy_file_range},
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
