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

#endif
