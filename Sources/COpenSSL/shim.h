#ifndef BERTH_COPENSSL_SHIM_H
#define BERTH_COPENSSL_SHIM_H

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

// How the name of an issuer is written: the macro is too complex for the importer.
static inline unsigned long berth_name_flags(void) {
    return XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB;
}

// How the subject of a client is written: printable ASCII alone.
static inline unsigned long berth_subject_flags(void) { return XN_FLAG_RFC2253; }

// Macros that Swift does not import.

static inline long berth_ctx_set_mode(SSL_CTX *context, long mode) { return SSL_CTX_set_mode(context, mode); }

static inline int berth_ctx_set_versions(SSL_CTX *context, int least, int most) {
    return SSL_CTX_set_min_proto_version(context, least) && SSL_CTX_set_max_proto_version(context, most);
}

static inline int berth_ctx_set_groups(SSL_CTX *context, const char *groups) {
    return SSL_CTX_set1_groups_list(context, groups) == 1;
}

// No compression, no renegotiation. What the machine's openssl.cnf may have set is taken back. Among it
// SSL_OP_CLEANSE_PLAINTEXT, which writes over a whole buffer of 16 KiB for each read.
static inline void berth_ctx_set_options(SSL_CTX *context) {
    SSL_CTX_clear_options(
        context,
        SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_ALLOW_UNSAFE_LEGACY_RENEGOTIATION
            | SSL_OP_NO_TICKET | SSL_OP_CLEANSE_PLAINTEXT
    );
    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
}

// A server that chooses the certificate by the name says so with an empty extension (RFC 6066 section 3).
static inline int berth_accept_server_name(SSL *ssl, int *alert, void *unused) {
    (void)alert;
    (void)unused;
    return SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name) ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

static inline void berth_ctx_accept_server_names(SSL_CTX *context) {
    SSL_CTX_set_tlsext_servername_callback(context, berth_accept_server_name);
}

static inline void berth_ctx_disable_session_cache(SSL_CTX *context) {
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
}

// A client keeps sessions itself: `made` receives each.
static inline void berth_ctx_hand_over_sessions(SSL_CTX *context, int (*made)(SSL *, SSL_SESSION *)) {
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context, made);
}

static inline int berth_set_server_name(SSL *ssl, const char *name) {
    return (int)SSL_set_tlsext_host_name(ssl, name);
}

static inline int berth_error_is_system(unsigned long error) { return ERR_SYSTEM_ERROR(error) != 0; }

// One call of OpenSSL reads from memory and writes to memory: what has arrived, and room for what leaves. Without
// either it has to be called again with more.

struct berth_tls_channel {
    const unsigned char *input;
    size_t input_count;
    unsigned char *output;
    size_t output_room;
    size_t output_count;
};

static inline int berth_channel_read(BIO *bio, char *bytes, size_t room, size_t *count) {
    struct berth_tls_channel *channel = (struct berth_tls_channel *)BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (channel->input_count == 0) {
        BIO_set_retry_read(bio);
        *count = 0;
        return -1;
    }
    size_t taken = room < channel->input_count ? room : channel->input_count;
    memcpy(bytes, channel->input, taken);
    channel->input += taken;
    channel->input_count -= taken;
    *count = taken;
    return 1;
}

static inline int berth_channel_write(BIO *bio, const char *bytes, size_t size, size_t *count) {
    struct berth_tls_channel *channel = (struct berth_tls_channel *)BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    size_t left = channel->output_room - channel->output_count;
    if (left == 0 && size > 0) {
        BIO_set_retry_write(bio);
        *count = 0;
        return -1;
    }
    size_t taken = size < left ? size : left;
    if (taken > 0) memcpy(channel->output + channel->output_count, bytes, taken);
    channel->output_count += taken;
    *count = taken;
    return 1;
}

static inline long berth_channel_control(BIO *bio, int command, long number, void *pointer) {
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

static inline int berth_channel_create(BIO *bio) {
    BIO_set_init(bio, 1);
    return 1;
}

static inline BIO_METHOD *berth_channel_method(void) {
    BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "berth channel");
    if (method == NULL) return NULL;
    BIO_meth_set_read_ex(method, berth_channel_read);
    BIO_meth_set_write_ex(method, berth_channel_write);
    BIO_meth_set_ctrl(method, berth_channel_control);
    BIO_meth_set_create(method, berth_channel_create);
    return method;
}

// Certificates of clients.

static inline int berth_set_verify_store(SSL *ssl, X509_STORE *store) { return SSL_set1_verify_cert_store(ssl, store); }

// A session of one policy is never resumed: no ticket is made, and none is accepted.
static inline int berth_disable_sessions(SSL *ssl) {
    SSL_set_options(ssl, SSL_OP_NO_TICKET);
    return SSL_set_num_tickets(ssl, 0);
}

// Whether the certificates of a store have issued a client's certificate, and all are valid now.
static inline int berth_verify_client(X509_STORE *store, X509 *leaf, STACK_OF(X509) *chain, int level) {
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    if (context == NULL) return 0;
    int good = 0;
    if (X509_STORE_CTX_init(context, store, leaf, chain) == 1 && X509_STORE_CTX_set_default(context, "ssl_client") == 1) {
        X509_VERIFY_PARAM_set_auth_level(X509_STORE_CTX_get0_param(context), level);
        good = X509_verify_cert(context) == 1 && X509_STORE_CTX_get_error(context) == X509_V_OK;
    }
    X509_STORE_CTX_free(context);
    return good;
}

// Session tickets: AES-256-CBC, and HMAC-SHA256 over the whole (RFC 5077 §4).

static inline int berth_ticket_protect(
    const EVP_CIPHER *kind, EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, const unsigned char *cipher_key,
    unsigned char *mac_key, size_t mac_key_count, const unsigned char *iv, int encrypts
) {
    OSSL_PARAM parameters[3];
    parameters[0] = OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, mac_key, mac_key_count);
    parameters[1] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)"SHA256", 0);
    parameters[2] = OSSL_PARAM_construct_end();
    if (EVP_MAC_CTX_set_params(mac, parameters) != 1) return 0;
    return EVP_CipherInit_ex(cipher, kind, NULL, cipher_key, iv, encrypts);
}

#endif
