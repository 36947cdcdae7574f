/// What becomes of directives, by their name.
enum KnownDirectives {
    /// Directives that other types read.
    static let translated: Set<String> = [
        "http", "server", "server_name", "listen", "location", "map", "upstream", "proxy_pass", "set",
        "return",
        "rewrite", "if", "break", "resolver", "proxy_set_header", "proxy_connect_timeout",
        "proxy_read_timeout",
        "proxy_send_timeout", "client_max_body_size", "allow", "deny", "internal", "try_files", "root",
        "alias",
        "index", "autoindex", "keepalive_timeout", "client_header_timeout", "client_body_timeout",
        "send_timeout",
        "default_type", "hostnames", "volatile",
    ]

    /// Directives that protect a location: a rule that cannot check them must not let requests through.
    static let guards: Set<String> = [
        "auth_basic", "auth_request", "auth_jwt", "limit_except", "ssl_verify_client", "secure_link",
        "secure_link_md5", "valid_referers", "satisfy",
    ]

    /// Directives that respond instead of `proxy_pass`.
    static let otherHandlers: Set<String> = [
        "fastcgi_pass", "uwsgi_pass", "scgi_pass", "grpc_pass", "memcached_pass", "empty_gif", "stub_status",
        "mp4",
        "flv", "perl", "dav_methods", "try_files", "content_by_lua_block", "content_by_lua_file",
        "js_content",
    ]

    /// Directives about how nginx runs, stores and logs; they do not change where a request goes.
    static func isUnrelatedToRouting(_ name: String) -> Bool {
        unrelated.contains(name) || unrelatedPrefixes.contains { name.hasPrefix($0) }
    }

    private static let unrelated: Set<String> = [
        "user", "pid", "daemon", "events", "error_log", "access_log", "env", "load_module", "sendfile",
        "sendfile_max_chunk", "aio", "aio_write", "directio", "output_buffers", "pcre_jit", "types",
        "include",
        "server_tokens", "keepalive_requests", "keepalive_time", "keepalive_disable",
        "reset_timedout_connection",
        "lingering_close", "lingering_time", "lingering_timeout", "postpone_output", "resolver_timeout",
        "proxy_http_version", "proxy_buffering", "proxy_request_buffering", "proxy_socket_keepalive",
        "client_body_buffer_size", "client_body_temp_path", "client_body_in_file_only", "charset",
        "timer_resolution",
        "client_body_in_single_buffer", "client_header_buffer_size", "large_client_header_buffers", "etag",
        "underscores_in_headers", "ignore_invalid_headers", "connection_pool_size", "request_pool_size",
        "msie_padding",
        "chunked_transfer_encoding", "thread_pool", "master_process", "lock_file", "log_not_found",
        "log_subrequest",
        "fastcgi_temp_path", "uwsgi_temp_path", "scgi_temp_path", "if_modified_since", "read_ahead",
        "recursive_error_pages",
        "proxy_cache_bypass", "proxy_no_cache", "proxy_headers_hash_max_size",
        "proxy_headers_hash_bucket_size",
    ]

    private static let unrelatedPrefixes = [
        "worker_", "tcp_", "gzip", "brotli", "log_format", "open_log_file", "open_file_cache",
        "server_names_hash",
        "types_hash", "map_hash", "variables_hash", "proxy_buffer", "proxy_busy_buffers", "proxy_temp",
        "debug_",
        "proxy_max_temp", "accept_mutex", "multi_accept", "use", "ssl_",
    ]
}
