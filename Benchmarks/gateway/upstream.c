/* The upstream where nginx cannot be it: it answers after a delay, or with a stream of events. One thread.

       upstream PORT delay MILLISECONDS FILE      every request is answered with FILE, so long after it came
       upstream PORT events MILLISECONDS COUNT    every request is answered with COUNT events, one every so often, and [DONE]

   Whatever waits here waits equally long. So what is due is a plain queue: new ones at the end, the next one at the front. */

#define _GNU_SOURCE
#include "common.h"

enum { ROOM = 1 << 14, MOST = 256 };

static const char STREAM_HEAD[] =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n";

struct peer {
    int socket;
    int is_waiting; /* it is in the queue, and is freed only when it leaves that */
    int64_t due;
    struct peer *next;
    long sent; /* events */
    size_t filled;
    char request[ROOM];
    size_t out_from, out_to; /* what is left to write of an event */
    char out[EVENT_SIZE + 64];
};

static int poll_;
static int is_stream;
static int64_t wait;
static long event_count;
static char *answer;
static size_t answer_size;
static struct peer *first, *last;

static void enqueue(struct peer *peer, int64_t due) {
    peer->due = due;
    peer->next = NULL;
    peer->is_waiting = 1;
    if (last) last->next = peer;
    else first = peer;
    last = peer;
}

static void leave(struct peer *peer) {
    if (peer->socket >= 0) close(peer->socket);
    peer->socket = -1;
    if (!peer->is_waiting) free(peer);
}

/* The length of the request that begins in the buffer, 0 as long as it is not all there. */
static size_t request_size(struct peer *peer) {
    peer->request[peer->filled] = 0;
    char *end = strstr(peer->request, "\r\n\r\n");
    if (!end) return 0;
    *end = 0;
    if (strcasestr(peer->request, "\r\ntransfer-encoding:")) stop("a request has no content-length");
    char *field = strcasestr(peer->request, "\r\ncontent-length:");
    size_t body = field ? strtoul(field + 17, NULL, 10) : 0;
    *end = '\r';
    size_t size = (size_t)(end + 4 - peer->request) + body;
    if (size >= ROOM) stop("a request is too long");
    return size <= peer->filled ? size : 0;
}

static void hear(struct peer *peer) {
    ssize_t count;
    while ((count = read(peer->socket, peer->request + peer->filled, ROOM - 1 - peer->filled)) > 0) {
        peer->filled += (size_t)count;
        size_t size = request_size(peer);
        if (!size) continue;
        /* Gateways send the next request after the answer; while one is waited for, a second is a fault of the test. */
        if (peer->filled > size || peer->is_waiting) stop("requests are pipelined");
        peer->filled = 0;
        if (is_stream) {
            peer->sent = 0;
            if (write(peer->socket, STREAM_HEAD, sizeof STREAM_HEAD - 1) < 0) break;
        }
        enqueue(peer, now() + wait);
    }
    if (count == 0 || (count < 0 && errno != EAGAIN)) leave(peer);
}

/* The next event of a stream as a chunk; with the last one comes the end. */
static void make_event(struct peer *peer) {
    if (peer->sent < event_count) {
        char stamp[STAMP_SIZE + 1];
        snprintf(stamp, sizeof stamp, "%019lld", (long long)now());
        peer->out_to = (size_t)snprintf(peer->out, sizeof peer->out, "%x\r\n%s\r\n", EVENT_SIZE, EVENT);
        memcpy(strstr(peer->out, "data:") + STAMP_AT, stamp, STAMP_SIZE);
    } else {
        peer->out_to = (size_t)snprintf(peer->out, sizeof peer->out, "%x\r\n%s\r\n0\r\n\r\n", LAST_EVENT_SIZE, LAST_EVENT);
    }
    peer->out_from = 0;
}

static void send_event(struct peer *peer) {
    if (peer->out_from == peer->out_to) make_event(peer);
    ssize_t count = write(peer->socket, peer->out + peer->out_from, peer->out_to - peer->out_from);
    if (count < 0 && errno != EAGAIN) return leave(peer);
    if (count > 0) peer->out_from += (size_t)count;
    /* A gateway that does not take it gets the rest at its next turn: nothing is left out here. */
    if (peer->out_from == peer->out_to) peer->sent += 1;
    if (peer->sent <= event_count) enqueue(peer, peer->due + wait);
}

static void perform(struct peer *peer) {
    peer->is_waiting = 0;
    if (peer->socket < 0) free(peer);
    else if (is_stream) send_event(peer);
    else if (write(peer->socket, answer, answer_size) != (ssize_t)answer_size) leave(peer);
}

static void welcome(int listener) {
    int socket_;
    while ((socket_ = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        int one = 1;
        setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        struct peer *peer = calloc(1, sizeof *peer);
        if (!peer) stop("calloc");
        peer->socket = socket_;
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = peer};
        if (epoll_ctl(poll_, EPOLL_CTL_ADD, socket_, &event) < 0) stop("epoll_ctl");
    }
}

static int listen_on(int port) {
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;
    struct sockaddr_in address = loopback(port);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, 4096) < 0) stop("listen");
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    if (epoll_ctl(poll_, EPOLL_CTL_ADD, listener, &event) < 0) stop("epoll_ctl");
    return listener;
}

static void read_arguments(int count, char **words) {
    if (count != 5) stop("upstream PORT delay MILLISECONDS FILE | upstream PORT events MILLISECONDS COUNT");
    is_stream = strcmp(words[2], "events") == 0;
    wait = atol(words[3]) * MILLISECOND;
    if (is_stream) {
        event_count = atol(words[4]);
        return;
    }
    size_t size;
    char *body = read_all(words[4], &size);
    answer = malloc(size + 256);
    if (!answer) stop("malloc");
    int head = sprintf(answer, "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %zu\r\n\r\n", size);
    memcpy(answer + head, body, size);
    answer_size = (size_t)head + size;
    free(body);
}

int main(int count, char **words) {
    read_arguments(count, words);
    poll_ = make_poll();
    int listener = listen_on(atoi(words[1]));
    for (;;) {
        struct epoll_event events[MOST];
        int happened = wait_until(poll_, events, MOST, first ? first->due : now() + SECOND);
        for (int index = 0; index < happened; index++) {
            if (events[index].data.ptr) hear(events[index].data.ptr);
            else welcome(listener);
        }
        int64_t at = now();
        while (first && first->due <= at) {
            struct peer *peer = first;
            first = peer->next;
            if (!first) last = NULL;
            perform(peer);
        }
    }
}
