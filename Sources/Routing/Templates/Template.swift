import Bytes

/// A text with variables that a request fills in.
struct Template: Sendable {
    enum Piece: Sendable {
        case literal([UInt8])
        case capture(Capture, Escape)
        case builtIn(TemplateVariable, Escape)
    }

    /// A group of one of the rule's patterns; if it has several numbers, the first that took part in the match.
    struct Capture: Sendable {
        enum Source: Sendable {
            case host
            case path
            case rewrite
        }

        let source: Source
        let numbers: [Int]
    }

    /// Which bytes a substitution may have, and how they are written.
    enum Escape: Sendable {
        /// A byte of a host name, in lower case; else `unsafeTarget`.
        case target
        /// A byte of a URL's authority: like `target`; `${request_host}` may be an IPv6 literal.
        case authority
        /// Percent-encoded, unless the variable is already a part of a URL.
        case url
        /// Anything but control characters; else `unsafeHeader`.
        case header
        /// A part of a URL that a response had: as it is.
        case verbatim
        /// Any byte, as it is: the text is hashed, and goes nowhere.
        case none
    }

    let pieces: [Piece]

    /// The bytes, if there are no variables.
    var literal: [UInt8]? {
        switch pieces.count {
        case 0: return []
        case 1: if case .literal(let bytes) = pieces[0] { return bytes } else { return nil }
        default: return nil
        }
    }

    /// The bytes of any number of pieces, if there are no variables.
    var joined: [UInt8]? {
        var bytes: [UInt8] = []
        for piece in pieces {
            guard case .literal(let more) = piece else { return nil }
            bytes += more
        }
        return bytes
    }

    /// Whether the text is the same for every request for a host, but for the groups of `rewrite`.
    var dependsOnHostAlone: Bool {
        pieces.allSatisfy { piece in
            switch piece {
            case .literal: true
            case .capture(let capture, _): capture.source != .path
            case .builtIn(let builtIn, _): builtIn == .requestHost
            }
        }
    }

    /// Appends the filled-in text.
    ///
    /// - Throws: the reason of a refusal, if a byte is not allowed at its position.
    func expand(
        _ key: borrowing RouteKey,
        _ captured: borrowing RuleCaptures,
        into out: inout [UInt8]
    ) throws(Refusal.Reason) {
        for piece in pieces {
            switch piece {
            case .literal(let bytes):
                out.append(contentsOf: bytes)
            case .capture(let capture, let escape):
                try append(capture, escape, captured, to: &out)
            case .builtIn(let builtIn, let escape):
                try expand(builtIn, escape, key, into: &out)
            }
        }
    }

    /// Appends what a group matched.
    func append(
        _ capture: Capture,
        _ escape: Escape,
        _ captured: borrowing RuleCaptures,
        to out: inout [UInt8]
    ) throws(Refusal.Reason) {
        guard let text = captured[capture.source] else { return }
        for number in capture.numbers {
            guard let range = text.range(number) else { continue }
            return try escape.append(text.text.span.extracting(range), isURLPart: false, to: &out)
        }
    }

    private func expand(
        _ builtIn: TemplateVariable,
        _ escape: Escape,
        _ key: borrowing RouteKey,
        into out: inout [UInt8]
    ) throws(Refusal.Reason) {
        let urlPart = builtIn.isURLPart
        switch builtIn {
        case .uri, .path:
            let end = builtIn == .uri ? key.target.count : key.pathEnd
            if key.pathEnd == 0 { out.append(UInt8(ascii: "/")) }
            try escape.append(key.target.extracting(0..<end), isURLPart: urlPart, to: &out)
        case .query:
            let start = min(key.pathEnd + 1, key.target.count)
            try escape.append(key.target.extracting(start..<key.target.count), isURLPart: urlPart, to: &out)
        case .queryPart:
            // A `?` without a query after it is left out.
            guard key.pathEnd + 1 < key.target.count else { return }
            let start = key.pathEnd
            try escape.append(key.target.extracting(start..<key.target.count), isURLPart: urlPart, to: &out)
        case .clientAddress:
            out.append(contentsOf: key.client.description.utf8)
        case .method:
            try escape.append(key.method, isURLPart: urlPart, to: &out)
        case .scheme:
            out.append(contentsOf: key.scheme.rawValue.utf8)
        case .requestHost:
            if escape == .authority, !key.host.isEmpty, key.host[0] == UInt8(ascii: "[") {
                out.append(key.host)
            } else {
                try escape.append(key.host, isURLPart: urlPart, to: &out)
            }
        }
    }
}

extension Refusal.Reason: Error {}

extension Template.Escape {
    func append(_ bytes: Span<UInt8>, isURLPart: Bool, to out: inout [UInt8]) throws(Refusal.Reason) {
        switch self {
        case .target, .authority:
            for index in bytes.indices {
                let byte = ASCII.lowercased(bytes[index])
                guard ASCII.isHost(byte) else { throw .unsafeTarget }
                out.append(byte)
            }
        case .verbatim,
            .url where isURLPart:
            for index in bytes.indices {
                let byte = bytes[index]
                guard byte > 0x20, byte != 0x7F else { throw .unsafeHeader }
                out.append(byte)
            }
        case .url:
            PercentEncoding.append(path: bytes, to: &out)
        case .none:
            out.append(bytes)
        case .header:
            for index in bytes.indices {
                let byte = bytes[index]
                guard !ASCII.isControl(byte) else { throw .unsafeHeader }
                out.append(byte)
            }
        }
    }
}

/// The captures of the rule that is being evaluated.
struct RuleCaptures {
    var host: PatternMatch?
    var path: PatternMatch?
    var rewrite: PatternMatch?

    subscript(source: Template.Capture.Source) -> PatternMatch? {
        switch source {
        case .host: host
        case .path: path
        case .rewrite: rewrite
        }
    }
}
