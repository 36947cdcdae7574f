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

// The memory of sessions.
//
// Each has a buffer of 16 KiB, of which mostly the beginning alone is used: in a mapping of its own, pages that nobody has
// written to cost nothing. Small pieces are allocated and freed with each stream: a thread keeps some of each size.

// Before each piece.
struct berth_piece_header {
    // The size of its mapping; 0: it has none.
    size_t mapped;
    // The place in `berth_pieces`; BERTH_PIECE_SIZES: its size is not kept.
    size_t place;
};

enum { BERTH_PIECE_HEADER = sizeof(struct berth_piece_header), BERTH_MAPPED_PIECE = 16 << 10 };

// The system bounds the mappings of a process (vm.max_map_count, 65,530), and the rest of it needs some, too.
enum { BERTH_MAX_MAPPINGS = 8192 };

static inline size_t *berth_mappings(void) {
    static size_t count;
    return &count;
}

// Sizes up to 512 bytes in steps of 64, then 1,024 and 2,048. A thread keeps at most 0.8 MiB.
enum { BERTH_PIECE_SIZES = 10, BERTH_SMALL_SIZES = 8, BERTH_KEPT_SMALL = 256, BERTH_KEPT_LARGE = 64 };

struct berth_free_piece {
    struct berth_free_piece *next;
};

struct berth_pieces {
    struct berth_free_piece *first[BERTH_PIECE_SIZES];
    unsigned count[BERTH_PIECE_SIZES];
};

static inline struct berth_pieces *berth_pieces(void) {
    static __thread struct berth_pieces pieces;
    return &pieces;
}

static inline size_t berth_piece_place(size_t size) {
    if (size <= 512) return size == 0 ? 0 : (size - 1) / 64;
    return size <= 1024 ? 8 : size <= 2048 ? 9 : BERTH_PIECE_SIZES;
}

static inline size_t berth_piece_size(size_t place) {
    return place < BERTH_SMALL_SIZES ? (place + 1) * 64 : (size_t)1024 << (place - BERTH_SMALL_SIZES);
}

static inline void *berth_session_malloc(size_t size, void *user) {
    (void)user;
    if (size > SIZE_MAX - BERTH_PIECE_HEADER) return NULL;
    struct berth_piece_header header = {0, berth_piece_place(size)};
    char *piece = NULL;
    if (header.place < BERTH_PIECE_SIZES) {
        struct berth_pieces *pieces = berth_pieces();
        struct berth_free_piece *kept = pieces->first[header.place];
        if (kept) {
            pieces->first[header.place] = kept->next;
            pieces->count[header.place]--;
            return kept;
        }
        size = berth_piece_size(header.place);
    }
    size += BERTH_PIECE_HEADER;
    if (size > BERTH_MAPPED_PIECE && __atomic_load_n(berth_mappings(), __ATOMIC_RELAXED) < BERTH_MAX_MAPPINGS) {
        void *mapping = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (mapping != MAP_FAILED) {
            madvise(mapping, size, MADV_NOHUGEPAGE);
            piece = (char *)mapping;
            header.mapped = size;
            __atomic_fetch_add(berth_mappings(), 1, __ATOMIC_RELAXED);
        }
    }
    if (!piece) piece = (char *)malloc(size);
    if (!piece) return NULL;
    memcpy(piece, &header, sizeof header);
    return piece + BERTH_PIECE_HEADER;
}

static inline struct berth_piece_header berth_session_header(const void *pointer) {
    struct berth_piece_header header;
    memcpy(&header, (const char *)pointer - BERTH_PIECE_HEADER, sizeof header);
    return header;
}

static inline void berth_session_free(void *pointer, void *user) {
    (void)user;
    if (!pointer) return;
    struct berth_piece_header header = berth_session_header(pointer);
    if (header.place < BERTH_PIECE_SIZES) {
        struct berth_pieces *pieces = berth_pieces();
        if (pieces->count[header.place] < (header.place < BERTH_SMALL_SIZES ? BERTH_KEPT_SMALL : BERTH_KEPT_LARGE)) {
            struct berth_free_piece *freed = (struct berth_free_piece *)pointer;
            freed->next = pieces->first[header.place];
            pieces->first[header.place] = freed;
            pieces->count[header.place]++;
            return;
        }
    }
    char *piece = (char *)pointer - BERTH_PIECE_HEADER;
    if (header.mapped) {
        // One that cannot be taken apart stays, and keeps no memory.
        if (munmap(piece, header.mapped) != 0) madvise(piece, header.mapped, MADV_DONTNEED);
        __atomic_fetch_sub(berth_mappings(), 1, __ATOMIC_RELAXED);
    } else {
        free(piece);
    }
}

static inline void *berth_session_calloc(size_t count, size_t size, void *user) {
    if (size && count > SIZE_MAX / size) return NULL;
    void *pointer = berth_session_malloc(count * size, user);
    if (pointer && !berth_session_header(pointer).mapped) memset(pointer, 0, count * size);
    return pointer;
}

static inline void *berth_session_realloc(void *pointer, size_t size, void *user) {
    if (!pointer) return berth_session_malloc(size, user);
    struct berth_piece_header header = berth_session_header(pointer);
    if (header.place < BERTH_PIECE_SIZES && berth_piece_place(size) == header.place) return pointer;
    if (!header.mapped && header.place == BERTH_PIECE_SIZES && berth_piece_place(size) == BERTH_PIECE_SIZES) {
        if (size > SIZE_MAX - BERTH_PIECE_HEADER) return NULL;
        char *piece = (char *)realloc((char *)pointer - BERTH_PIECE_HEADER, size + BERTH_PIECE_HEADER);
        return piece ? piece + BERTH_PIECE_HEADER : NULL;
    }
    void *moved = berth_session_malloc(size, user);
    if (!moved) return NULL;
    // One whose size is not known has more than 2,048 bytes, and becomes a smaller one.
    size_t kept = header.mapped ? header.mapped - BERTH_PIECE_HEADER
                  : header.place < BERTH_PIECE_SIZES ? berth_piece_size(header.place) : size;
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
