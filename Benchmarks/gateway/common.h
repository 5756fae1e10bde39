/* What the C programs of the benchmarks share: time, sockets of the loopback, and the text of an event. */

#ifndef COMMON_H
#define COMMON_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MILLISECOND 1000000LL
#define SECOND 1000000000LL

/* One event of a stream, 200 bytes; the 19 digits are the monotonic time at which the upstream sent it, in nanoseconds. */
static const char EVENT[] =
    "data: {\"id\":\"chatcmpl-benchmark\",\"object\":\"chat.completion.chunk\",\"created\":1764000000,\"model\":\"bench\","
    "\"choices\":[{\"index\":0,\"delta\":{\"content\":\"0000000000000000000 torque,\"},\"finish_reason\":null}]}\n\n";
static const char LAST_EVENT[] = "data: [DONE]\n\n";
enum { EVENT_SIZE = sizeof EVENT - 1, LAST_EVENT_SIZE = sizeof LAST_EVENT - 1, STAMP_AT = 145, STAMP_SIZE = 19 };
_Static_assert(EVENT_SIZE == 200, "an event has 200 bytes");

static inline int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * SECOND + time.tv_nsec;
}

static inline void stop(const char *problem) {
    fprintf(stderr, "%s: %s\n", problem, errno ? strerror(errno) : "given up");
    exit(1);
}

static inline struct sockaddr_in loopback(int port) {
    return (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

/* Waits for events until a time; the kernel's usual slack of 50 µs would blur what is measured. */
static inline int wait_until(int poll, struct epoll_event *events, int most, int64_t until) {
    int64_t left = until - now();
    if (left < 0) left = 0;
    struct timespec limit = {left / SECOND, left % SECOND};
    int count = epoll_pwait2(poll, events, most, &limit, NULL);
    if (count < 0 && errno != EINTR) stop("epoll_pwait2");
    return count < 0 ? 0 : count;
}

static inline int make_poll(void) {
    int poll = epoll_create1(EPOLL_CLOEXEC);
    if (poll < 0) stop("epoll_create1");
    prctl(PR_SET_TIMERSLACK, 1);
    signal(SIGPIPE, SIG_IGN);
    return poll;
}

/* A socket that is connected, or will be when it is writable; -1 when it was refused. Tells of every change once. */
static inline int connect_to(int port, int poll, void *owner) {
    int socket_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (socket_ < 0) stop("socket");
    struct sockaddr_in address = loopback(port);
    if (connect(socket_, (struct sockaddr *)&address, sizeof address) < 0 && errno != EINPROGRESS) {
        close(socket_);
        return -1;
    }
    int one = 1;
    setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = owner};
    if (epoll_ctl(poll, EPOLL_CTL_ADD, socket_, &event) < 0) stop("epoll_ctl");
    return socket_;
}

/* A file, or standard input when there is no path, whole. */
static inline char *read_all(const char *path, size_t *size) {
    FILE *file = path ? fopen(path, "rb") : stdin;
    if (!file) stop(path);
    size_t room = 1 << 16;
    char *text = malloc(room);
    if (!text) stop("malloc");
    *size = fread(text, 1, room - 1, file);
    if (ferror(file) || !feof(file)) stop("no text of less than 64 KB");
    text[*size] = 0;
    if (path) fclose(file);
    return text;
}

#endif
