#ifndef BERTH_CNGHTTP2_SHIM_H
#define BERTH_CNGHTTP2_SHIM_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>

#include <nghttp2/nghttp2.h>

// Swift imports the members of the union `nghttp2_frame` as overlapping values: one helper for each that is read.

static inline uint32_t berth_frame_error_code(const nghttp2_frame *frame) {
    return frame->hd.type == NGHTTP2_GOAWAY ? frame->goaway.error_code : frame->rst_stream.error_code;
}

static inline int32_t berth_frame_last_stream(const nghttp2_frame *frame) { return frame->goaway.last_stream_id; }

// The memory of sessions. Each has a buffer of 16 KiB, of which mostly the beginning alone is used: in a mapping of its
// own, pages that nobody has written to cost nothing. Before each piece stands the size of its mapping, or 0.

enum { BERTH_PIECE_HEADER = 16, BERTH_MAPPED_PIECE = 16 << 10 };

// The system bounds the mappings of a process (vm.max_map_count, 65,530), and the rest of it needs some, too.
enum { BERTH_MAX_MAPPINGS = 8192 };

static inline size_t *berth_mappings(void) {
    static size_t count;
    return &count;
}

static inline void *berth_session_malloc(size_t size, void *user) {
    (void)user;
    if (size > SIZE_MAX - BERTH_PIECE_HEADER) return NULL;
    size += BERTH_PIECE_HEADER;
    char *piece = NULL;
    size_t mapped = 0;
    if (size > BERTH_MAPPED_PIECE && __atomic_load_n(berth_mappings(), __ATOMIC_RELAXED) < BERTH_MAX_MAPPINGS) {
        void *mapping = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (mapping != MAP_FAILED) {
            madvise(mapping, size, MADV_NOHUGEPAGE);
            piece = (char *)mapping;
            mapped = size;
            __atomic_fetch_add(berth_mappings(), 1, __ATOMIC_RELAXED);
        }
    }
    if (!piece) piece = (char *)malloc(size);
    if (!piece) return NULL;
    memcpy(piece, &mapped, sizeof mapped);
    return piece + BERTH_PIECE_HEADER;
}

static inline size_t berth_session_mapped(const char *piece) {
    size_t mapped;
    memcpy(&mapped, piece, sizeof mapped);
    return mapped;
}

static inline void berth_session_free(void *pointer, void *user) {
    (void)user;
    if (!pointer) return;
    char *piece = (char *)pointer - BERTH_PIECE_HEADER;
    size_t mapped = berth_session_mapped(piece);
    if (mapped) {
        // One that cannot be taken apart stays, and keeps no memory.
        if (munmap(piece, mapped) != 0) madvise(piece, mapped, MADV_DONTNEED);
        __atomic_fetch_sub(berth_mappings(), 1, __ATOMIC_RELAXED);
    } else {
        free(piece);
    }
}

static inline void *berth_session_calloc(size_t count, size_t size, void *user) {
    if (size && count > SIZE_MAX / size) return NULL;
    void *pointer = berth_session_malloc(count * size, user);
    if (pointer && !berth_session_mapped((char *)pointer - BERTH_PIECE_HEADER)) memset(pointer, 0, count * size);
    return pointer;
}

static inline void *berth_session_realloc(void *pointer, size_t size, void *user) {
    if (!pointer) return berth_session_malloc(size, user);
    char *piece = (char *)pointer - BERTH_PIECE_HEADER;
    size_t mapped = berth_session_mapped(piece);
    if (!mapped) {
        if (size > SIZE_MAX - BERTH_PIECE_HEADER) return NULL;
        piece = (char *)realloc(piece, size + BERTH_PIECE_HEADER);
        return piece ? piece + BERTH_PIECE_HEADER : NULL;
    }
    void *moved = berth_session_malloc(size, user);
    if (!moved) return NULL;
    size_t kept = mapped - BERTH_PIECE_HEADER;
    memcpy(moved, pointer, kept < size ? kept : size);
    berth_session_free(pointer, user);
    return moved;
}

// A session copies it.
static inline nghttp2_mem berth_session_mem(void) {
    nghttp2_mem mem = {NULL, berth_session_malloc, berth_session_free, berth_session_calloc, berth_session_realloc};
    return mem;
}

#endif
