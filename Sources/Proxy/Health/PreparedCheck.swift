import Balancing
import HTTP1
import NIOCore
import PCRE2
import ProxyCore
import Routing
import Settings

/// A check of one endpoint, with all that is the same each time. Immutable: any thread.
struct PreparedCheck: Sendable {
    /// Of a body, what the pattern is matched with, bytes.
    static let bodyBytes = 64 << 10
    static let userAgent = "berth-check/\(BerthVersion.current)"

    let check: HealthCheck
    /// Where to connect to.
    let endpoint: Endpoint
    /// How.
    let link: UpstreamLink
    /// What is sent; empty for a connection alone.
    let request: ByteBuffer
    let method: MethodKind
    let pattern: Pattern?
    /// In one word, why the check cannot be made; nil where it can.
    let flaw: String?

    /// - Parameter endpoint: that is checked; the check may have a port of its own.
    init(_ check: HealthCheck, of endpoint: Endpoint, over link: UpstreamLink = .http) {
        self.check = check
        self.link = link
        self.endpoint = Endpoint(address: endpoint.address, port: check.port ?? endpoint.port)
        var flaw: String?
        var pattern: Pattern?
        switch check.kind {
        case .tcp:
            request = ByteBuffer()
            method = .other
        case .http(let http):
            let host = http.host ?? "\(self.endpoint)"
            let bytes = Self.request(http, host: host)
            request = ByteBuffer(bytes: bytes)
            method = MethodKind(atFrontOf: bytes.span)
            // The rule file's reader checks all of it: nothing else may write a request of its own here.
            if !Self.isWord(http.method) || !Self.isWord(http.path) || !Self.isWord(host) {
                flaw = "invalid_request"
            }
            if let text = http.body {
                pattern = try? Pattern(text)
                if pattern == nil { flaw = "invalid_pattern" }
            }
        }
        self.flaw = flaw
        self.pattern = pattern
    }

    /// What the log and commands show of it.
    var description: String {
        switch check.kind {
        case .tcp: "check connect \(endpoint)"
        case .http(let http): "check \(http.method) \(http.path)"
        }
    }

    private static func request(_ http: HealthCheck.HTTP, host: String) -> [UInt8] {
        var lines = [
            "\(http.method) \(http.path) HTTP/1.1", "Host: \(host)", "User-Agent: \(userAgent)",
            "Accept: */*",
            "Connection: close",
        ]
        // RFC 9110 §8.6: methods that anticipate content say that there is none.
        if ["POST", "PUT", "PATCH"].contains(http.method) { lines.append("Content-Length: 0") }
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
    }

    /// Visible ASCII alone, and some of it.
    private static func isWord(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }
}
