import Bytes

/// Reads a rule's `redirect`. A substitution in the URL's authority may only have bytes of a host name.
package enum RedirectTemplate {
    private typealias Piece = (
        TemplateParser.Part, Template.Escape, [TemplateVariable]
    ) throws(TemplateParser.Failure) -> Template.Piece

    /// Whether some values of its variables, whatever these are, make a URL of the text.
    package static func isPossible(_ text: String) -> Bool {
        let plan = try? read(text, status: 302) {
            (part, escape, _) throws(TemplateParser.Failure) -> Template.Piece in
            if case .literal(let bytes, _) = part { return .literal(bytes) }
            return .capture(Template.Capture(source: .host, numbers: []), escape)
        }
        return plan != nil
    }

    /// As `isPossible`, for `to` of `rewrite_location`, where every variable counts as a group of `from`.
    package static func isPossibleLocation(_ text: String) -> Bool {
        guard let parts = try? TemplateParser.parse(text), !parts.isEmpty else { return false }
        if isPossible(text) || isScheme(parts) { return true }
        if case .literal = parts[0] { return false }
        return true
    }

    static func read(
        _ text: String,
        status: Int,
        scope: TemplateScope
    ) throws(TemplateParser.Failure) -> RedirectPlan {
        try read(text, status: status) {
            (part, escape, excluded) throws(TemplateParser.Failure) -> Template.Piece in
            try scope.piece(part, escape, without: excluded)
        }
    }

    /// Reads `to` of `rewrite_location`: a URL that may also begin with a group of `from`, or be a scheme that the
    /// rest of the URL follows (`https://`).
    ///
    /// - Parameter scope: `rewrite` has the groups of `from`.
    static func location(
        _ text: String,
        scope: TemplateScope
    ) throws(TemplateParser.Failure) -> LocationTemplate {
        let piece: Piece = { (part, escape, excluded) throws(TemplateParser.Failure) -> Template.Piece in
            let piece = try scope.piece(part, escape, without: excluded)
            // It is a part of a URL already.
            if case .capture(let capture, .url) = piece, capture.source == .rewrite {
                return .capture(capture, .verbatim)
            }
            return piece
        }
        let parts = try TemplateParser.parse(text)
        try URLText.checkVisible(parts)
        var pieces: [Template.Piece] = []
        for part in parts {
            let isHost = if case .name("request_host", _) = part { true } else { false }
            pieces.append(try piece(part, isHost ? .authority : .url, []))
        }
        let whole = Template(pieces: pieces)
        do {
            return LocationTemplate(whole: whole, plan: try read(text, status: 302, piece: piece))
        } catch {
            guard whole.beginsWithGroup || isScheme(parts) else { throw error }
            return LocationTemplate(whole: whole, plan: nil)
        }
    }

    /// Whether the text is `scheme://` alone.
    private static func isScheme(_ parts: [TemplateParser.Part]) -> Bool {
        switch (parts.count, parts.first, parts.last) {
        case (1, .literal(let bytes, _)?, _):
            bytes.count > 3 && bytes.suffix(3).elementsEqual("://".utf8)
                && bytes.dropLast(3).allSatisfy(ASCII.isLetterOrDigit)
        case (2, .name("scheme", _)?, .literal(let bytes, _)?): bytes.elementsEqual("://".utf8)
        default: false
        }
    }

    private static func read(
        _ text: String,
        status: Int,
        piece: Piece
    ) throws(TemplateParser.Failure) -> RedirectPlan {
        let parts = try TemplateParser.parse(text)
        try URLText.checkVisible(parts)
        guard let start = try authorityStart(parts) else {
            var rest: [Template.Piece] = []
            for part in parts { rest.append(try piece(part, .url, [])) }
            return RedirectPlan(
                status: status,
                lead: Template(pieces: []),
                authority: nil,
                rest: Template(pieces: rest)
            )
        }
        var lead: [Template.Piece] = []
        for part in parts[..<start.part] { lead.append(try piece(part, .url, [])) }
        lead.append(.literal(start.lead))
        var pieces: [Template.Piece] = []
        var rest: [Template.Piece] = []
        if !start.after.isEmpty { append(start.after[...], to: &pieces, &rest) }
        for part in parts[(start.part + 1)...] {
            switch part {
            case .literal(let bytes, _):
                append(bytes[...], to: &pieces, &rest)
            case .name(let name, _) where isPath(name) || name == "query_part":
                // It begins with a slash, or is the query: the authority ends here.
                rest.append(try piece(part, .url, []))
            case .name, .number:
                if rest.isEmpty {
                    let excluded: [TemplateVariable] = [.query, .method, .clientAddress]
                    pieces.append(try piece(part, .authority, excluded))
                } else {
                    rest.append(try piece(part, .url, []))
                }
            }
        }
        let authority = RedirectAuthority(pieces)
        guard authority.isPossible else {
            throw TemplateParser.Failure(
                range: start.offset..<start.offset,
                message: pieces.isEmpty ? "the URL has no host" : "the URL has no valid host",
                hint: "for example `https://www.example.org${uri}`"
            )
        }
        return RedirectPlan(
            status: status,
            lead: Template(pieces: lead),
            authority: authority,
            rest: Template(pieces: rest)
        )
    }

    /// Appends literal text to the authority, up to where it ends, and to the rest.
    private static func append(
        _ bytes: ArraySlice<UInt8>,
        to authority: inout [Template.Piece],
        _ rest: inout [Template.Piece]
    ) {
        let end =
            rest.isEmpty
            ? bytes.firstIndex(where: RedirectAuthority.isEnd) ?? bytes.endIndex : bytes.startIndex
        if end > bytes.startIndex { authority.append(.literal(Array(bytes[..<end]))) }
        if end < bytes.endIndex { rest.append(.literal(Array(bytes[end...]))) }
    }

    /// Where the authority begins.
    private struct Start {
        /// The part that it begins in or after.
        let part: Int
        /// Of this part: `https://`, or what the scheme's variable leaves of it.
        let lead: [UInt8]
        let after: [UInt8]
        /// Of the authority in the text.
        let offset: Int

        init(part: Int, _ bytes: [UInt8], at start: Int, lead count: Int) {
            self.part = part
            lead = Array(bytes[..<count])
            after = Array(bytes[count...])
            offset = start + count
        }
    }

    /// Nil: the URL has no authority.
    private static func authorityStart(
        _ parts: [TemplateParser.Part]
    ) throws(TemplateParser.Failure) -> Start? {
        switch parts.first {
        case .literal(let bytes, let at):
            if bytes.starts(with: "//".utf8) { return Start(part: 0, bytes, at: at, lead: 2) }
            if bytes.first == UInt8(ascii: "/") { return nil }
            if let colon = bytes.firstIndex(of: UInt8(ascii: ":")), colon > 0,
                bytes[colon...].starts(with: "://".utf8),
                bytes[..<colon].allSatisfy({ ASCII.isLetter($0) || ASCII.isDigit($0) })
            {
                return Start(part: 0, bytes, at: at, lead: colon + 3)
            }
        case .name("scheme", _):
            if parts.count > 1, case .literal(let bytes, let at) = parts[1], bytes.starts(with: "://".utf8) {
                return Start(part: 1, bytes, at: at, lead: 3)
            }
        case .name(let name, _) where isPath(name):
            return nil
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
}
