/* The floor: C library calls with nothing around them. floor CASE, then lines of two
 * numbers, times and samples, on standard input. */

#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

static void call_access(long times) {
  while (times--) if (access("/usr/bin/env", R_OK) == -1) exit(1);
}

static void call_readlink(long times) {
  char out[4096];
  while (times--) if (readlink("/dev/fd", out, sizeof out) == -1) exit(1);
}

static void call_readdir(long times) {
  while (times--) {
    DIR *folder = opendir("/usr/bin");
    if (folder == NULL) exit(1);
    while (readdir(folder) != NULL) continue;
    closedir(folder);
  }
}

static volatile long files;

/* How many plain files there are, and links to such. */
static void count_files(long times, const char *path) {
  while (times--) {
    DIR *folder = opendir(path);
    if (folder == NULL) exit(1);
    struct dirent *entry;
    struct stat about;
    while ((entry = readdir(folder)) != NULL) {
      if (entry->d_type == DT_REG) files++;
      else if (entry->d_type == DT_LNK && fstatat(dirfd(folder), entry->d_name, &about, 0) == 0) files += S_ISREG(about.st_mode);
    }
    closedir(folder);
  }
}

static void call_scan_programs(long times) {
  count_files(times, "/usr/bin");
}

/* In the folder whose descriptor is 3. */
static void call_scan_plain(long times) {
  count_files(times, "/proc/self/fd/3");
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

static void call_pipe(long times) {
  char byte;
  int ends[2];
  if (pipe(ends) == -1) exit(1);
  while (times--) if (write(ends[1], "x", 1) != 1 || read(ends[0], &byte, 1) != 1) exit(1);
  close(ends[0]);
  close(ends[1]);
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

/* With as much memory in use as the other contestants have, in pieces as small as theirs. */
static void call_fork(long times) {
  static char *pieces[500000];
  for (size_t i = 0; i < sizeof pieces / sizeof *pieces && pieces[i] == NULL; i++) {
    pieces[i] = malloc(88);
    if (pieces[i] == NULL) exit(1);
    memset(pieces[i], 1, 88);
  }
  while (times--) {
    pid_t child = fork();
    if (child == 0) _exit(0);
    int status;
    if (child == -1 || waitpid(child, &status, 0) != child || status != 0) exit(1);
  }
}

/* Two files in memory, one of them with 256 MiB, which all contestants get as descriptors: where in memory a file of
 * one's own comes to lie makes a difference of a third. */
#define LARGE (256L << 20)
enum { SOURCE = 3, TARGET = 4 };

static void call_sendfile(long times) {
  while (times--) {
    lseek(TARGET, 0, SEEK_SET);
    for (off_t done = 0; done < LARGE;) if (sendfile(TARGET, SOURCE, &done, LARGE - done) <= 0) exit(1);
  }
}

static void call_copy_file_range(long times) {
  while (times--) {
    off_t from = 0, to = 0;
    while (from < LARGE) if (copy_file_range(SOURCE, &from, TARGET, &to, LARGE - from, 0) <= 0) exit(1);
  }
}

static const struct {
  const char *name;
  void (*run)(long times);
} cases[] = {
    {"stat", call_stat},
    {"access", call_access},
    {"readlink", call_readlink},
    {"readdir", call_readdir},
    {"scan_programs", call_scan_programs},
    {"scan_plain", call_scan_plain},
    {"open_close", call_open_close},
    {"pread", call_pread},
    {"pipe", call_pipe},
    {"spawn", call_spawn},
    {"fork", call_fork},
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
