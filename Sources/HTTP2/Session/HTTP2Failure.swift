import CNghttp2

/// Why a connection cannot go on.
package struct HTTP2Failure: Error, Hashable, Sendable {
    /// For the log, in words.
    package let detail: String
    /// The peer sends more than it may: a flood.
    package let isFlood: Bool

    static let memory = HTTP2Failure(detail: "out of memory", isFlood: false)

    private init(detail: String, isFlood: Bool) {
        self.detail = detail
        self.isFlood = isFlood
    }

    /// - Parameter code: of the library.
    init(code: Int32) {
        detail = nghttp2_strerror(code).map { String(cString: $0) } ?? "error \(code)"
        isFlood =
            code == NGHTTP2_ERR_FLOODED.rawValue || code == NGHTTP2_ERR_TOO_MANY_CONTINUATIONS.rawValue
            || code == NGHTTP2_ERR_TOO_MANY_SETTINGS.rawValue
    }
}
