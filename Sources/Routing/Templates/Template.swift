import Bytes

/// A text with places that are filled from a request.
struct Template: Sendable {
    enum Piece: Sendable {
        case literal([UInt8])
        case capture(Capture, Escape)
        case builtIn(TemplateVariable, Escape)
    }

    /// A group of one of the rule's patterns; of several numbers, the first that took part.
    struct Capture: Sendable {
        enum Place: Sendable {
            case host
            case path
            case rewrite
        }

        let place: Place
        let numbers: [Int]
    }

    /// What a substituted byte must be, and what becomes of it.
    enum Escape: Sendable {
        /// A byte of a host name, in lower case; else `unsafeTarget`.
        case target
        /// A byte of a URL's authority: as `target`; an IPv6 literal of `${request_host}` may stand.
        case authority
        /// Percent-encoded, unless it is a part of a URL already.
        case url
        /// Anything that is no control byte; else `unsafeHeader`.
        case header
    }

    let pieces: [Piece]

    /// The bytes, when nothing is to be filled in.
    var literal: [UInt8]? {
        switch pieces.count {
        case 0: return []
        case 1: if case .literal(let bytes) = pieces[0] { return bytes } else { return nil }
        default: return nil
        }
    }

    /// Whether every request for a host gives the same.
    var dependsOnHostAlone: Bool {
        pieces.allSatisfy { piece in
            switch piece {
            case .literal: true
            case .capture(let capture, _): capture.place == .host
            case .builtIn(let builtIn, _): builtIn == .requestHost
            }
        }
    }

    /// Appends the filled-in text.
    ///
    /// - Throws: the reason of a refusal, when a byte may not stand where it would.
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
                guard let text = captured[capture.place] else { continue }
                for number in capture.numbers {
                    guard let range = text.range(number) else { continue }
                    try escape.append(text.text.span.extracting(range), isURLPart: false, to: &out)
                    break
                }
            case .builtIn(let builtIn, let escape):
                try expand(builtIn, escape, key, into: &out)
            }
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
            let start = min(key.pathEnd, key.target.count)
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
        case .url where isURLPart:
            for index in bytes.indices {
                let byte = bytes[index]
                guard byte > 0x20, byte != 0x7F else { throw .unsafeHeader }
                out.append(byte)
            }
        case .url:
            PercentEncoding.append(path: bytes, to: &out)
        case .header:
            for index in bytes.indices {
                let byte = bytes[index]
                guard !ASCII.isControl(byte) else { throw .unsafeHeader }
                out.append(byte)
            }
        }
    }
}

/// What the patterns of the rule at hand captured.
struct RuleCaptures {
    var host: PatternMatch?
    var path: PatternMatch?
    var rewrite: PatternMatch?

    subscript(place: Template.Capture.Place) -> PatternMatch? {
        switch place {
        case .host: host
        case .path: path
        case .rewrite: rewrite
        }
    }
}
