import Bytes

/// The authority that a `redirect` names: what is filled in must leave it a valid host, and the host that the rule
/// means. A browser reads `https:///evil.example/` as `https://evil.example/`.
struct RedirectAuthority: Sendable {
    /// All but `tail`.
    private let head: Template
    /// The capture that the authority ends with; nil if it ends with something else.
    private let tail: Template.Capture?
    /// The rule itself writes a host with a final dot.
    private let endsWithDot: Bool

    init(_ pieces: [Template.Piece]) {
        if case .capture(let capture, _)? = pieces.last {
            tail = capture
            head = Template(pieces: Array(pieces.dropLast()))
        } else {
            tail = nil
            head = Template(pieces: pieces)
        }
        if tail == nil, case .literal(let bytes)? = pieces.last {
            endsWithDot = Self.host(bytes.span).last == UInt8(ascii: ".")
        } else {
            endsWithDot = false
        }
    }

    private init(head: Template, tail: Template.Capture?, endsWithDot: Bool) {
        self.head = head
        self.tail = tail
        self.endsWithDot = endsWithDot
    }

    /// The bytes, if there are no variables.
    var literal: [UInt8]? { tail == nil ? head.literal : nil }

    var dependsOnHostAlone: Bool {
        head.dependsOnHostAlone && (tail.map { $0.source != .path } ?? true)
    }

    /// Whether groups of a URL in a response take part.
    var hasGroups: Bool { tail?.source == .rewrite || head.hasGroups }

    /// Whether some text in place of the variables makes a valid host.
    var isPossible: Bool {
        var sample: [UInt8] = []
        for piece in head.pieces {
            if case .literal(let bytes) = piece { sample += bytes } else { sample.append(ASCII.zero + 1) }
        }
        if tail != nil { sample.append(ASCII.zero + 1) }
        return isValid(sample.span)
    }

    /// Appends the filled-in authority. A capture at its end that begins with a slash is the path.
    ///
    /// - Throws: `unsafeRedirect` where the result is not a valid host, or not the one that the rule spells out.
    func expand(
        _ key: borrowing RouteKey,
        _ captured: borrowing RuleCaptures,
        into out: inout [UInt8]
    ) throws(Refusal.Reason) {
        let start = out.count
        try head.expand(key, captured, into: &out)
        try finish(captured, from: start, into: &out)
    }

    /// Appends what comes of `frozen`, as `expand`.
    func expandFrozen(_ captured: borrowing RuleCaptures, into out: inout [UInt8]) throws(Refusal.Reason) {
        let start = out.count
        try head.expandFrozen(captured, into: &out)
        try finish(captured, from: start, into: &out)
    }

    /// With the values of a request in place of all but the groups of a URL in a response.
    func frozen(
        _ key: borrowing RouteKey,
        _ captured: borrowing RuleCaptures
    ) throws(Refusal.Reason) -> RedirectAuthority {
        // The host's end decides whose it is: a part of a URL may have been anybody's.
        if head.endsWithGroup { throw .unsafeRedirect }
        var pieces = head.pieces
        if let tail, tail.source != .rewrite { pieces.append(.capture(tail, .authority)) }
        return RedirectAuthority(
            head: try Template(pieces: pieces).frozen(key, captured),
            tail: tail?.source == .rewrite ? tail : nil,
            endsWithDot: endsWithDot
        )
    }

    private func finish(
        _ captured: borrowing RuleCaptures,
        from start: Int,
        into out: inout [UInt8]
    ) throws(Refusal.Reason) {
        guard let tail, let match = captured[tail.source],
            let range = tail.numbers.lazy.compactMap(match.range).first, !range.isEmpty
        else { return try check(out.span.extracting(start..<out.count)) }
        let text = match.text.span.extracting(range)
        if text[0] == ASCII.slash {
            try check(out.span.extracting(start..<out.count))
            if tail.source == .rewrite {
                out.append(text)
            } else {
                PercentEncoding.append(path: text, to: &out)
            }
        } else {
            // A part of a URL may have been anybody's.
            if tail.source == .rewrite { throw .unsafeRedirect }
            // `https://www.example.org${rest}` with `.evil.example` from the path.
            if tail.source != .host, Self.isWhole(out.span.extracting(start..<out.count)) {
                throw .unsafeRedirect
            }
            try Template.Escape.authority.append(text, isURLPart: false, to: &out)
            try check(out.span.extracting(start..<out.count))
        }
    }

    private func check(_ bytes: Span<UInt8>) throws(Refusal.Reason) {
        guard isValid(bytes) else { throw .unsafeRedirect }
    }

    private func isValid(_ bytes: Span<UInt8>) -> Bool {
        var start = 0
        for index in bytes.indices where bytes[index] == UInt8(ascii: "@") { start = index + 1 }
        let bytes = bytes.extracting(start..<bytes.count)
        guard (try? HostName(bytes)) != nil else { return false }
        // A capture that is empty after a dot leaves another host.
        return endsWithDot || Self.host(bytes).last != UInt8(ascii: ".")
    }

    /// Without a port; an IPv6 literal is cut at its first colon.
    private static func host(_ bytes: Span<UInt8>) -> [UInt8] {
        var host: [UInt8] = []
        for index in bytes.indices {
            if bytes[index] == ASCII.colon { break }
            host.append(bytes[index])
        }
        return host
    }

    /// Whether the text is a host of several labels that anything more would change.
    private static func isWhole(_ bytes: Span<UInt8>) -> Bool {
        guard bytes.count > 0, bytes[bytes.count - 1] != UInt8(ascii: ".") else { return false }
        var hasDot = false
        for index in bytes.indices {
            if bytes[index] == ASCII.colon { return false }
            if bytes[index] == UInt8(ascii: ".") { hasDot = true }
        }
        return hasDot
    }

    /// Whether an authority ends before the byte (RFC 3986 §3.2).
    static func isEnd(_ byte: UInt8) -> Bool {
        byte == ASCII.slash || byte == ASCII.question || byte == ASCII.hash
    }
}
