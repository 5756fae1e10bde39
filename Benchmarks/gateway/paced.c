/* Load at a rate that does not depend on how fast the answers come. One thread.

       paced PORT CONNECTIONS RATE:SECONDS … < REQUEST

   Phases follow one another on the same kept connections. Requests become due at random times (exponential gaps, the same ones in
   each run), so many a second on average; one that is due takes a free connection, or the next that becomes free, and is given up
   when none did within a second. Times count from when it was due, so that neither a slow server nor a slow generator hides
   anything. Rate 0: each connection sends its next request when its last is answered.

   The request comes as it goes over the wire, without anything that has to differ. Every request becomes a record on standard
   output, as `struct record`; its status is that of HTTP, or FAILED or GIVEN_UP. */

#define _GNU_SOURCE
#include "common.h"
#include <math.h>

enum { MOST = 256, HEAD_ROOM = 4096, FAILED = 0, GIVEN_UP = 1 };
static const int64_t PATIENCE = SECOND, REST = SECOND / 10, DRAIN = 5 * SECOND;

struct record {
    uint32_t due; /* µs since the start */
    uint32_t late; /* µs from then until it was sent, although a connection was free: the generator's own fault */
    uint32_t took; /* µs from when it was due to the last byte of the answer */
    uint32_t size; /* of the answer, head and body */
    uint16_t status, phase;
};

struct connection {
    enum { RESTING, CONNECTING, FREE, BUSY } state;
    int socket;
    int64_t due; /* of its request; of the next attempt to connect while it rests */
    struct record record;
    size_t filled;
    char head[HEAD_ROOM];
    long left; /* of the answer's body; -1 while its head comes */
    int closes;
};

static struct connection *connections, **free_ones;
static int connection_count, free_count, busy_count, resting_count;
static int port, poll_, phase;
static int64_t start, free_since; /* … since there is a free connection at all */
static char *request;
static size_t request_size;
static struct record *records;
static size_t record_count, record_room;

static void note(struct record record) {
    if (record_count == record_room) {
        record_room = record_room ? record_room * 2 : 1 << 16;
        records = realloc(records, record_room * sizeof *records);
        if (!records) stop("realloc");
    }
    records[record_count++] = record;
}

static struct record make_record(int64_t due, int64_t late) {
    return (struct record){.due = (uint32_t)((due - start) / 1000), .late = (uint32_t)(late / 1000), .phase = (uint16_t)phase};
}

static void rest(struct connection *connection) {
    connection->state = RESTING;
    connection->due = now() + REST;
    resting_count += 1;
}

static void open_one(struct connection *connection) {
    connection->socket = connect_to(port, poll_, connection);
    if (connection->socket >= 0) {
        connection->state = CONNECTING;
        return;
    }
    note(make_record(now(), 0));
    rest(connection);
}

/* Ends a connection; what was under way on it has failed, and so has a connection that never came about. */
static void fail(struct connection *connection) {
    close(connection->socket);
    if (connection->state == CONNECTING) note(make_record(now(), 0));
    if (connection->state == BUSY) {
        connection->record.status = FAILED;
        note(connection->record);
        busy_count -= 1;
    }
    if (connection->state == FREE) {
        for (int index = 0; index < free_count; index++) {
            if (free_ones[index] == connection) free_ones[index] = free_ones[--free_count];
        }
        open_one(connection); /* closed between two requests, as a server may */
        return;
    }
    rest(connection);
}

static void set_free(struct connection *connection) {
    connection->state = FREE;
    if (!free_count) free_since = now();
    free_ones[free_count++] = connection;
}

static void send_request(int64_t due) {
    int64_t late = now() - (due > free_since ? due : free_since);
    /* The one that rested longest: none rests so long that the server closes it just as a request goes out on it. */
    struct connection *connection = free_ones[0];
    memmove(free_ones, free_ones + 1, (size_t)--free_count * sizeof *free_ones);
    connection->state = BUSY;
    connection->due = due;
    connection->record = make_record(due, late);
    connection->filled = 0;
    connection->left = -1;
    busy_count += 1;
    if (write(connection->socket, request, request_size) != (ssize_t)request_size) fail(connection);
}

/* What the head says; false when it is none. */
static int read_head(struct connection *connection, size_t size) {
    char *head = connection->head;
    head[size - 1] = 0;
    char *length = strcasestr(head, "\r\ncontent-length:");
    if (strncmp(head, "HTTP/1.1 ", 9) != 0 || !length) return 0;
    connection->record.status = (uint16_t)atoi(head + 9);
    connection->left = atol(length + 17);
    connection->closes = strcasestr(head, "\r\nconnection: close") != NULL;
    connection->record.size = (uint32_t)(size + (size_t)connection->left);
    return connection->record.status >= 100 && connection->left >= 0;
}

static void answered(struct connection *connection) {
    connection->record.took = (uint32_t)((now() - connection->due) / 1000);
    note(connection->record);
    busy_count -= 1;
    if (connection->closes) {
        close(connection->socket);
        open_one(connection);
    } else {
        set_free(connection);
    }
}

static void take(struct connection *connection, const char *data, size_t size) {
    if (connection->state != BUSY) return fail(connection);
    if (connection->left < 0) {
        size_t part = HEAD_ROOM - 1 - connection->filled;
        if (part > size) part = size;
        memcpy(connection->head + connection->filled, data, part);
        char *end = memmem(connection->head, connection->filled + part, "\r\n\r\n", 4);
        if (!end) {
            connection->filled += part;
            if (part < size) fail(connection);
            return;
        }
        size_t head = (size_t)(end + 4 - connection->head), used = head - connection->filled;
        if (!read_head(connection, head)) return fail(connection);
        data += used, size -= used;
    }
    if ((long)size > connection->left) return fail(connection);
    connection->left -= (long)size;
    if (connection->left == 0) answered(connection);
}

static void hear(struct connection *connection, uint32_t events) {
    static char data[1 << 16];
    if (connection->state == RESTING) return;
    if (events & (EPOLLERR | EPOLLHUP) && connection->state == CONNECTING) return fail(connection);
    if (connection->state == CONNECTING && events & EPOLLOUT) set_free(connection);
    if (!(events & (EPOLLIN | EPOLLRDHUP | EPOLLERR | EPOLLHUP))) return;
    int socket_ = connection->socket;
    for (;;) {
        ssize_t count = read(socket_, data, sizeof data);
        if (count == 0 || (count < 0 && errno != EAGAIN)) return fail(connection);
        if (count < 0) return;
        take(connection, data, (size_t)count);
        if (connection->state == RESTING || connection->state == CONNECTING) return;
        if ((size_t)count < sizeof data && !(events & EPOLLRDHUP)) return;
    }
}

/* Waits and hears. */
static void turn(int64_t until) {
    struct epoll_event events[MOST];
    if (resting_count && until > now() + REST) until = now() + REST;
    int happened = wait_until(poll_, events, MOST, until);
    for (int index = 0; index < happened; index++) hear(events[index].data.ptr, events[index].events);
    for (int index = 0; resting_count && index < connection_count; index++) {
        struct connection *connection = &connections[index];
        if (connection->state != RESTING || connection->due > now()) continue;
        resting_count -= 1;
        open_one(connection);
    }
}

/* The time to the next request, in nanoseconds. xorshift64* with a seed that never changes. */
static int64_t gap(double rate) {
    static uint64_t state = 0x9E3779B97F4A7C15;
    state ^= state >> 12, state ^= state << 25, state ^= state >> 27;
    double number = (double)((state * 0x2545F4914F6CDD1D) >> 11) / (double)(1LL << 53);
    return (int64_t)(-log(1 - number) / rate * SECOND);
}

/* One phase; gives when the first request after it is due. */
static int64_t run(double rate, int64_t due, int64_t end) {
    while (rate == 0 && now() < end) {
        while (free_count) send_request(now());
        turn(end);
    }
    while (rate > 0 && due < end) {
        /* While all connections are busy there is nothing to wake up for but an answer, or to give up. */
        turn(free_count ? due : due + PATIENCE);
        while (due < end && due <= now()) {
            if (free_count) send_request(due);
            else if (now() - due < PATIENCE) break;
            else {
                struct record record = make_record(due, 0);
                record.status = GIVEN_UP;
                note(record);
            }
            due += gap(rate);
        }
    }
    return rate == 0 ? end : due;
}

int main(int count, char **words) {
    if (count < 4) stop("paced PORT CONNECTIONS RATE:SECONDS … < REQUEST");
    port = atoi(words[1]), connection_count = atoi(words[2]), poll_ = make_poll();
    request = read_all(NULL, &request_size);
    connections = calloc((size_t)connection_count, sizeof *connections);
    free_ones = calloc((size_t)connection_count, sizeof *free_ones);
    if (!connections || !free_ones) stop("calloc");
    start = now();
    for (int index = 0; index < connection_count; index++) open_one(&connections[index]);
    while (free_count < connection_count && now() - start < SECOND) turn(start + SECOND);
    int64_t end = start = now(), due = start;
    for (int index = 3; index < count; index++, phase++) {
        char *seconds = strchr(words[index], ':');
        if (!seconds) stop("RATE:SECONDS");
        end += (int64_t)(atof(seconds + 1) * SECOND);
        due = run(atof(words[index]), due, end);
    }
    while (busy_count && now() - end < DRAIN) turn(end + DRAIN);
    for (int index = 0; index < connection_count; index++) {
        if (connections[index].state == BUSY) fail(&connections[index]);
    }
    return fwrite(records, sizeof *records, record_count, stdout) == record_count ? 0 : 1;
}
