#ifndef BERTH_CMALLOC_SHIM_H
#define BERTH_CMALLOC_SHIM_H

// malloc_trim: Swift's Glibc module leaves this header out.
#include <malloc.h>

#endif
