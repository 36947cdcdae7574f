import Bytes
package import HTTP1
package import NIOCore
package import Routing

/// What changes in a request head on its way to the endpoint: which fields pass on, which are set, and which
/// Berth adds. How a version of HTTP spells the result is the job of a writer (`HTTP1RequestHeadWriter`).
///
/// Made once for a decision; no method allocates.
package struct RequestHeadEdits: Sendable {
    /// Path and query in place of the received ones; nil: as received.
    package let target: [UInt8]?
    /// The host in place of the received one; nil: as received.
    package let host: [UInt8]?
    /// The fields that the rule sets, in its order. Each replaces the fields of its name; with an empty value, it
    /// is not sent itself.
    package let setFields: [(name: [UInt8], value: [UInt8])]
    /// The names, in lower case, of the fields that the rule removes.
    private let removedFields: [[UInt8]]
    /// What Berth adds: all but the fields that the rule sets or removes.
    package let added: AddedFields

    package init(_ forward: Forward) {
        target = forward.requestTarget
        host = forward.hostHeader
        setFields = forward.setHeaders
        removedFields = forward.removeHeaders
        var added = AddedFields.all
        if !setFields.isEmpty || !removedFields.isEmpty {
            for (field, name) in AddedFields.names {
                let isSet = setFields.contains { $0.name.span.equalsIgnoringCase(name.span) }
                let isRemoved = removedFields.contains { $0.span.equalsIgnoringCase(name.span) }
                if isSet || isRemoved { added.remove(field) }
                // A port of Berth's own would not belong to the scheme or the host that the rule writes.
                if isSet, field == .forwardedProto || field == .forwardedHost { added.remove(.forwardedPort) }
            }
        }
        self.added = added
    }

    /// Whether a field of the request passes on.
    ///
    /// Hop-by-hop fields do not (RFC 9110 §7.6.1), and what the peer writes about the way of the request
    /// (`X-Forwarded-*`, `X-Real-IP`, `Forwarded` and others, see `ClaimedField`) does only if the peer is trusted.
    ///
    /// A trusted proxy that states the scheme or the host without a port means the port that belongs to them: Berth
    /// adds none.
    ///
    /// - Parameters:
    ///   - source: the bytes that the field was parsed from, at its reader index.
    ///   - trusted: the peer is a trusted proxy.
    ///   - kept: claimed fields that pass from any peer.
    ///   - added: the fields to add, without this one if it passes in place of Berth's.
    package func passes(
        _ field: Field,
        in source: ByteBuffer,
        trusted: Bool,
        kept: KeptFields = KeptFields(),
        added: inout AddedFields
    ) -> Bool {
        if field.hopByHop { return false }
        switch field.id {
        case .host, .contentLength, .xRequestID, .xForwardedFor, .lookalike:
            return false
        case .xRealIP:
            guard trusted else { return false }
        case .forwarded:
            guard trusted, !changes("forwarded") else { return false }
            added.insert(.forwarded)
            added.remove(.forwardedPort)
            return true
        case .xForwardedProto:
            guard trusted else { return false }
            added.remove([.forwardedProto, .forwardedPort])
        case .xForwardedHost:
            guard trusted else { return false }
            added.remove([.forwardedHost, .forwardedPort])
        case .xForwardedPort:
            guard trusted else { return false }
            added.remove(.forwardedPort)
        case .other:
            let name = source.readableBytesUInt8Span.extracting(field.name.indices)
            if let claimed = ClaimedField.of(name) {
                guard Self.mayPass(name, claimed, trusted: trusted, kept: kept) else { return false }
            }
        default:
            break
        }
        if setFields.isEmpty, removedFields.isEmpty { return true }
        return !replaces(source.readableBytesUInt8Span.extracting(field.name.indices))
    }

    /// Whether a claimed field passes.
    private static func mayPass(
        _ name: Span<UInt8>,
        _ claimed: ClaimedField,
        trusted: Bool,
        kept: KeptFields
    ) -> Bool {
        // Tiers send them themselves.
        if claimed == .signal { return false }
        if trusted { return !ClaimedField.isDisguised(name) }
        return claimed != .identity && kept.contains(name)
    }

    /// Whether the rule sets or removes the field of this name.
    package func changes(_ lowercaseName: StaticString) -> Bool {
        if setFields.isEmpty, removedFields.isEmpty { return false }
        let name = lowercaseName.withUTF8Buffer { Array($0) }
        return replaces(name.span)
    }

    /// Whether the rule sets or removes the field of this name, or one that a later reader might take for it.
    private func replaces(_ name: Span<UInt8>) -> Bool {
        for field in setFields where FieldName.isMistakable(field.name.span, name) { return true }
        for removed in removedFields where FieldName.isMistakable(removed.span, name) { return true }
        return false
    }
}
