import Bytes
package import HTTP1
import NIOCore
package import Routing
import Settings

/// What a reload replaces: the rules and settings of a tier, and what follows from them alone.
package final class TierRules: Sendable {
    package let settings: TierSettings
    package let table: RouteTable
    /// The pseudonym by which this very instance recognises its own `Via`.
    private let viaToken: [UInt8]
    private let viaLine11: [UInt8]
    private let viaLine10: [UInt8]

    package init(settings: TierSettings, table: RouteTable) {
        self.settings = settings
        self.table = table
        let token = "\(settings.signature)-\(settings.instance)"
        self.viaToken = Array(token.utf8)
        self.viaLine11 = Array("Via: 1.1 \(token)\r\n".utf8)
        self.viaLine10 = Array("Via: 1.0 \(token)\r\n".utf8)
    }

    /// `Via: …` and its line end, for a request of this version (RFC 9110 §7.6.3).
    package func viaLine(_ version: HTTPVersion) -> [UInt8] {
        version == .http10 ? viaLine10 : viaLine11
    }

    /// Whether the request has passed this instance before: a loop.
    func hasPassed(_ head: borrowing RequestHead, _ source: ByteBuffer) -> Bool {
        for index in head.fields.indices where head.fields[index].id == .via {
            let token = viaToken
            let value = source.readableBytesUInt8Span.extracting(head.fields[index].value.indices)
            if value.contains(token.span) { return true }
        }
        return false
    }

    func bodyLimit(_ forward: Forward) -> UInt64? {
        forward.maxBodyBytes ?? settings.limits.bodyBytes
    }
}
