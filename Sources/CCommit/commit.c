#include "commit.h"

#include <stddef.h>

// In C, and in a target of its own: another commit compiles this file and the command, and nothing else.
const char *berth_commit(void) {
#ifdef BERTH_COMMIT
#define TEXT(name) #name
#define QUOTED(name) TEXT(name)
    return QUOTED(BERTH_COMMIT);
#else
    return NULL;
#endif
}
