#define _GNU_SOURCE  // execvpe, close_range
#include "Program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/// Points at `count` strings, and moves `position` past them.
static char **read_strings(char *message, size_t length, size_t *position, uint32_t count) {
    if (count > length) return NULL;  // each takes a byte at least
    char **strings = calloc((size_t)count + 1, sizeof *strings);
    if (strings == NULL) return NULL;
    for (uint32_t index = 0; index < count; index++) {
        char *end = memchr(message + *position, 0, length - *position);
        if (end == NULL) return NULL;
        strings[index] = message + *position;
        *position = (size_t)(end - message) + 1;
    }
    return strings;
}

int read_program(char *message, size_t length, struct program *program) {
    if (length < sizeof program->head) return -1;
    memcpy(&program->head, message, sizeof program->head);
    size_t position = sizeof program->head;
    program->arguments = read_strings(message, length, &position, program->head.arguments);
    program->variables = read_strings(message, length, &position, program->head.variables);
    char **directory = read_strings(message, length, &position, 1);
    if (program->arguments == NULL || program->variables == NULL || directory == NULL || program->head.arguments == 0) return -1;
    program->directory = directory[0];
    return 0;
}

static _Noreturn void fail(int failures, enum hub_start_step step) {
    const struct hub_notice notice = {.kind = HUB_NOTICE_FAILED, .step = step, .value = errno};
    ssize_t written = write(failures, &notice, sizeof notice);
    (void)written;  // a keeper that has gone is told nothing
    _exit(127);
}

/// A limit that is asked for, or the one there is where that is lower.
static int set_limit(int resource, uint64_t asked, uint64_t over) {
    struct rlimit limit;
    if (asked == 0) return 0;
    if (getrlimit(resource, &limit) != 0) return -1;
    if (limit.rlim_max == RLIM_INFINITY || limit.rlim_max > asked + over) limit.rlim_max = asked + over;
    limit.rlim_cur = limit.rlim_max < asked ? limit.rlim_max : asked;
    return setrlimit(resource, &limit);
}

void run_program(const struct program *program, const int descriptors[3], pid_t keeper, int failures) {
    // The program dies with its keeper, also where that was killed; the check is for one that has gone already.
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (getppid() != keeper) _exit(127);
    // A process that gains rights by what it runs could not be ended by the hub any more.
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    setsid();  // cannot fail: a process just made leads no group

    // By the system call: `signal` leaves out the two that the library keeps for itself, and `posix_spawn` has them ignored. The
    // structure of the kernel begins with the handler; all zeros is the default of every signal.
    const unsigned long defaults[8] = {0};
    for (int number = 1; number < NSIG; number++) syscall(SYS_rt_sigaction, number, defaults, NULL, (size_t)8);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);

    const struct hub_program *head = &program->head;
    struct rlimit no_core = {0, 0};
    if (setrlimit(RLIMIT_CORE, &no_core) != 0 || set_limit(RLIMIT_NOFILE, head->open_files, 0) != 0
        || set_limit(RLIMIT_DATA, head->memory_bytes, 0) != 0
        || set_limit(RLIMIT_CPU, head->processor_seconds, 1) != 0)  // a second between the signal that can be caught and the end
        fail(failures, HUB_START_LIMITS);
    if (program->directory[0] != 0 && chdir(program->directory) != 0) fail(failures, HUB_START_DIRECTORY);

    // The descriptors are above 2: the steward holds those.
    for (int number = 0; number < 3; number++)
        if (dup2(descriptors[number], number) < 0) fail(failures, HUB_START_DESCRIPTORS);
    // All others are closed on exec already: this is for those that nobody here knows of, and may be missing in old kernels.
    close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);

    environ = program->variables;  // execvp looks for the program in the PATH of the new environment
    execvp(program->arguments[0], program->arguments);
    fail(failures, HUB_START_PROGRAM);
}
