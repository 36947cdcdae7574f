package import HTTP1
package import NIOCore
package import Routing
import Settings

/// The questions that are asked of each request before it goes anywhere. Live
/// traffic and the dry run ask them here, with the same answers.
///
/// Immutable but for its scratch space: one for each event loop or thread.
package final class RequestRouter {
    package let settings: TierSettings
    package let table: RouteTable
    package let resolver: TargetResolver
    private let scratch = RouteScratch()
    /// The pseudonym by which this very instance knows its own `Via`.
    private let viaToken: [UInt8]
    private let viaLine11: [UInt8]
    private let viaLine10: [UInt8]

    package init(settings: TierSettings, table: RouteTable, resolver: TargetResolver) {
        self.settings = settings
        self.table = table
        self.resolver = resolver
        let token = "\(settings.signature)-\(settings.instance)"
        self.viaToken = Array(token.utf8)
        self.viaLine11 = Array("Via: 1.1 \(token)\r\n".utf8)
        self.viaLine10 = Array("Via: 1.0 \(token)\r\n".utf8)
    }

    /// The same rules with other names.
    package init(_ other: RequestRouter, resolver: TargetResolver) {
        self.settings = other.settings
        self.table = other.table
        self.resolver = resolver
        self.viaToken = other.viaToken
        self.viaLine11 = other.viaLine11
        self.viaLine10 = other.viaLine10
    }

    /// `Via: …` and its line end, for a request of this version (RFC 9110 §7.6.3).
    package func viaLine(_ version: HTTPVersion) -> [UInt8] {
        version == .http10 ? viaLine10 : viaLine11
    }

    /// Whether the request has come through this instance already: a loop.
    package func passedBefore(_ head: borrowing RequestHead, _ source: ByteBuffer) -> Bool {
        for index in head.fields.indices where head.fields[index].id == .via {
            let value = source.readableBytesUInt8Span.extracting(head.fields[index].value.indices)
            if contains(value, viaToken) { return true }
        }
        return false
    }

    private func contains(_ text: Span<UInt8>, _ word: [UInt8]) -> Bool {
        guard text.count >= word.count else { return false }
        for start in 0...(text.count - word.count) {
            var same = true
            for offset in word.indices where text[start + offset] != word[offset] {
                same = false
                break
            }
            if same { return true }
        }
        return false
    }

    /// Who sent the request: the peer, or, behind trusted downstreams, the last
    /// address in `X-Forwarded-For` that none of them vouches for.
    package func client(_ head: borrowing RequestHead, _ source: ByteBuffer, _ edge: ConnectionInfo)
        -> IPAddress
    {
        guard edge.trusted else { return edge.peer }
        var client = edge.peer
        for index in head.fields.indices.reversed() where head.fields[index].id == .xForwardedFor {
            let value = source.readableBytesUInt8Span.extracting(head.fields[index].value.indices)
            for entry in Self.commaSeparated(value).reversed() {
                guard let address = IPAddress(entry) else { return client }
                client = address
                guard settings.trustedProxies.contains(where: { $0.contains(address) }) else {
                    return client
                }
            }
        }
        return client
    }

    private static func commaSeparated(_ value: Span<UInt8>) -> [String] {
        var entries: [String] = []
        var entry: [UInt8] = []
        for index in value.indices {
            switch value[index] {
            case UInt8(ascii: ","):
                entries.append(String(decoding: entry, as: UTF8.self))
                entry.removeAll(keepingCapacity: true)
            case UInt8(ascii: " "), UInt8(ascii: "\t"):
                continue
            default:
                entry.append(value[index])
            }
        }
        entries.append(String(decoding: entry, as: UTF8.self))
        return entries
    }

    /// What no rule is asked about: loops, and methods that Berth does not pass on.
    package func admit(_ head: borrowing RequestHead, _ source: ByteBuffer) throws(Failure) {
        if passedBefore(head, source) { throw Failure(.loopDetected) }
        // TRACE would show the fields that were added on the way (RFC 9110 §9.3.8).
        if head.method == .trace { throw Failure(.methodNotAllowed, "TRACE is not allowed here") }
    }

    /// A body that is announced as larger than it may be.
    package func admitBody(_ framing: BodyFraming, _ forward: Forward) throws(Failure) {
        guard let limit = bodyLimit(forward), case .length(let length) = framing, length > limit else {
            return
        }
        throw Failure(.bodyTooLarge)
    }

    package func bodyLimit(_ forward: Forward) -> UInt64? {
        forward.maxBodyBytes ?? settings.limits.bodyBytes
    }

    /// The request's host, as rules see it.
    package func host(_ head: borrowing RequestHead, _ source: ByteBuffer) throws(Failure) -> HostName {
        guard !head.host.isEmpty else { throw Failure(.malformedRequest, "the request has no Host") }
        do {
            return try HostName(source.readableBytesUInt8Span.extracting(head.host.indices))
        } catch {
            throw Failure(.malformedRequest, "the host is not a valid hostname or address")
        }
    }

    /// The rules' decision about a request.
    ///
    /// - Parameters:
    ///   - host: the request's host, normalised.
    ///   - source: the bytes that `head` was parsed from, at its reader index.
    ///   - trace: filled with what each rule said, where it is not nil.
    package func decide(
        host: HostName,
        _ head: borrowing RequestHead,
        _ source: ByteBuffer,
        client: IPAddress,
        trace: inout RouteTrace?
    ) -> Decision {
        let bytes = source.readableBytesUInt8Span
        // An absolute target without a path: what goes on begins with a slash (`needsSlash`).
        if head.form == .asterisk || head.needsSlash {
            var target = [UInt8(ascii: head.form == .asterisk ? "*" : "/")]
            if head.needsSlash {
                let rest = bytes.extracting(head.originForm.indices)
                for index in rest.indices { target.append(rest[index]) }
            }
            return decide(host, target.span, head, source, client, &trace)
        }
        return decide(host, bytes.extracting(head.originForm.indices), head, source, client, &trace)
    }

    private func decide(
        _ host: HostName,
        _ target: Span<UInt8>,
        _ head: borrowing RequestHead,
        _ source: ByteBuffer,
        _ client: IPAddress,
        _ trace: inout RouteTrace?
    ) -> Decision {
        let bytes = source.readableBytesUInt8Span
        let host = host.bytes
        let fields = copy head
        let key = RouteKey(
            host: host.span,
            target: target,
            method: bytes.extracting(head.methodRange.indices),
            scheme: .http,
            client: client
        )
        let lookup: HeaderLookup = { name, visit in
            fields.anyValue(of: name, in: source.readableBytesUInt8Span, visit: visit)
        }
        guard var recorded = trace else {
            return table.decide(key, headers: lookup, scratch: scratch)
        }
        defer { trace = recorded }
        return table.decide(key, headers: lookup, scratch: scratch, trace: &recorded)
    }

    /// The head that goes upstream. (Live traffic writes it into a buffer of its own.)
    package func forwardedHead(
        _ head: borrowing RequestHead,
        _ source: ByteBuffer,
        forward: Forward,
        edge: ConnectionInfo,
        requestID: ByteBuffer
    ) -> ByteBuffer {
        var out = ByteBuffer()
        HTTP1RequestHeadWriter(
            connection: edge,
            via: viaLine(head.version),
            requestID: requestID
        ).write(head, from: source, edits: RequestHeadEdits(forward), into: &out)
        return out
    }

    /// The id that the request brings, if it is one to keep.
    package static func keptRequestID(_ head: borrowing RequestHead, _ source: ByteBuffer) -> ByteBuffer? {
        for index in head.fields.indices where head.fields[index].id == .xRequestID {
            let value = head.fields[index].value
            if RequestID.isKept(source.readableBytesUInt8Span.extracting(value.indices)) {
                return source.getSlice(at: source.readerIndex + value.lowerBound, length: value.count)
            }
        }
        return nil
    }
}
