// A module of nsswitch.conf(5), `berth`: the names of $BERTH_NSS/hosts, as $BERTH_NSS/mood says:
//   up           names that are there have their address, others do not exist
//   none         no name exists
//   hang         no reply until the mood changes
//   slow MS      as up, after so many milliseconds
//   again        "try again"
//   unavail      "unavailable"
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <nss.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static FILE *open_file(const char *name) {
    char path[4096];
    const char *folder = getenv("BERTH_NSS");
    if (!folder) return NULL;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return fopen(path, "re");
}

static void read_mood(char *word, long *ms) {
    strcpy(word, "up");
    *ms = 0;
    FILE *file = open_file("mood");
    if (!file) return;
    if (fscanf(file, "%15s %ld", word, ms) < 1) strcpy(word, "up");
    fclose(file);
}

static enum nss_status find(const char *name, struct in_addr *address, int *errnop, int *h_errnop) {
    char mood[16];
    long ms;
    read_mood(mood, &ms);
    while (!strcmp(mood, "hang")) {
        usleep(20000);
        read_mood(mood, &ms);
    }
    if (!strcmp(mood, "slow")) usleep(ms * 1000);
    *errnop = ENOENT;
    *h_errnop = HOST_NOT_FOUND;
    if (!strcmp(mood, "none")) return NSS_STATUS_NOTFOUND;
    if (!strcmp(mood, "again")) {
        *errnop = EAGAIN;
        *h_errnop = TRY_AGAIN;
        return NSS_STATUS_TRYAGAIN;
    }
    if (!strcmp(mood, "unavail")) {
        *h_errnop = NO_RECOVERY;
        return NSS_STATUS_UNAVAIL;
    }
    FILE *file = open_file("hosts");
    if (!file) return NSS_STATUS_NOTFOUND;
    char text[64], known[256];
    enum nss_status status = NSS_STATUS_NOTFOUND;
    while (fscanf(file, "%63s %255s", text, known) == 2) {
        if (!strcasecmp(known, name) && inet_pton(AF_INET, text, address) == 1) {
            status = NSS_STATUS_SUCCESS;
            break;
        }
    }
    fclose(file);
    return status;
}

enum nss_status _nss_berth_gethostbyname4_r(const char *name, struct gaih_addrtuple **pat, char *buffer,
                                            size_t size, int *errnop, int *h_errnop, int32_t *ttlp) {
    struct in_addr address;
    enum nss_status status = find(name, &address, errnop, h_errnop);
    if (status != NSS_STATUS_SUCCESS) return status;
    size_t need = sizeof(struct gaih_addrtuple) + strlen(name) + 1 + 16;
    if (size < need) {
        *errnop = ERANGE;
        *h_errnop = NETDB_INTERNAL;
        return NSS_STATUS_TRYAGAIN;
    }
    char *aligned = (char *)(((uintptr_t)buffer + 15) & ~(uintptr_t)15);
    struct gaih_addrtuple *tuple = *pat ? *pat : (struct gaih_addrtuple *)aligned;
    char *text = aligned + sizeof(struct gaih_addrtuple);
    strcpy(text, name);
    memset(tuple, 0, sizeof *tuple);
    tuple->name = text;
    tuple->family = AF_INET;
    tuple->addr[0] = address.s_addr;
    *pat = tuple;
    if (ttlp) *ttlp = 0;
    *h_errnop = NETDB_SUCCESS;
    return status;
}

enum nss_status _nss_berth_gethostbyname2_r(const char *name, int family, struct hostent *result, char *buffer,
                                            size_t size, int *errnop, int *h_errnop) {
    struct in_addr address;
    if (family != AF_INET) {
        *errnop = ENOENT;
        *h_errnop = NO_DATA;
        return NSS_STATUS_NOTFOUND;
    }
    enum nss_status status = find(name, &address, errnop, h_errnop);
    if (status != NSS_STATUS_SUCCESS) return status;
    struct {
        char *list[2];
        char *aliases[1];
        struct in_addr address;
    } *kept;
    if (size < sizeof *kept + 16 + strlen(name) + 1) {
        *errnop = ERANGE;
        *h_errnop = NETDB_INTERNAL;
        return NSS_STATUS_TRYAGAIN;
    }
    kept = (void *)(((uintptr_t)buffer + 15) & ~(uintptr_t)15);
    char *text = (char *)(kept + 1);
    strcpy(text, name);
    kept->address = address;
    kept->list[0] = (char *)&kept->address;
    kept->list[1] = NULL;
    kept->aliases[0] = NULL;
    *result = (struct hostent){text, kept->aliases, AF_INET, sizeof address, kept->list};
    *h_errnop = NETDB_SUCCESS;
    return status;
}

enum nss_status _nss_berth_gethostbyname_r(const char *name, struct hostent *result, char *buffer, size_t size,
                                           int *errnop, int *h_errnop) {
    return _nss_berth_gethostbyname2_r(name, AF_INET, result, buffer, size, errnop, h_errnop);
}
