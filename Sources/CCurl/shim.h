#ifndef BERTH_CCURL_SHIM_H
#define BERTH_CCURL_SHIM_H

#include <curl/curl.h>

// Functions with a variable number of arguments are not seen from Swift.
static inline CURLcode berth_curl_set_number(CURL *easy, CURLoption option, long value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode berth_curl_set_text(CURL *easy, CURLoption option, const char *value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode berth_curl_set_pointer(CURL *easy, CURLoption option, void *value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode berth_curl_set_size(CURL *easy, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(easy, option, value);
}
/// Copies `bytes`.
static inline CURLcode berth_curl_set_blob(CURL *easy, CURLoption option, const void *bytes, size_t count) {
    struct curl_blob blob = {(void *)bytes, count, CURL_BLOB_COPY};
    return curl_easy_setopt(easy, option, &blob);
}
static inline CURLcode berth_curl_set_writer(CURL *easy, curl_write_callback writer, void *context) {
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, writer);
    return curl_easy_setopt(easy, CURLOPT_WRITEDATA, context);
}
static inline CURLcode berth_curl_set_socket_setup(CURL *easy, curl_sockopt_callback setup) {
    return curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, setup);
}
static inline long berth_curl_number(CURL *easy, CURLINFO info) {
    long value = 0;
    curl_easy_getinfo(easy, info, &value);
    return value;
}
static inline void *berth_curl_context(CURL *easy) {
    char *context = NULL;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &context);
    return context;
}
/// The transfer that has ended, or NULL.
static inline CURL *berth_curl_next_end(CURLM *multi, CURLcode *result) {
    int left = 0;
    CURLMsg *message;
    while ((message = curl_multi_info_read(multi, &left))) {
        if (message->msg != CURLMSG_DONE) continue;
        *result = message->data.result;
        return message->easy_handle;
    }
    return NULL;
}

#endif
