/// What becomes of directives, by their name.
enum KnownDirectives {
    /// Directives that other types read.
    static let translated: Set<String> = [
        "http", "server", "server_name", "listen", "location", "map", "upstream", "proxy_pass", "set",
        "return", "rewrite", "if", "break", "resolver", "resolver_timeout", "proxy_set_header",
        "proxy_connect_timeout", "proxy_read_timeout", "proxy_send_timeout", "proxy_next_upstream",
        "proxy_next_upstream_tries", "proxy_next_upstream_timeout", "client_max_body_size", "allow", "deny",
        "internal", "try_files", "root", "alias", "index", "autoindex", "keepalive_timeout",
        "client_header_timeout", "client_body_timeout", "send_timeout", "default_type", "types",
        "large_client_header_buffers", "client_header_buffer_size", "proxy_buffer_size", "limit_except",
        "proxy_method", "proxy_set_body", "proxy_pass_request_headers", "proxy_pass_request_body",
        "hostnames", "volatile", "include", "add_header", "proxy_hide_header", "proxy_redirect", "error_page",
        "proxy_intercept_errors", "proxy_ssl_trusted_certificate", "proxy_ssl_verify", "proxy_ssl_name",
        "proxy_ssl_server_name", "proxy_ssl_certificate", "proxy_ssl_certificate_key",
    ]

    /// Directives that protect a location: a rule that cannot check them must not let requests through.
    static func isGuard(_ name: String) -> Bool {
        guards.contains(name) || guardPrefixes.contains { name.hasPrefix($0) }
    }

    private static let guards: Set<String> = [
        "auth_basic", "auth_request", "auth_jwt", "ssl_verify_client", "ssl_reject_handshake", "secure_link",
        "secure_link_md5", "valid_referers", "satisfy", "js_access", "access_by_lua", "rewrite_by_lua",
        "ModSecurityEnabled", "SecRulesEnabled", "CheckRule", "testcookie",
    ]

    /// Of modules that are not part of nginx.
    private static let guardPrefixes = [
        "access_by_lua_", "rewrite_by_lua_", "auth_digest", "auth_ldap", "auth_pam", "auth_gss", "auth_jwt_",
        "modsecurity", "oidc",
    ]

    /// Directives that make the forwarded request another one, each with the value that does not.
    static let changingRequests: [(name: String, usual: String?)] = [
        ("proxy_method", nil), ("proxy_set_body", nil), ("proxy_pass_request_headers", "on"),
        ("proxy_pass_request_body", "on"),
    ]

    /// Directives that respond instead of `proxy_pass`.
    static let otherHandlers: Set<String> = [
        "fastcgi_pass", "uwsgi_pass", "scgi_pass", "grpc_pass", "memcached_pass", "empty_gif", "stub_status",
        "mp4", "flv", "perl", "dav_methods", "try_files", "content_by_lua", "content_by_lua_block",
        "content_by_lua_file", "js_content", "random_index", "api", "proxy_pass_by_lua",
    ]

    /// Whether a directive says what nginx and Berth do without it.
    static func isUsual(_ directive: Directive) -> Bool {
        guard let values = usual[directive.name], let value = directive.argument(0) else { return false }
        return values.contains(value)
    }

    private static let off: Set<String> = ["off"]
    private static let on: Set<String> = ["on"]
    private static let usual: [String: Set<String>] = [
        "proxy_pass_header": ["Server", "Date", "server", "date"],
        "absolute_redirect": ["on", "off"], "server_name_in_redirect": off, "port_in_redirect": on,
        "merge_slashes": on, "gzip": off, "gzip_static": off, "gunzip": off, "brotli": off,
        "brotli_static": off,
        "charset": off, "expires": off, "proxy_cache": off, "proxy_store": off, "proxy_intercept_errors": off,
        "proxy_ignore_client_abort": off, "proxy_force_ranges": off, "proxy_redirect": off, "ssi": off,
        "userid": off, "chunked_transfer_encoding": on, "underscores_in_headers": on, "mirror": off,
        "http2": off,
        "proxy_bind": off, "limit_rate": ["0"], "auth_basic": off, "auth_request": off, "satisfy": ["all"],
        "addition_types": [], "proxy_cookie_domain": off, "proxy_cookie_path": off, "proxy_cookie_flags": off,
        "ignore_invalid_headers": off, "proxy_cache_revalidate": off, "proxy_cache_lock": off,
        "proxy_cache_background_update": off, "proxy_cache_use_stale": off,
    ]

    /// Directives about how nginx runs, stores and logs; they do not change where a request goes.
    static func isUnrelatedToRouting(_ name: String) -> Bool {
        unrelated.contains(name) || unrelatedPrefixes.contains { name.hasPrefix($0) }
    }

    private static let unrelated: Set<String> = [
        "user", "pid", "daemon", "events", "error_log", "access_log", "env", "load_module", "sendfile",
        "sendfile_max_chunk", "aio", "aio_write", "directio", "directio_alignment", "output_buffers",
        "pcre_jit",
        "server_tokens", "keepalive_requests", "keepalive_time", "keepalive_disable",
        "reset_timedout_connection", "lingering_close", "lingering_time", "lingering_timeout",
        "postpone_output", "proxy_http_version", "proxy_buffering", "proxy_request_buffering",
        "proxy_buffers",
        "proxy_busy_buffers_size", "proxy_socket_keepalive", "client_body_buffer_size",
        "client_body_temp_path", "client_body_in_file_only", "client_body_in_single_buffer",
        "timer_resolution", "etag", "connection_pool_size", "request_pool_size", "msie_padding",
        "msie_refresh",
        "thread_pool", "master_process", "lock_file", "log_not_found", "log_subrequest", "fastcgi_temp_path",
        "uwsgi_temp_path", "scgi_temp_path", "if_modified_since", "read_ahead", "recursive_error_pages",
        "proxy_cache_bypass", "proxy_no_cache", "proxy_headers_hash_max_size",
        "proxy_headers_hash_bucket_size", "use", "charset_types", "charset_map", "source_charset",
        "override_charset", "disable_symlinks", "autoindex_exact_size", "autoindex_localtime",
        "autoindex_format",
        "working_directory", "max_ranges", "proxy_ssl_session_reuse", "http2_max_concurrent_streams",
    ]

    private static let unrelatedPrefixes = [
        "worker_", "tcp_", "gzip_", "brotli_", "log_format", "open_log_file", "open_file_cache",
        "server_names_hash", "types_hash", "map_hash", "variables_hash", "proxy_temp_", "debug_",
        "proxy_max_temp", "accept_mutex", "multi_accept", "ssl_", "auth_basic_user_file", "fastcgi_",
        "uwsgi_",
        "scgi_", "grpc_", "memcached_", "http2_", "dav_", "create_full_put_path",
    ]
}
