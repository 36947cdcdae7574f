/// What becomes of directives by their name alone.
enum KnownDirectives {
    /// Read where they matter.
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

    /// Where they stand, something guards what is behind: without them it is not let through.
    static let guards: Set<String> = [
        "auth_basic", "auth_request", "auth_jwt", "limit_except", "ssl_verify_client", "secure_link",
        "secure_link_md5", "valid_referers", "satisfy",
    ]

    /// What answers in the place of `proxy_pass`.
    static let otherHandlers: Set<String> = [
        "fastcgi_pass", "uwsgi_pass", "scgi_pass", "grpc_pass", "memcached_pass", "empty_gif", "stub_status",
        "mp4",
        "flv", "perl", "dav_methods", "try_files", "content_by_lua_block", "content_by_lua_file",
        "js_content",
    ]

    /// How nginx itself runs, stores and logs: nothing of a request's way.
    static func isMachinery(_ name: String) -> Bool {
        machinery.contains(name) || machineryPrefixes.contains { name.hasPrefix($0) }
    }

    private static let machinery: Set<String> = [
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

    private static let machineryPrefixes = [
        "worker_", "tcp_", "gzip", "brotli", "log_format", "open_log_file", "open_file_cache",
        "server_names_hash",
        "types_hash", "map_hash", "variables_hash", "proxy_buffer", "proxy_busy_buffers", "proxy_temp",
        "debug_",
        "proxy_max_temp", "accept_mutex", "multi_accept", "use", "ssl_",
    ]

    /// Notes what stands in a block and is translated nowhere.
    static func review(_ block: [Directive], _ findings: FindingList, _ ignored: inout [String: NginxPlace]) {
        for directive in block {
            let name = directive.name
            if translated.contains(name) || guards.contains(name) || otherHandlers.contains(name) { continue }
            if isMachinery(name) {
                if ignored[name] == nil { ignored[name] = directive.place }
                continue
            }
            switch name {
            case "proxy_redirect" where directive.argument(0) == "off" || directive.argument(0) == "default":
                continue
            case "error_page", "proxy_intercept_errors":
                findings.untranslated(name, at: directive.place, "answers go to the client as they come")
            case "add_header", "proxy_hide_header", "proxy_pass_header", "proxy_redirect", "more_set_headers",
                "expires":
                let what = directive.words.prefix(2).map(\.text).joined(separator: " ")
                findings.untranslated(
                    what,
                    at: directive.place,
                    "Berth does not change the fields of answers yet"
                )
            case "limit_req", "limit_conn", "limit_rate", "limit_req_zone", "limit_conn_zone":
                findings.untranslated(name, at: directive.place, "Berth has no such limit yet")
            case "stream", "mail":
                findings.untranslated(name, at: directive.place, "Berth passes HTTP on, and nothing else")
            case "split_clients", "geo":
                findings.untranslated(name, at: directive.place, "its variable is not known to the rules")
            default:
                findings.untranslated(name, at: directive.place, "Berth has nothing like it")
            }
        }
    }
}
