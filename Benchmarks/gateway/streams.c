/* The caller of the stream benchmark: opens streams through a gateway, reads them to their end, compares every byte.

       streams PORT COUNT EVENTS MILLISECONDS < REQUEST     COUNT streams of EVENTS events, opened evenly over so long

   The request comes as it goes over the wire. Prints one JSON object. Delays are from the write of the upstream to the read here,
   in microseconds; both sides look at the same clock. One thread. */

#include "common.h"

enum { MOST = 256, HEAD_ROOM = 4096, PATIENCE = 20 };
enum state { HEAD, SIZE, DATA, AFTER_DATA, END, FINISHED, BROKEN };

struct stream {
    int socket;
    enum state state;
    int is_sent;
    size_t filled; /* of the head, then of a chunk's size line */
    char head[HEAD_ROOM];
    size_t left; /* of a chunk */
    long events;
    size_t at; /* in the event */
    char event[EVENT_SIZE];
};

static char *request;
static size_t request_length;
static long events_wanted;
static long open_count, complete, received, changed;
static uint32_t *delays;
static int64_t at;

static void finish(struct stream *stream, enum state state, const char *problem) {
    if (problem) fprintf(stderr, "a stream ended after %ld events: %s\n%.200s\n", stream->events, problem, stream->head);
    close(stream->socket);
    stream->state = state;
    open_count -= 1;
    complete += state == FINISHED;
}

/* A whole event: everything but its time must be as it was sent. */
static void judge(struct stream *stream) {
    char stamp[STAMP_SIZE + 1] = {0};
    memcpy(stamp, stream->event + STAMP_AT, STAMP_SIZE);
    memcpy(stream->event + STAMP_AT, EVENT + STAMP_AT, STAMP_SIZE);
    if (memcmp(stream->event, EVENT, EVENT_SIZE) != 0) {
        if (!changed++) fprintf(stderr, "an event was changed: %.*s\n", EVENT_SIZE, stream->event);
        return;
    }
    delays[received++] = (uint32_t)((at - atoll(stamp)) / 1000);
}

static void take(struct stream *stream, const char *data, size_t size) {
    while (size) {
        int is_last = stream->events == events_wanted;
        size_t length = is_last ? LAST_EVENT_SIZE : EVENT_SIZE, part = length - stream->at;
        if (stream->events > events_wanted) { changed++; return; }
        if (part > size) part = size;
        memcpy(stream->event + stream->at, data, part);
        data += part, size -= part, stream->at += part;
        if (stream->at < length) return;
        if (!is_last) judge(stream);
        else if (memcmp(stream->event, LAST_EVENT, LAST_EVENT_SIZE) != 0) changed++;
        stream->at = 0;
        stream->events += 1;
    }
}

/* One byte of the head; the rest of the answer must be chunked. */
static void take_head(struct stream *stream, char byte) {
    if (stream->filled == HEAD_ROOM - 1) return finish(stream, BROKEN, "its head is too long");
    stream->head[stream->filled++] = byte;
    if (byte != '\n' || stream->filled < 4 || memcmp(stream->head + stream->filled - 4, "\r\n\r\n", 4) != 0) return;
    stream->head[stream->filled] = 0;
    if (strncmp(stream->head, "HTTP/1.1 200", 12) != 0) return finish(stream, BROKEN, "its status is not 200");
    for (char *byte_ = stream->head; *byte_; byte_++) if (*byte_ >= 'A' && *byte_ <= 'Z') *byte_ += 32;
    if (!strstr(stream->head, "\r\ntransfer-encoding: chunked")) return finish(stream, BROKEN, "it is not chunked");
    stream->state = SIZE;
    stream->filled = 0;
}

static void take_size(struct stream *stream, char byte) {
    static const size_t most = 16;
    if (stream->filled == most) return finish(stream, BROKEN, "a chunk has an odd size");
    stream->head[stream->filled++] = byte;
    if (byte != '\n') return;
    stream->head[stream->filled] = 0;
    stream->left = strtoul(stream->head, NULL, 16);
    stream->state = stream->left ? DATA : END;
    stream->filled = 0;
}

static void take_all(struct stream *stream, const char *data, size_t size) {
    while (size && stream->state < FINISHED) {
        size_t used = 1;
        switch (stream->state) {
        case HEAD: take_head(stream, *data); break;
        case SIZE: take_size(stream, *data); break;
        case DATA:
            used = stream->left < size ? stream->left : size;
            take(stream, data, used);
            if (!(stream->left -= used)) stream->state = AFTER_DATA;
            break;
        case AFTER_DATA:
            if (*data == '\n') stream->state = SIZE;
            break;
        default:
            if (*data != '\n') break;
            if (stream->events == events_wanted + 1) finish(stream, FINISHED, NULL);
            else finish(stream, BROKEN, "events are missing");
        }
        data += used, size -= used;
    }
}

static void hear(struct stream *stream, uint32_t events) {
    static char data[1 << 16];
    if (stream->state >= FINISHED) return;
    if (!stream->is_sent && events & EPOLLOUT) {
        stream->is_sent = 1;
        if (write(stream->socket, request, request_length) != (ssize_t)request_length) return finish(stream, BROKEN, "not written");
    }
    ssize_t count;
    while (stream->state < FINISHED && (count = read(stream->socket, data, sizeof data)) != -1) {
        at = now();
        if (count == 0) return finish(stream, BROKEN, "the connection closed");
        take_all(stream, data, (size_t)count);
    }
    if (stream->state < FINISHED && errno != EAGAIN) finish(stream, BROKEN, strerror(errno));
}

static int by_size(const void *a, const void *b) {
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

int main(int words_count, char **words) {
    if (words_count != 5) stop("streams PORT COUNT EVENTS MILLISECONDS < REQUEST");
    int port = atoi(words[1]), poll = make_poll();
    long count = atol(words[2]), opened = 0;
    events_wanted = atol(words[3]);
    int64_t step = atol(words[4]) * MILLISECOND / count, start = now(), last_heard = start;
    request = read_all(NULL, &request_length);
    struct stream *streams = calloc((size_t)count, sizeof *streams);
    delays = calloc((size_t)(count * events_wanted) + 1, sizeof *delays);
    if (!streams || !delays) stop("calloc");
    while (opened < count || open_count) {
        struct epoll_event events[MOST];
        int happened = wait_until(poll, events, MOST, opened < count ? start + step * opened : now() + SECOND);
        for (int index = 0; index < happened; index++) hear(events[index].data.ptr, events[index].events);
        if (happened) last_heard = now();
        else if (now() - last_heard > PATIENCE * SECOND) break;
        while (opened < count && start + step * opened <= now()) {
            struct stream *stream = &streams[opened++];
            stream->socket = connect_to(port, poll, stream);
            if (stream->socket < 0) stop("a connection was refused");
            open_count += 1;
        }
    }
    double seconds = (double)(now() - start) / SECOND;
    qsort(delays, (size_t)received, sizeof *delays, by_size);
    printf(
        "{\"streams\":%ld,\"complete\":%ld,\"events\":%ld,\"lost\":%ld,\"changed\":%ld,\"seconds\":%.3f,\"median\":%u,\"p99\":%u}\n",
        count, complete, received, count * events_wanted - received, changed, seconds, delays[received / 2], delays[received * 99 / 100]);
}
