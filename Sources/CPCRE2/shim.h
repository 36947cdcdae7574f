#ifndef BERTH_CPCRE2_SHIM_H
#define BERTH_CPCRE2_SHIM_H

// One code unit is one byte: hosts and paths are bytes, not text.
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#endif
