import Bytes

/// A line of a field section.
enum FieldLine {
    case field
    /// A field whose line ends with LF alone.
    case looseField
    /// The empty line.
    case end
    /// The end of the line has not been received.
    case incomplete
}

extension Field {
    /// Parses the line at `position`; moves past it, or to the byte that is wrong.
    ///
    /// RFC 9112 §5: `field-name ":" OWS field-value OWS CRLF`, nothing looser.
    ///
    /// - Parameter bareLF: a line may end with LF alone (RFC 9112 §2.2). A CR that is not before LF is still an error.
    @inline(__always)
    mutating func parseLine(
        _ bytes: Span<UInt8>,
        at position: inout Int,
        bareLF: Bool = false
    ) throws(FieldError) -> FieldLine {
        let start = position
        guard let head = bytes.byte(at: start) else { return .incomplete }
        if bareLF, head == ASCII.lf {
            position = start &+ 1
            return .end
        }
        if head == ASCII.cr {
            guard let next = bytes.byte(at: start &+ 1) else { return .incomplete }
            guard next == ASCII.lf else { throw .bareCR }
            position = start &+ 2
            return .end
        }

        let colon = bytes.tokenEnd(from: start)
        guard colon > start, bytes.byte(at: colon) == ASCII.colon else {
            position = colon
            return try Self.refuseName(bytes, from: start, at: colon, bareLF)
        }
        let id = FieldID.recognise(bytes, at: start, length: colon &- start)

        let valueStart = bytes.blankEnd(from: colon &+ 1)
        let valueEnd = bytes.firstControl(from: valueStart)
        var outcome = FieldLine.field
        if bytes.isLineEnd(at: valueEnd) {
            position = valueEnd &+ 2
        } else if bareLF, bytes.byte(at: valueEnd) == ASCII.lf {
            position = valueEnd &+ 1
            outcome = .looseField
        } else {
            position = valueEnd
            return try Self.refuseValue(bytes, at: valueEnd)
        }
        name = ByteRange(start, colon)
        value = ByteRange(valueStart, bytes.trimmingBlanks(from: valueStart, to: valueEnd))
        line = ByteRange(start, position)
        self.id = id
        hopByHop = id.isHopByHop
        return outcome
    }

    /// The name ends at a byte that is not its colon: throws the mistake.
    @inline(never)
    private static func refuseName(
        _ bytes: Span<UInt8>,
        from start: Int,
        at end: Int,
        _ bareLF: Bool
    ) throws(FieldError) -> FieldLine {
        guard let byte = bytes.byte(at: end) else { return .incomplete }
        switch byte {
        case ASCII.lf: throw bareLF ? .missingColon : .bareLF
        case ASCII.cr:
            guard let next = bytes.byte(at: end &+ 1) else { return .incomplete }
            throw next == ASCII.lf ? .missingColon : .bareCR
        case ASCII.space, ASCII.tab:
            if end == start { throw .folded }
            throw bytes.byte(at: bytes.blankEnd(from: end)) == ASCII.colon ? .spaceBeforeColon : .badName
        case ASCII.colon: throw .emptyName
        default: throw .badName
        }
    }

    /// The value ends at a byte that does not begin a line end: throws the mistake.
    @inline(never)
    private static func refuseValue(_ bytes: Span<UInt8>, at end: Int) throws(FieldError) -> FieldLine {
        guard let byte = bytes.byte(at: end) else { return .incomplete }
        switch byte {
        case ASCII.lf: throw .bareLF
        case ASCII.cr: if end &+ 1 < bytes.count { throw .bareCR } else { return .incomplete }
        default: throw .badValue
        }
    }
}

extension FieldID {
    /// Always for this hop only (RFC 9110 §7.6.1, §11.7), in addition to the fields that `Connection` names; and
    /// `Proxy`, which has no meaning for any hop.
    @inline(__always)
    var isHopByHop: Bool {
        switch self {
        case .connection, .keepAlive, .proxyConnection, .te, .transferEncoding, .upgrade, .http2Settings,
            .proxyAuthenticate, .proxyAuthorization, .proxy:
            true
        default: false
        }
    }

    /// Passes on even if `Connection` names it: a sender must not remove from the next hop what determines the
    /// recipient, the end and the sender of a message.
    var isKeptAlways: Bool {
        switch self {
        case .host, .contentLength, .via, .forwarded, .xForwardedFor, .xForwardedProto, .xForwardedHost,
            .xForwardedPort, .xRealIP, .xRequestID:
            true
        default: false
        }
    }
}
