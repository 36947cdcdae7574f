import Bytes

/// Reads a rule's `redirect`. A substitution in the URL's authority may only have bytes of a host name.
enum RedirectTemplate {
    private enum Position {
        case authority
        case url
    }

    static func read(
        _ text: String,
        status: Int,
        scope: TemplateScope
    ) throws(TemplateParser.Failure) -> RedirectPlan {
        let parts = try TemplateParser.parse(text)
        try URLText.checkVisible(parts)
        let (start, skipped) = try start(parts)
        var position = start
        var pieces: [Template.Piece] = []
        for (index, part) in parts.enumerated() {
            switch part {
            case .literal(let bytes, _):
                let skippedBytes = index == skipped.part ? skipped.bytes : 0
                if index >= skipped.part, position == .authority,
                    bytes.dropFirst(skippedBytes).contains(where: endsAuthority)
                {
                    position = .url
                }
                pieces.append(.literal(bytes))
            case .name(let name, _)
            where position == .authority && index > skipped.part && (isPath(name) || name == "query_part"):
                // It begins with a slash, or is the query: the authority ends here.
                position = .url
                pieces.append(try scope.piece(part, .url))
            case .name, .number:
                let inAuthority = position == .authority && index > skipped.part
                let excluded: [TemplateVariable] = inAuthority ? [.query, .method, .clientAddress] : []
                pieces.append(try scope.piece(part, inAuthority ? .authority : .url, without: excluded))
            }
        }
        return RedirectPlan(
            status: status,
            location: Template(pieces: pieces),
            namesHost: start == .authority
        )
    }

    /// What the URL begins with, and where its authority begins: after how many bytes of which part.
    private static func start(
        _ parts: [TemplateParser.Part]
    ) throws(TemplateParser.Failure) -> (Position, skipped: (part: Int, bytes: Int)) {
        switch parts.first {
        case .literal(let bytes, _):
            if bytes.starts(with: "//".utf8) { return (.authority, (0, 2)) }
            if bytes.first == UInt8(ascii: "/") { return (.url, (0, 0)) }
            if let colon = bytes.firstIndex(of: UInt8(ascii: ":")), colon > 0,
                bytes[colon...].starts(with: "://".utf8),
                bytes[..<colon].allSatisfy({ ASCII.isLetter($0) || ASCII.isDigit($0) })
            {
                return (.authority, (0, colon + 3))
            }
        case .name("scheme", _):
            if parts.count > 1, case .literal(let bytes, _) = parts[1], bytes.starts(with: "://".utf8) {
                return (.authority, (1, 3))
            }
        case .name(let name, _) where isPath(name):
            return (.url, (0, 0))
        case .name, .number, nil:
            break
        }
        throw TemplateParser.Failure(
            range: 0..<0,
            message: "the URL begins neither with `scheme://` nor with `/`",
            hint: "for example `https://www.example.org${uri}`"
        )
    }

    private static func isPath(_ name: String) -> Bool { name == "uri" || name == "path" }

    private static func endsAuthority(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "/") || byte == UInt8(ascii: "?") || byte == UInt8(ascii: "#")
    }
}
