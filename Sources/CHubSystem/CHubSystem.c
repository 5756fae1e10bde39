#define _GNU_SOURCE  // accept4, pipe2, struct ucred, sched_getaffinity, O_PATH
#include "CHubSystem.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/// Room for the descriptors of one message, aligned as their header has to be.
union control {
    char bytes[CMSG_SPACE(sizeof(int) * HUB_MAXIMUM_DESCRIPTORS)];
    struct cmsghdr alignment;
};

ssize_t hub_send_descriptors(int socket, const int *descriptors, size_t count, const void *payload, size_t length) {
    // An empty message could not be told from the end of the connection.
    if (count > HUB_MAXIMUM_DESCRIPTORS || length == 0) {
        errno = EINVAL;
        return -1;
    }
    struct iovec part = {.iov_base = (void *)payload, .iov_len = length};  // sendmsg only reads from it
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    union control control;
    memset(&control, 0, sizeof control);
    if (count > 0) {
        message.msg_control = control.bytes;
        message.msg_controllen = CMSG_SPACE(sizeof(int) * count);  // at most sizeof control: count is bounded above
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);          // not NULL: there is room for one header
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int) * count);
        memcpy(CMSG_DATA(header), descriptors, sizeof(int) * count);
    }
    ssize_t sent;
    do {
        sent = sendmsg(socket, &message, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    return sent;
}

ssize_t hub_receive_descriptors(int socket, int *descriptors, size_t *count, void *payload, size_t length) {
    const size_t room = *count;
    *count = 0;
    struct iovec part = {.iov_base = payload, .iov_len = length};
    union control control;
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control};
    ssize_t received;
    do {
        received = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    } while (received < 0 && errno == EINTR);
    if (received < 0) return -1;

    // MSG_CTRUNC: the kernel has closed what did not fit into `control`; what did fit is open and listed.
    int fits = !(message.msg_flags & (MSG_TRUNC | MSG_CTRUNC));
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header != NULL; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        const size_t came = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);  // the kernel writes whole descriptors
        for (size_t index = 0; index < came; index++) {
            int descriptor;
            memcpy(&descriptor, CMSG_DATA(header) + index * sizeof(int), sizeof descriptor);
            if (*count < room) {
                descriptors[(*count)++] = descriptor;
            } else {
                close(descriptor);
                fits = 0;
            }
        }
    }
    if (fits) return received;
    while (*count > 0) close(descriptors[--*count]);
    errno = EMSGSIZE;
    return -1;
}

int hub_peer_uid(int socket, uid_t *uid) {
    struct ucred peer;
    socklen_t length = sizeof peer;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) return -1;
    *uid = peer.uid;
    return 0;
}

static int fill(struct sockaddr_un *address, const char *path) {
    const size_t length = strlen(path);
    if (length >= sizeof address->sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    memcpy(address->sun_path, path, length);  // ends with a zero: the rest is cleared, and length is less than the room
    return 0;
}

static int local_socket(void) { return socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0); }

static int fail_closing(int descriptor) {
    const int code = errno;
    close(descriptor);
    errno = code;
    return -1;
}

int hub_listen_local(const char *path) {
    struct sockaddr_un address;
    if (fill(&address, path) != 0) return -1;
    const int descriptor = local_socket();
    if (descriptor < 0) return -1;
    struct stat info;
    if (lstat(path, &info) == 0 && S_ISSOCK(info.st_mode)) unlink(path);  // where that fails, bind says so
    // The file takes the mode of the socket: nobody else can connect at any moment.
    if (fchmod(descriptor, S_IRUSR | S_IWUSR) != 0 || bind(descriptor, (struct sockaddr *)&address, sizeof address) != 0
        || listen(descriptor, 4) != 0)
        return fail_closing(descriptor);
    return descriptor;
}

int hub_accept_local(int socket) {
    int descriptor;
    do {
        descriptor = accept4(socket, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    } while (descriptor < 0 && errno == EINTR);
    return descriptor;
}

int hub_connect_local(const char *path) {
    struct sockaddr_un address;
    if (fill(&address, path) != 0) return -1;
    const int descriptor = local_socket();
    if (descriptor < 0) return -1;
    if (connect(descriptor, (struct sockaddr *)&address, sizeof address) != 0) return fail_closing(descriptor);
    return descriptor;
}

int hub_listening_address(int socket, char text[HUB_ADDRESS_LENGTH], uint16_t *port) {
    int listens = 0, type = 0;
    socklen_t length = sizeof listens;
    if (getsockopt(socket, SOL_SOCKET, SO_ACCEPTCONN, &listens, &length) != 0) return -1;
    length = sizeof type;
    if (getsockopt(socket, SOL_SOCKET, SO_TYPE, &type, &length) != 0) return -1;
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
        struct sockaddr_storage room;  // every address fits: getsockname never writes past it
    } address;
    length = sizeof address;
    if (getsockname(socket, &address.any, &length) != 0) return -1;
    const int family = address.any.sa_family;
    if (!listens || type != SOCK_STREAM || (family != AF_INET && family != AF_INET6)) {
        errno = EINVAL;
        return -1;
    }
    const void *source = family == AF_INET ? (const void *)&address.v4.sin_addr : (const void *)&address.v6.sin6_addr;
    *port = ntohs(family == AF_INET ? address.v4.sin_port : address.v6.sin6_port);
    return inet_ntop(family, source, text, HUB_ADDRESS_LENGTH) == NULL ? -1 : 0;
}

int hub_find(const char *path) { return open(path, O_PATH | O_CLOEXEC); }

int hub_disable_dumping(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

int hub_processor_count(void) {
    cpu_set_t set;
    CPU_ZERO(&set);
    return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : -1;
}

int hub_make_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }
