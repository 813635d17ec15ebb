/* Faults at the moment of a system call, for tests (tests/faults.py): a shim for LD_PRELOAD.
 *
 * The file that PLANBANK_FAULT names holds one rule, "ACTION WHEN CALL PART", such as
 * "kill after rename incoming/": ACTION is kill (SIGKILL to this process, once: the rule goes first)
 * or fail (EIO, for as long as the rule is there); WHEN is before or after; CALL is fsync, rename,
 * link or unlink; PART is looked for in the path of the call, of which "$" marks the end.
 * Without a rule nothing happens. What was struck is appended to PLANBANK_FAULT.log.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PASS, FAIL };

static void note(const char *rules, const char *text) {
    char name[4096];
    snprintf(name, sizeof name, "%s.log", rules);
    int fd = open(name, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    if (fd >= 0) {
        if (write(fd, text, strlen(text)) < 0) abort();
        close(fd);
    }
}

static int strikes(const char *when, const char *call, const char *path) {
    const char *rules = getenv("PLANBANK_FAULT");
    int fd = rules ? open(rules, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0) return PASS;
    char rule[512], whole[4200], line[4800], action[16], moment[16], name[16], part[256];
    ssize_t size = read(fd, rule, sizeof rule - 1);
    close(fd);
    if (size <= 0) return PASS;
    rule[size] = 0;
    if (sscanf(rule, "%15s %15s %15s %255s", action, moment, name, part) != 4) return PASS;
    snprintf(whole, sizeof whole, "%s$", path);
    if (strcmp(moment, when) || strcmp(name, call) || !strstr(whole, part)) return PASS;
    snprintf(line, sizeof line, "%d %s %s %s %s\n", getpid(), action, when, call, path);
    if (!strcmp(action, "fail")) {
        note(rules, line);
        return FAIL;
    }
    if (unlinkat(AT_FDCWD, rules, 0) == 0) { /* whoever takes the rule away is struck, nobody else */
        note(rules, line);
        kill(getpid(), SIGKILL);
    }
    return PASS;
}

#define AROUND(call, path, real)                                                                   \
    int saved;                                                                                     \
    if (strikes("before", call, path) == FAIL) { errno = EIO; return -1; }                        \
    int result = (real);                                                                           \
    saved = errno;                                                                                 \
    if (result == 0) strikes("after", call, path);                                                \
    errno = saved;                                                                                 \
    return result;

int fsync(int fd) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, path, sizeof path - 1);
    path[size > 0 ? size : 0] = 0;
    AROUND("fsync", path, (int)syscall(SYS_fsync, fd))
}

int rename(const char *from, const char *to) { AROUND("rename", to, renameat(AT_FDCWD, from, AT_FDCWD, to)) }
int link(const char *from, const char *to) { AROUND("link", to, linkat(AT_FDCWD, from, AT_FDCWD, to, 0)) }
int unlink(const char *path) { AROUND("unlink", path, unlinkat(AT_FDCWD, path, 0)) }
