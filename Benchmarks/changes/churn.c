// Requests at a fixed rate to one HTTP server on 127.0.0.1: each on a connection of its own, or on connections that are kept
// alive. Counts what fails, and how. Ends after SECONDS, or on SIGTERM; then prints one line of JSON.
//
//     cc -O2 -o churn churn.c && ./churn PORT HOST RATE SECONDS [KEPT]
//
// KEPT: so many connections share the rate, and are opened again when the server closes them in order: after a response
// with `Connection: close`, or while they idle. 0: each request opens one.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 8192, TIMEOUT_MS = 15000, BUCKETS = 20000 };

enum phase { FREE, CONNECTING, READING, IDLE };

struct connection {
    enum phase phase;
    int socket;
    int64_t begun;
    size_t length;
    long body;     // bytes that are left of the body; -1: the head is not complete
    int closes;    // the server closes after this response
    int served;    // responses on this connection
    char head[2048];
};

static struct connection connections[MOST];
static int spare[MOST], spares;
static int epoll, kept;
static struct sockaddr_in address;
static char request[512];
static size_t requestLength;
static volatile sig_atomic_t stopping;
static long good, refused, reset, cut, wrong, late, reopened, overload, begun;
static long histogram[BUCKETS];
static int64_t worst;

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

static void stop(int number) { (void)number; stopping = 1; }

static void release(struct connection *c) {
    close(c->socket);
    c->phase = FREE;
    spare[spares++] = (int)(c - connections);
}

static void failed(struct connection *c, long *counter) {
    (*counter)++;
    release(c);
}

static void watch(struct connection *c, uint32_t events, int operation) {
    struct epoll_event event = {.events = events, .data.ptr = c};
    epoll_ctl(epoll, operation, c->socket, &event);
}

static void sendRequest(struct connection *c) {
    c->phase = READING;
    c->length = 0;
    c->body = -1;
    c->closes = 0;
    if (send(c->socket, request, requestLength, MSG_NOSIGNAL) != (ssize_t)requestLength)
        failed(c, errno == ECONNRESET || errno == EPIPE ? &reset : &cut);
}

static void openConnection(void) {
    begun++;
    if (!spares) { overload++; return; }
    struct connection *c = &connections[spare[--spares]];
    c->socket = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    c->begun = now();
    c->served = 0;
    if (c->socket < 0) { overload++; spare[spares++] = (int)(c - connections); return; }
    int one = 1;
    setsockopt(c->socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (!kept) {
        // No port waits after the end: the client closes first, with a reset, once it has everything.
        struct linger linger = {1, 0};
        setsockopt(c->socket, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    }
    c->phase = CONNECTING;
    watch(c, EPOLLOUT, EPOLL_CTL_ADD);
    if (connect(c->socket, (struct sockaddr *)&address, sizeof address) < 0 && errno != EINPROGRESS)
        failed(c, errno == ECONNREFUSED ? &refused : &reset);
}

static void complete(struct connection *c) {
    int64_t took = now() - c->begun;
    if (took > worst) worst = took;
    histogram[took / 100 < BUCKETS ? took / 100 : BUCKETS - 1]++;
    good++;
    c->served++;
    if (!kept) release(c);
    else if (c->closes) { reopened++; release(c); }
    else c->phase = IDLE;
}

static void readable(struct connection *c) {
    for (;;) {
        char bytes[16384];
        ssize_t count = recv(c->socket, bytes, sizeof bytes, 0);
        if (count < 0) {
            if (errno == EAGAIN) return;
            // Between two requests a server may close as it likes.
            if (c->phase == IDLE) { reopened++; release(c); return; }
            failed(c, &reset);
            return;
        }
        if (count == 0) {
            if (c->phase == IDLE) { reopened++; release(c); return; }
            failed(c, &cut);
            return;
        }
        if (c->phase != READING) { failed(c, &wrong); return; }
        if (c->body < 0) {
            size_t room = sizeof c->head - 1 - c->length;
            size_t taken = (size_t)count < room ? (size_t)count : room;
            memcpy(c->head + c->length, bytes, taken);
            c->length += taken;
            c->head[c->length] = 0;
            char *end = strstr(c->head, "\r\n\r\n");
            if (!end) { if (c->length + 1 == sizeof c->head) failed(c, &wrong); else continue; return; }
            char *length = strcasestr(c->head, "\r\ncontent-length:");
            if (strncmp(c->head, "HTTP/1.1 200", 12) || !length || length > end) { failed(c, &wrong); return; }
            char *close = strcasestr(c->head, "\r\nconnection: close");
            c->closes = close && close < end;
            c->body = atol(length + 17) - (long)(c->length - (size_t)(end + 4 - c->head));
        } else {
            c->body -= count;
        }
        if (c->body < 0) { failed(c, &wrong); return; }
        if (c->body == 0) { complete(c); return; }
    }
}

static void nextOnKept(void) {
    static int hand;
    int open = 0;
    for (int tried = 0; tried < MOST; tried++) {
        hand = (hand + 1) % MOST;
        if (connections[hand].phase == IDLE) {
            begun++;
            connections[hand].begun = now();
            sendRequest(&connections[hand]);
            return;
        }
    }
    for (int index = 0; index < MOST; index++) open += connections[index].phase != FREE;
    if (open < kept) openConnection(); else overload++;
}

static void handle(struct connection *c, uint32_t events) {
    if (c->phase == FREE) return;
    if (c->phase == CONNECTING) {
        int error = 0;
        socklen_t size = sizeof error;
        getsockopt(c->socket, SOL_SOCKET, SO_ERROR, &error, &size);
        if (error) { failed(c, error == ECONNREFUSED ? &refused : &reset); return; }
        watch(c, EPOLLIN | EPOLLRDHUP, EPOLL_CTL_MOD);
        sendRequest(c);
        return;
    }
    (void)events;
    readable(c);
}

static double percentile(double part) {
    long sum = 0, total = 0;
    for (int index = 0; index < BUCKETS; index++) total += histogram[index];
    for (int index = 0; index < BUCKETS; index++) {
        sum += histogram[index];
        if (total && sum >= total * part) return (index + 1) / 10.0;
    }
    return 0;
}

int main(int count, char **arguments) {
    if (count < 5) { fprintf(stderr, "churn PORT HOST RATE SECONDS [KEPT]\n"); return 2; }
    address.sin_family = AF_INET;
    address.sin_port = htons((uint16_t)atoi(arguments[1]));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    double rate = atof(arguments[3]), seconds = atof(arguments[4]);
    kept = count > 5 ? atoi(arguments[5]) : 0;
    requestLength = (size_t)snprintf(request, sizeof request, "GET / HTTP/1.1\r\nHost: %s\r\n%s\r\n", arguments[2],
                                     kept ? "" : "Connection: close\r\n");
    signal(SIGTERM, stop);
    signal(SIGINT, stop);
    signal(SIGPIPE, SIG_IGN);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    for (int index = MOST - 1; index >= 0; index--) spare[spares++] = index;
    int64_t start = now(), end = start + (int64_t)(seconds * 1e6), lastCheck = start;
    long due = 0;
    for (;;) {
        int64_t time = now();
        int isOver = stopping || time >= end;
        if (!isOver) {
            long target = (long)((double)(time - start) / 1e6 * rate);
            for (; due < target; due++) { if (kept) nextOnKept(); else openConnection(); }
        }
        struct epoll_event events[512];
        int ready = epoll_wait(epoll, events, 512, 1);
        for (int index = 0; index < ready; index++) handle(events[index].data.ptr, events[index].events);
        int busy = 0;
        if (time - lastCheck > 100000 || isOver) {
            lastCheck = time;
            for (int index = 0; index < MOST; index++) {
                struct connection *c = &connections[index];
                if (c->phase != CONNECTING && c->phase != READING) continue;
                if (time - c->begun > TIMEOUT_MS * 1000) failed(c, &late); else busy++;
            }
            if (isOver && !busy) break;
        }
    }
    printf("{\"begun\": %ld, \"good\": %ld, \"refused\": %ld, \"reset\": %ld, \"cut\": %ld, \"wrong\": %ld, \"late\": %ld, "
           "\"overload\": %ld, \"reopened\": %ld, \"seconds\": %.1f, \"p50_ms\": %.1f, \"p99_ms\": %.1f, \"max_ms\": %.1f}\n",
           begun, good, refused, reset, cut, wrong, late, overload, reopened, (double)(now() - start) / 1e6,
           percentile(0.5), percentile(0.99), (double)worst / 1000);
    return 0;
}
