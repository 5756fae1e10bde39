#ifndef HUB_SYSTEM_H
#define HUB_SYSTEM_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// What Linux offers only to C: descriptors passed over a Unix socket, and what goes with them.
///
/// Every function returns -1 and sets errno where it fails. None keeps a pointer after it returns, none blocks: the sockets made here are
/// non-blocking, close on exec, and keep the borders of messages (SOCK_SEQPACKET).

/// The most descriptors that one message may carry.
#define HUB_MAXIMUM_DESCRIPTORS 8

/// Sends `length` bytes (at least one) as one message with copies of `count` descriptors. Returns how many bytes went out.
ssize_t hub_send_descriptors(
    int socket, const int *_Nullable descriptors, size_t count, const void *_Nonnull payload, size_t length);

/// Receives one message of at most `length` bytes and its descriptors, which the caller owns from then on.
///
/// `*count` is the room in `descriptors` before, and how many came after. Returns the number of bytes, 0 at the end. A message that does
/// not fit, in bytes or descriptors, is EMSGSIZE, and every descriptor that came with it is closed.
ssize_t hub_receive_descriptors(
    int socket, int *_Nullable descriptors, size_t *_Nonnull count, void *_Nonnull payload, size_t length);

/// The effective user of the process at the other end of a Unix socket when it connected or began to listen.
int hub_peer_uid(int socket, uid_t *_Nonnull uid);

/// A socket that listens at `path` (at most 107 bytes) for its owner alone. A socket left there is replaced, anything else is EADDRINUSE.
int hub_listen_local(const char *_Nonnull path);

/// The next connection of such a socket; EAGAIN where none waits.
int hub_accept_local(int socket);

/// Connects to the socket at `path`. ENOENT and ECONNREFUSED: nobody listens.
int hub_connect_local(const char *_Nonnull path);

/// Room for the text of an address, its end included.
#define HUB_ADDRESS_LENGTH 46

/// Where a listening TCP socket listens: the address as text and the port. EINVAL where it is a socket of another kind.
int hub_listening_address(int socket, char text[_Nonnull HUB_ADDRESS_LENGTH], uint16_t *_Nonnull port);

/// Finds a file or a folder without opening it to be read, which may have effects: a descriptor that tells where it is, or -1 with errno.
int hub_find(const char *_Nonnull path);

/// Keeps other processes of the same user, debuggers and core dumps out of this one's memory.
int hub_disable_dumping(void);

/// How many processors this process may run on.
int hub_processor_count(void);

/// A pipe, closed on exec: the end to read from, and the one to write to.
int hub_make_pipe(int ends[_Nonnull 2]);

/// Programs under a steward.
///
/// The steward is a process of its own, the running executable once more under another name, with one thread, no secrets but those of
/// the program it is just starting, and no descriptor but its socket. It starts a keeper for each program. A keeper is the parent of all
/// that the program starts, however often that detaches itself; it ends once nothing of it is left.

/// The longest message that names a program, its head included.
#define HUB_MAXIMUM_PROGRAM (128 * 1024)

/// What goes beside it: the program's standard input, output and error, and the keeper's end of a stream socket.
#define HUB_PROGRAM_DESCRIPTORS 4

/// The head of a message to the steward. After it come the arguments, the environment (`NAME=value`) and the working directory, empty
/// for the steward's, each with a zero at its end.
struct hub_program {
    uint32_t arguments, variables;
    /// How long the program has to end after its input has, and after it was told to.
    uint32_t stop_milliseconds, kill_milliseconds;
    /// Limits of each process; 0: that of the steward. Memory is what a process may write to by itself (RLIMIT_DATA): what runtimes reserve
    /// and do not use does not count.
    uint64_t open_files, memory_bytes, processor_seconds;
    /// How many processes there may be of it, itself included; with more all are killed. 0: any number.
    uint64_t processes;
};

/// What a keeper tells.
enum hub_notice_kind {
    /// The program runs; `value` is its process.
    HUB_NOTICE_STARTED = 1,
    /// It does not; `value` is the code of the error, `step` what failed.
    HUB_NOTICE_FAILED = 2,
    /// It has ended; `value` is its status as `waitpid` has it. What it left behind is told to stop.
    HUB_NOTICE_ENDED = 3,
    /// It has more processes than it may have, `value` at least: all are killed.
    HUB_NOTICE_CROWDED = 4,
};

/// The steps of starting a program.
enum hub_start_step {
    HUB_START_FORK = 1,
    HUB_START_LIMITS = 2,
    HUB_START_DIRECTORY = 3,
    HUB_START_DESCRIPTORS = 4,
    HUB_START_PROGRAM = 5,
};

/// One message from a keeper. When its socket ends, everything that the program started has. When the hub's end does, or stops sending,
/// the keeper ends all of it.
struct hub_notice {
    uint16_t kind, step;
    int32_t value;
};

/// Starts a steward: its process, and the socket that takes messages for it, non-blocking and closed on exec. The steward ends with the
/// socket.
int hub_start_steward(int *_Nonnull socket, pid_t *_Nonnull process);

#endif
