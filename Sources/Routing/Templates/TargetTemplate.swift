import Bytes

/// Reads a rule's `to`: `[scheme://]name[:port][/path prefix]`.
struct TargetTemplate {
    var scheme = TargetScheme.http
    var fixed: Target?
    var name = Template(pieces: [])
    var port: UInt16?
    var prefix: Template?

    static func read(_ text: String, scope: TemplateScope) throws(TemplateParser.Failure) -> TargetTemplate {
        var reader = TargetReader(parts: try TemplateParser.parse(text), end: text.utf8.count)
        var target = TargetTemplate()
        target.scheme = try reader.readScheme()
        let name = try reader.readName()
        target.port = try reader.readPort()
        let rest = reader.rest()
        if !rest.isEmpty { target.prefix = try prefix(rest, scope: scope) }
        try target.setName(name, at: reader.nameRange, scope: scope)
        return target
    }

    private mutating func setName(
        _ parts: [TemplateParser.Part],
        at range: Range<Int>,
        scope: TemplateScope
    ) throws(TemplateParser.Failure) {
        var pieces: [Template.Piece] = []
        for part in parts {
            if case .literal(let bytes, let start) = part {
                let lowered = bytes.map(ASCII.lowercased)
                if parts.count == 1 {
                    try setLiteral(lowered, at: range)
                    return
                }
                if let bad = lowered.firstIndex(where: { !ASCII.isHost($0) }) {
                    let position = start + bad
                    throw TemplateParser.Failure(
                        range: position..<(position + 1),
                        message: HostError.badByte(at: bad).description
                    )
                }
                pieces.append(.literal(lowered))
            } else {
                pieces.append(
                    try scope.piece(
                        part,
                        .target,
                        without: [.uri, .path, .query, .queryPart, .scheme, .clientAddress]
                    )
                )
            }
        }
        guard !pieces.isEmpty else {
            throw TemplateParser.Failure(range: range, message: "the target has no name")
        }
        name = Template(pieces: pieces)
    }

    /// A name without captures: an address if it is one, else a host name.
    private mutating func setLiteral(_ bytes: [UInt8], at range: Range<Int>) throws(TemplateParser.Failure) {
        let inner = bytes.first == UInt8(ascii: "[") ? bytes.dropFirst().dropLast() : bytes[...]
        if let address = IPAddress(Array(inner).span) {
            fixed = Target(name: address.description, port: port, literal: address, scheme: scheme)
            return
        }
        let host: HostName
        do {
            host = try HostName(bytes.span)
        } catch {
            throw TemplateParser.Failure(range: range, message: error.description)
        }
        let target = Target(name: host.text, port: port, scheme: scheme)
        guard !target.isAddressInDisguise else {
            throw TemplateParser.Failure(
                range: range,
                message: "the address is not written as four decimal numbers",
                hint: "write it like `127.0.0.1`"
            )
        }
        fixed = target
    }

    private static func prefix(
        _ parts: [TemplateParser.Part],
        scope: TemplateScope
    ) throws(TemplateParser.Failure) -> Template {
        try URLText.checkPath(parts, mustBeginWithSlash: true)
        var pieces: [Template.Piece] = []
        for (index, part) in parts.enumerated() {
            // The path that follows begins with its own slash.
            if index == parts.count - 1, case .literal(let bytes, let start) = part,
                bytes.last == UInt8(ascii: "/")
            {
                if bytes.count > 1 {
                    pieces.append(try scope.piece(.literal(bytes.dropLast(), at: start), .url))
                }
            } else {
                pieces.append(try scope.piece(part, .url, without: [.uri, .path, .query, .queryPart]))
            }
        }
        let template = Template(pieces: pieces)
        if let literal = template.literal, PathNormaliser.hasDotSegment(literal.span) {
            throw TemplateParser.Failure(range: 0..<0, message: "the path contains a `.` or `..` segment")
        }
        return template
    }
}

/// Cuts the parts of a `to` at its marks, which only literal text may set.
private struct TargetReader {
    private var parts: ArraySlice<TemplateParser.Part>
    private let end: Int
    private(set) var nameRange = 0..<0

    init(parts: [TemplateParser.Part], end: Int) {
        self.parts = parts[...]
        self.end = end
        self.nameRange = 0..<end
    }

    /// `http` if the text has none.
    mutating func readScheme() throws(TemplateParser.Failure) -> TargetScheme {
        guard case .literal(let bytes, let start)? = parts.first else { return .http }
        let text = String(decoding: bytes, as: UTF8.self)
        guard let mark = bytes.firstIndex(of: UInt8(ascii: ":")), bytes[mark...].starts(with: "://".utf8)
        else { return .http }
        guard let scheme = TargetScheme(bytes[..<mark]) else {
            let written = String(decoding: bytes[..<mark], as: UTF8.self)
            throw TemplateParser.Failure(
                range: start..<(start + mark),
                message: "unsupported scheme `\(written)`",
                hint: "write `http://`, `https://` or `h2c://`; without a scheme it is `http://`"
            )
        }
        drop(first: text.utf8.count > mark + 3 ? mark + 3 : bytes.count)
        return scheme
    }

    /// The parts up to `:` or `/`; an address in brackets is one with its colons.
    mutating func readName() throws(TemplateParser.Failure) -> [TemplateParser.Part] {
        var name: [TemplateParser.Part] = []
        let start = position
        defer { nameRange = start..<max(start, position) }
        while let part = parts.first {
            guard case .literal(let bytes, let at) = part else {
                name.append(part)
                parts.removeFirst()
                continue
            }
            var cut = 0
            if name.isEmpty, bytes.first == UInt8(ascii: "[") {
                guard let close = bytes.firstIndex(of: UInt8(ascii: "]")) else {
                    throw TemplateParser.Failure(range: at..<(at + 1), message: "`[` without `]`")
                }
                cut = close + 1
            }
            while cut < bytes.count, bytes[cut] != UInt8(ascii: ":"), bytes[cut] != UInt8(ascii: "/") {
                cut += 1
            }
            if cut > 0 { name.append(.literal(Array(bytes[..<cut]), at: at)) }
            drop(first: cut)
            if cut < bytes.count { break }
        }
        return name
    }

    /// `:digits`, literally.
    mutating func readPort() throws(TemplateParser.Failure) -> UInt16? {
        guard case .literal(let bytes, let at)? = parts.first, bytes.first == UInt8(ascii: ":") else {
            return nil
        }
        let stop = bytes.firstIndex(of: UInt8(ascii: "/")) ?? bytes.count
        if stop == bytes.count, parts.count > 1 {
            throw TemplateParser.Failure(
                range: at..<end,
                message: "a port cannot come of a capture",
                hint: "write the number"
            )
        }
        guard let port = Port.parse(bytes.span.extracting(1..<stop)), port > 0 else {
            throw TemplateParser.Failure(
                range: at..<(at + stop),
                message: "the port is not a number from 1 to 65535"
            )
        }
        drop(first: stop)
        return port
    }

    func rest() -> [TemplateParser.Part] { Array(parts) }

    /// Where the next part stands in the text.
    private var position: Int {
        switch parts.first {
        case .literal(_, let at): at
        case .number(_, let range), .name(_, let range): range.lowerBound
        case nil: end
        }
    }

    /// Drops bytes of the literal that comes next.
    private mutating func drop(first count: Int) {
        guard case .literal(let bytes, let at)? = parts.first else { return }
        parts.removeFirst()
        // Offsets are exact unless a `$$` comes before them; then they are one byte off.
        if count < bytes.count {
            parts.insert(.literal(Array(bytes[count...]), at: at + count), at: parts.startIndex)
        }
    }
}
