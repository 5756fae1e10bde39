#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "Program.h"

/// Processes by number, as many as there is room for.
struct processes {
    pid_t *list;
    size_t count, room;
};

/// Adds the numbers in a file of `children`. Returns -1 where there is no such file: the kernel may be built without.
static int read_children(const char *path, struct processes *processes) {
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return -1;
    char text[4096];
    pid_t number = 0;
    for (ssize_t length; (length = read(descriptor, text, sizeof text)) > 0;) {
        for (ssize_t index = 0; index < length; index++) {
            if (isdigit((unsigned char)text[index])) {
                number = number * 10 + (text[index] - '0');
            } else if (number > 0) {
                if (processes->count < processes->room) processes->list[processes->count++] = number;
                number = 0;
            }
        }
    }
    close(descriptor);
    return 0;
}

ssize_t kill_children(void) {
    pid_t room[256];
    struct processes children = {room, 0, sizeof room / sizeof *room};
    if (read_children("/proc/thread-self/children", &children) != 0) return -1;
    const pid_t own = getpgrp();
    for (size_t index = 0; index < children.count; index++) {
        // A child keeps its number until it is taken leave of, which happens elsewhere in this thread.
        const pid_t child = room[index], group = getpgid(child);
        // The kernel holds nobody back who forks but for a signal that is sent to a whole group: from that none of it can run away. All of
        // the group descend from here, as all of a session do from its first process, and the program began one.
        if (group > 1 && group != own) kill(-group, SIGKILL);
        kill(child, SIGKILL);
    }
    return (ssize_t)children.count;
}

/// Adds the children of a process, those of each of its threads.
static void add_children(pid_t process, struct processes *processes) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task", (int)process);
    DIR *folder = opendir(path);
    if (folder == NULL) return;  // ended meanwhile
    for (const struct dirent *entry; processes->count < processes->room && (entry = readdir(folder)) != NULL;) {
        if (!isdigit((unsigned char)entry->d_name[0])) continue;
        snprintf(path, sizeof path, "/proc/%d/task/%ld/children", (int)process, strtol(entry->d_name, NULL, 10));
        read_children(path, processes);
    }
    closedir(folder);
}

size_t count_descendants(size_t most) {
    struct processes processes = {calloc(most, sizeof(pid_t)), 0, most};
    if (processes.list == NULL) return 0;  // nothing is known: the next look may find memory
    if (read_children("/proc/thread-self/children", &processes) != 0) {
        free(processes.list);
        return count_listed_descendants();
    }
    for (size_t index = 0; index < processes.count && processes.count < most; index++) add_children(processes.list[index], &processes);
    free(processes.list);
    return processes.count;
}
