#ifndef HUB_PROGRAM_H
#define HUB_PROGRAM_H

#include <stddef.h>
#include <sys/types.h>

#include "CHubSystem.h"

/// A program to start: pointers into the message that named it.
struct program {
    struct hub_program head;
    char **arguments;
    char **variables;
    const char *directory;
};

/// Reads a message of the hub. Returns -1 where it is not one. The arrays live as long as the process.
int read_program(char *message, size_t length, struct program *program);

/// Becomes the program, in a process of its own: does not return. What fails is written to `failures` as a notice.
_Noreturn void run_program(const struct program *program, const int descriptors[3], pid_t keeper, int failures);

/// Keeps one program to its end: does not return.
_Noreturn void keep_program(const struct program *program, const int descriptors[HUB_PROGRAM_DESCRIPTORS], char *message, size_t length);

/// Sends a signal to every process that descends from this one, or to the group of `leader` where the processes cannot be listed.
void signal_descendants(int signal, pid_t leader);

/// Kills the children of this process, and the groups they are in. Returns how many there were, those that have ended included, or -1 where
/// the kernel does not tell. What they started becomes this process's children, for the next time.
ssize_t kill_children(void);

/// How many processes descend from this one, those that nobody has taken leave of included; counts no further than `most`.
size_t count_descendants(size_t most);

/// The same from the list of all processes.
size_t count_listed_descendants(void);

/// Tells the hub, which may have gone.
void tell(int socket, enum hub_notice_kind kind, int step, int value);

#endif
