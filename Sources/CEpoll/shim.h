#ifndef BERTH_CEPOLL_SHIM_H
#define BERTH_CEPOLL_SHIM_H

// Swift's Glibc module leaves these headers out, and functions that are declared under _GNU_SOURCE alone.
#include <pthread.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

extern int pthread_setname_np(pthread_t thread, const char *name);
extern int accept4(int descriptor, struct sockaddr *restrict address, socklen_t *restrict size, int flags);

// struct epoll_event is packed on some processors: its layout stays in C.

static inline int berth_epoll_control(int set, int operation, int descriptor, uint32_t events, uint64_t data) {
    struct epoll_event event = {.events = events, .data = {.u64 = data}};
    return epoll_ctl(set, operation, descriptor, &event);
}

static inline uint32_t berth_epoll_events(const struct epoll_event *events, int index) {
    return events[index].events;
}

static inline uint64_t berth_epoll_data(const struct epoll_event *events, int index) {
    return events[index].data.u64;
}

#endif
