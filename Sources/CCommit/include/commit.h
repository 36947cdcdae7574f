#ifndef BERTH_COMMIT_H
#define BERTH_COMMIT_H

// The commit that the program was built from, as `make` found it; NULL: not known.
const char *berth_commit(void);

#endif
