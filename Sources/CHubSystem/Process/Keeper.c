#define _GNU_SOURCE  // pipe2
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "Program.h"

/// How far the end is. Each begins when the time of the one before is up.
enum stage {
    /// Nobody wants it to end.
    RUNNING,
    /// Its input has ended, or the program has and left something behind.
    WAITING,
    /// What is left was told to stop.
    STOPPING,
    /// What is left is killed, again and again until nothing is.
    KILLING,
};

struct keeper {
    const struct program *program;
    int socket, signals, failures;
    pid_t leader;  // 0 once it has ended
    enum stage stage;
    int64_t due, pause;
    int64_t count_due;  // when its processes are counted next
    int has_more;       // whether there may be children that have ended
};

/// How often they are counted, in milliseconds, where there is a limit.
enum { COUNT_INTERVAL = 250 };

/// How many are taken leave of in a row: while its first process lives, a program may leave more behind all the time than can be taken.
enum { MOST_LEAVES = 256 };

/// How often in a row children are killed before what else there is to do: those that fork and end faster than a list of all processes is
/// read are caught by this, mostly in the first two.
enum { QUICK_ROUNDS = 64 };

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

void tell(int socket, enum hub_notice_kind kind, int step, int value) {
    const struct hub_notice notice = {.kind = kind, .step = step, .value = value};
    send(socket, &notice, sizeof notice, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void begin_end(struct keeper *keeper) {
    if (keeper->stage != RUNNING) return;
    keeper->stage = WAITING;
    keeper->due = now() + keeper->program->head.stop_milliseconds;
}

static void reap(struct keeper *keeper);

static void kill_all(struct keeper *keeper) {
    for (int round = 0; round < QUICK_ROUNDS && kill_children() > 0; round++) {
        reap(keeper);  // does not return where nothing is left
        sched_yield();
    }
    signal_descendants(SIGKILL, keeper->leader);
}

/// Ends a program that has more processes than it may.
static void count_processes(struct keeper *keeper) {
    const uint64_t most = keeper->program->head.processes;
    const size_t count = count_descendants((size_t)most + 1);
    keeper->count_due = now() + COUNT_INTERVAL;
    if (count <= most) return;
    tell(keeper->socket, HUB_NOTICE_CROWDED, 0, (int)count);
    keeper->stage = KILLING;
    keeper->due = now();
}

static void go_on(struct keeper *keeper) {
    switch (keeper->stage) {
    case RUNNING: return;
    case WAITING:
        keeper->stage = STOPPING;
        signal_descendants(SIGTERM, keeper->leader);
        signal_descendants(SIGCONT, keeper->leader);  // one that is halted cannot stop
        keeper->due = now() + keeper->program->head.kill_milliseconds;
        return;
    case STOPPING:
    case KILLING:
        keeper->stage = KILLING;
        kill_all(keeper);
        // What waits for a device ends when the device answers: look less and less often.
        keeper->pause = keeper->pause == 0 ? 5 : keeper->pause >= 500 ? 1000 : keeper->pause * 2;
        keeper->due = now() + keeper->pause;
    }
}

/// What became of starting the program: its end of the pipe closes when it runs.
static void read_failure(struct keeper *keeper) {
    struct hub_notice notice;
    const ssize_t length = read(keeper->failures, &notice, sizeof notice);
    if (length < 0 && errno == EINTR) return;
    if (length == sizeof notice) tell(keeper->socket, HUB_NOTICE_FAILED, notice.step, notice.value);
    else tell(keeper->socket, HUB_NOTICE_STARTED, 0, keeper->leader);
    close(keeper->failures);
    keeper->failures = -1;
}

/// From now on the kernel takes leave of children, whose ends are still told: what forks and ends all the time would leave more behind
/// than this process can take, until no process can be made any more.
static void leave_to_kernel(void) {
    struct sigaction action = {.sa_flags = SA_NOCLDWAIT};
    action.sa_handler = SIG_DFL;
    sigemptyset(&action.sa_mask);
    sigaction(SIGCHLD, &action, NULL);
}

/// Takes leave of what has ended. Does not return where nothing is left.
static void reap(struct keeper *keeper) {
    struct signalfd_siginfo information;
    while (read(keeper->signals, &information, sizeof information) > 0) {
        if (keeper->stage == KILLING) keeper->due = now();  // its children are ours now
    }
    keeper->has_more = 0;
    for (int count = 0;; count++) {
        if (count == MOST_LEAVES) {
            keeper->has_more = 1;
            return;
        }
        int status;
        const pid_t process = waitpid(-1, &status, WNOHANG);
        if (process == 0) return;
        if (process < 0) {
            if (errno == EINTR) continue;
            _exit(0);  // no child is left: closing the socket says so
        }
        if (process != keeper->leader) continue;
        if (keeper->failures >= 0) read_failure(keeper);  // written before the end, and read before it is told
        tell(keeper->socket, HUB_NOTICE_ENDED, 0, status);
        keeper->leader = 0;
        leave_to_kernel();
        begin_end(keeper);
    }
}

static void listen_to_hub(struct keeper *keeper) {
    char nothing[64];
    const ssize_t length = recv(keeper->socket, nothing, sizeof nothing, MSG_DONTWAIT);
    if (length > 0 || (length < 0 && (errno == EAGAIN || errno == EINTR))) return;
    begin_end(keeper);
}

void keep_program(const struct program *program, const int descriptors[HUB_PROGRAM_DESCRIPTORS], char *message, size_t length) {
    struct keeper keeper = {.program = program, .socket = descriptors[3], .stage = RUNNING};
    prctl(PR_SET_NAME, "hubd-keeper", 0, 0, 0);
    // What loses its parent becomes this process's child, however it detached itself.
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    signal(SIGCHLD, SIG_DFL);
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, NULL);
    keeper.signals = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);

    int failures[2] = {-1, -1};
    const pid_t self = getpid();
    if (keeper.signals < 0 || pipe2(failures, O_CLOEXEC) != 0 || (keeper.leader = fork()) < 0) {
        tell(keeper.socket, HUB_NOTICE_FAILED, HUB_START_FORK, errno);
        _exit(1);
    }
    if (keeper.leader == 0) run_program(program, descriptors, self, failures[1]);
    keeper.failures = failures[0];
    close(failures[1]);
    for (int index = 0; index < 3; index++) close(descriptors[index]);
    explicit_bzero(message, length);  // the environment may hold secrets

    for (;;) {
        // After the first word of the hub there is no other, and an ended socket would be ready for ever.
        struct pollfd ready[] = {
            {.fd = keeper.failures, .events = POLLIN},
            {.fd = keeper.signals, .events = POLLIN},
            {.fd = keeper.stage == RUNNING ? keeper.socket : -1, .events = POLLIN},
        };
        const int counts = program->head.processes > 0 && keeper.stage != KILLING;
        int64_t due = counts ? keeper.count_due : INT64_MAX;
        if (keeper.stage != RUNNING && keeper.due < due) due = keeper.due;
        int wait = -1;
        if (due != INT64_MAX) {
            const int64_t left = due - now();
            wait = left < 0 ? 0 : left > 60000 ? 60000 : (int)left;
        }
        if (keeper.has_more) wait = 0;
        if (poll(ready, sizeof ready / sizeof *ready, wait) > 0) {
            if (ready[0].revents) read_failure(&keeper);
            if (ready[1].revents) reap(&keeper);
            if (ready[2].revents) listen_to_hub(&keeper);
        }
        if (keeper.has_more) reap(&keeper);
        if (counts && now() >= keeper.count_due) count_processes(&keeper);
        if (keeper.stage != RUNNING && now() >= keeper.due) go_on(&keeper);
    }
}
