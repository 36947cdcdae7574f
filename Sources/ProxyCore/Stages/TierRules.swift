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
    private let viaLine2: [UInt8]
    private let tierFetchesPages: Bool

    package init(settings: TierSettings, table: RouteTable) {
        self.settings = settings
        self.table = table
        tierFetchesPages = settings.errorPages.contains(where: \.isFetched)
        let token = "\(settings.signature)-\(settings.instance)"
        self.viaToken = Array(token.utf8)
        self.viaLine11 = Array("Via: 1.1 \(token)\r\n".utf8)
        self.viaLine10 = Array("Via: 1.0 \(token)\r\n".utf8)
        self.viaLine2 = Array("Via: 2.0 \(token)\r\n".utf8)
    }

    /// `Via: …` and its line end, for a request of this version (RFC 9110 §7.6.3).
    package func viaLine(_ version: HTTPVersion) -> [UInt8] {
        switch version {
        case .http10: viaLine10
        case .http11: viaLine11
        case .http2: viaLine2
        }
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

    // MARK: Error pages

    /// The page in place of a response; nil: none. The rule's pages come before the tier's.
    ///
    /// - Parameter cause: of Berth's own response; nil: the endpoint responded.
    package func errorPage(_ decision: CachedDecision?, cause: String?, status: Int) -> FrozenErrorPage? {
        if let pages = decision?.response?.pages, !pages.isEmpty,
            let page = FrozenErrorPage.find(pages, cause: cause, status: status)
        {
            return page
        }
        return settings.errorPages.isEmpty
            ? nil : FrozenErrorPage.find(settings.errorPages, cause: cause, status: status)
    }

    /// Whether a page may have to be fetched for a request.
    func fetchesPages(_ decision: CachedDecision?) -> Bool {
        tierFetchesPages || decision?.fetchesPages == true
    }

    func bodyLimit(_ forward: Forward) -> UInt64? {
        forward.maxBodyBytes ?? settings.limits.bodyBytes
    }
}
