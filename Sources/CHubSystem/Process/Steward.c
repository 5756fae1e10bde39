#define _GNU_SOURCE  // posix_spawn_file_actions_addclosefrom_np, POSIX_SPAWN_SETSID
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "Program.h"

/// The name under which the executable is a steward, and where it finds its socket.
#define STEWARD "hubd-steward"
#define STEWARD_SOCKET 3

static char message[HUB_MAXIMUM_PROGRAM];

static void keep(const int descriptors[HUB_PROGRAM_DESCRIPTORS], size_t length) {
    const pid_t process = fork();
    if (process < 0) tell(descriptors[3], HUB_NOTICE_FAILED, HUB_START_FORK, errno);
    if (process != 0) return;
    close(STEWARD_SOCKET);
    struct program program;
    if (read_program(message, length, &program) != 0) {
        tell(descriptors[3], HUB_NOTICE_FAILED, HUB_START_FORK, EINVAL);
        _exit(1);
    }
    keep_program(&program, descriptors, message, length);
}

/// Ends after its keepers: whoever is the parent of those that have none may not take leave of them.
static _Noreturn void leave(void) {
    close(STEWARD_SOCKET);
    while (wait(NULL) >= 0 || errno == EINTR) {}  // the kernel takes leave of them, and this fails once there are none
    _exit(0);
}

static _Noreturn void serve(void) {
    prctl(PR_SET_NAME, STEWARD, 0, 0, 0);
    hub_disable_dumping();  // the programs it starts run as the same user
    struct rlimit no_core = {0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    // It ends with its socket, so that what it started is ended in order: signals for the whole group or session are not for it.
    const int ignored[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGUSR1, SIGUSR2};
    for (size_t index = 0; index < sizeof ignored / sizeof *ignored; index++) signal(ignored[index], SIG_IGN);
    signal(SIGCHLD, SIG_IGN);  // keepers leave nothing to be taken leave of
    fcntl(STEWARD_SOCKET, F_SETFD, FD_CLOEXEC);
    for (;;) {
        int descriptors[HUB_MAXIMUM_DESCRIPTORS];
        size_t count = HUB_MAXIMUM_DESCRIPTORS;
        const ssize_t length = hub_receive_descriptors(STEWARD_SOCKET, descriptors, &count, message, sizeof message);
        if (length == 0 || (length < 0 && errno != EMSGSIZE && errno != EMFILE && errno != ENFILE && errno != ENOMEM)) leave();
        if (length > 0 && count == HUB_PROGRAM_DESCRIPTORS) keep(descriptors, (size_t)length);
        while (count > 0) close(descriptors[--count]);
        if (length > 0) explicit_bzero(message, (size_t)length);
    }
}

/// Before anything of Swift or of the program runs: this executable under the steward's name is one.
__attribute__((constructor)) static void become_steward(int count, char **arguments) {
    if (count != 1 || strcmp(arguments[0], STEWARD) != 0) return;
    int type = 0;
    socklen_t length = sizeof type;
    if (getsockopt(STEWARD_SOCKET, SOL_SOCKET, SO_TYPE, &type, &length) != 0 || type != SOCK_SEQPACKET) return;
    serve();
}

static int spawn(int socket, pid_t *process) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int code = posix_spawn_file_actions_init(&actions);
    if (code != 0) return code;
    if ((code = posix_spawnattr_init(&attributes)) != 0) {
        posix_spawn_file_actions_destroy(&actions);
        return code;
    }
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);

    // The socket first: its number may be one of the three that follow.
    if ((code = posix_spawn_file_actions_adddup2(&actions, socket, STEWARD_SOCKET)) == 0
        && (code = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDWR, 0)) == 0
        && (code = posix_spawn_file_actions_adddup2(&actions, 0, 1)) == 0
        && (code = posix_spawn_file_actions_adddup2(&actions, 0, 2)) == 0
        && (code = posix_spawn_file_actions_addclosefrom_np(&actions, STEWARD_SOCKET + 1)) == 0) {
        // The loader may need to be told where shared libraries are, in builds that have some; nothing else of the environment goes along.
        char *libraries = NULL, *variables[2] = {NULL, NULL}, name[] = STEWARD, *arguments[] = {name, NULL};
        const char *path = getenv("LD_LIBRARY_PATH");
        if (path != NULL && (libraries = malloc(strlen(path) + sizeof "LD_LIBRARY_PATH=")) != NULL) {
            strcpy(libraries, "LD_LIBRARY_PATH=");
            strcat(libraries, path);
            variables[0] = libraries;
        }
        code = posix_spawn(process, "/proc/self/exe", &actions, &attributes, arguments, variables);
        free(libraries);
    }
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return code;
}

int hub_start_steward(int *socket, pid_t *process) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return -1;
    const int room = 4 * HUB_MAXIMUM_PROGRAM;  // as much of it as the system allows: one message always fits
    setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    int code = fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0 ? errno : spawn(ends[1], process);
    close(ends[1]);
    if (code == 0) {
        *socket = ends[0];
        return 0;
    }
    close(ends[0]);
    errno = code;
    return -1;
}
