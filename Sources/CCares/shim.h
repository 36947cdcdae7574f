#ifndef BERTH_CCARES_SHIM_H
#define BERTH_CCARES_SHIM_H

#include <ares.h>
#include <arpa/nameser.h>
// Macros with arguments are not seen from Swift.
static inline int berth_ares_reads(int mask, int index) { return ARES_GETSOCK_READABLE(mask, index); }
static inline int berth_ares_writes(int mask, int index) { return ARES_GETSOCK_WRITABLE(mask, index); }

#endif
