#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "Program.h"

struct process {
    pid_t process, parent;
};

/// The parent of a process, or -1.
static pid_t parent_of(pid_t process) {
    char path[32], text[512];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)process);
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return -1;
    const ssize_t length = read(descriptor, text, sizeof text - 1);
    close(descriptor);
    if (length <= 0) return -1;
    text[length] = 0;
    // "1 (name) S 0 …": the name is the program's choice and may hold anything, so what follows the last parenthesis counts.
    const char *end = strrchr(text, ')');
    int parent;
    return end != NULL && sscanf(end + 1, " %*c %d", &parent) == 1 ? parent : -1;
}

static int by_process(const void *a, const void *b) {
    const pid_t first = ((const struct process *)a)->process, second = ((const struct process *)b)->process;
    return (first > second) - (first < second);
}

/// All processes that can be seen, in order. Returns their number, or -1.
static ssize_t list_processes(struct process **list) {
    DIR *folder = opendir("/proc");
    if (folder == NULL) return -1;
    size_t count = 0, room = 0;
    *list = NULL;
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        if (!isdigit((unsigned char)entry->d_name[0])) continue;
        const pid_t process = (pid_t)strtol(entry->d_name, NULL, 10);
        const pid_t parent = parent_of(process);
        if (parent < 0) continue;  // ended meanwhile
        if (count == room) {
            room = room == 0 ? 256 : room * 2;
            struct process *larger = realloc(*list, room * sizeof **list);
            if (larger == NULL) break;  // those that are listed are signalled; the next look begins anew
            *list = larger;
        }
        (*list)[count++] = (struct process){process, parent};
    }
    closedir(folder);
    if (count > 0) qsort(*list, count, sizeof **list, by_process);
    return (ssize_t)count;
}

static int descends(struct process process, pid_t ancestor, const struct process *list, size_t count) {
    // Bounded: a list read while processes come and go may hold a circle.
    for (size_t step = 0; step < count; step++) {
        if (process.parent == ancestor) return 1;
        const struct process wanted = {process.parent, 0};
        const struct process *found = bsearch(&wanted, list, count, sizeof *list, by_process);
        if (found == NULL) return 0;
        process = *found;
    }
    return 0;
}

/// Signals a process if it is still the one that was listed: its number may have passed to another.
static void signal_process(struct process process, int signal) {
    const int descriptor = (int)syscall(SYS_pidfd_open, process.process, 0);
    if (descriptor < 0) {
        if (errno == ENOSYS && parent_of(process.process) == process.parent) kill(process.process, signal);
        return;
    }
    // A parent that has ended makes the process ours, which the next look finds.
    if (parent_of(process.process) == process.parent) syscall(SYS_pidfd_send_signal, descriptor, signal, NULL, 0);
    close(descriptor);
}

void signal_descendants(int signal, pid_t leader) {
    struct process *list = NULL;
    const ssize_t count = list_processes(&list);
    if (count <= 0) {
        if (leader > 0) kill(-leader, signal);
    }
    for (ssize_t index = 0; index < count; index++)
        if (descends(list[index], getpid(), list, (size_t)count)) signal_process(list[index], signal);
    free(list);
}

size_t count_listed_descendants(void) {
    struct process *list = NULL;
    const ssize_t count = list_processes(&list);
    size_t found = 0;
    for (ssize_t index = 0; index < count; index++) found += descends(list[index], getpid(), list, (size_t)count) ? 1 : 0;
    free(list);
    return found;
}
