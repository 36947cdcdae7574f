#ifndef BERTH_CPROCESS_SHIM_H
#define BERTH_CPROCESS_SHIM_H

// The macros of ancillary data, which Swift cannot import, and functions that are declared under _GNU_SOURCE alone.
#include <errno.h>
#include <pthread.h>
#include <spawn.h>
#include <string.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int first);
extern int pthread_setname_np(pthread_t thread, const char *name);
extern int pipe2(int *descriptors, int flags);

// Descriptors of one message, at most.
#define BERTH_MAX_DESCRIPTORS 64

union berth_control {
    struct cmsghdr header;
    char space[CMSG_SPACE(sizeof(int) * BERTH_MAX_DESCRIPTORS)];
};

// Sends bytes, and copies of descriptors (SCM_RIGHTS). Returns 0, or errno.
static inline int berth_send_descriptors(int socket, const struct sockaddr *address, socklen_t size, const void *bytes,
                                         size_t count, const int *descriptors, size_t descriptor_count, int flags) {
    union berth_control control;
    struct iovec vector = {.iov_base = (void *)bytes, .iov_len = count};
    struct msghdr message = {.msg_name = (void *)address, .msg_namelen = size, .msg_iov = &vector, .msg_iovlen = 1};
    if (descriptor_count > BERTH_MAX_DESCRIPTORS) return EINVAL;
    if (descriptor_count > 0) {
        memset(&control, 0, sizeof(control));
        message.msg_control = &control;
        message.msg_controllen = CMSG_SPACE(sizeof(int) * descriptor_count);
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int) * descriptor_count);
        memcpy(CMSG_DATA(header), descriptors, sizeof(int) * descriptor_count);
    }
    ssize_t sent;
    do {
        sent = sendmsg(socket, &message, flags | MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    if (sent < 0) return errno;
    return (size_t)sent == count ? 0 : EMSGSIZE;
}

// Receives a message with its descriptors, which are closed on exec. Returns its length (0: the other end is closed), or
// -errno. `descriptor_count` is set in any case; what it counts belongs to the caller.
static inline long berth_receive_descriptors(int socket, void *bytes, size_t most, int *descriptors,
                                             size_t *descriptor_count) {
    union berth_control control;
    struct iovec vector = {.iov_base = bytes, .iov_len = most};
    struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1, .msg_control = &control,
                             .msg_controllen = sizeof(control)};
    ssize_t received;
    *descriptor_count = 0;
    do {
        received = recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    } while (received < 0 && errno == EINTR);
    if (received < 0) return -(long)errno;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        if (*descriptor_count + count > BERTH_MAX_DESCRIPTORS) continue;
        memcpy(descriptors + *descriptor_count, CMSG_DATA(header), sizeof(int) * count);
        *descriptor_count += count;
    }
    // Part of it is lost.
    if (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) return -(long)EMSGSIZE;
    return received;
}

// sched_setattr(2), which the C library lacks: the nice value of the calling thread, and for how long it runs until a thread
// that wakes up is preferred (Linux 6.12; without effect before). Returns 0, or errno.
static inline int berth_set_slice(int nice, uint64_t nanoseconds) {
    struct {
        uint32_t size, policy;
        uint64_t flags;
        int32_t nice;
        uint32_t priority;
        uint64_t runtime, deadline, period;
    } attributes = {.size = sizeof(attributes), .nice = nice, .runtime = nanoseconds};
    return syscall(SYS_sched_setattr, 0, &attributes, 0) == 0 ? 0 : errno;
}

#endif
