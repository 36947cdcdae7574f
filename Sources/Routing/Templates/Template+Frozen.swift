import Bytes

/// Templates for responses: a request fills in what it can, and each response the groups of its own URL.
extension Template {
    private static func isGroup(_ piece: Piece) -> Bool {
        if case .capture(let capture, _) = piece { capture.source == .rewrite } else { false }
    }

    /// Whether groups of `rewrite` take part.
    var hasGroups: Bool { pieces.contains(where: Self.isGroup) }

    var beginsWithGroup: Bool { pieces.first.map(Self.isGroup) ?? false }
    var endsWithGroup: Bool { pieces.last.map(Self.isGroup) ?? false }

    /// With the values of a request in place of all but the groups of `rewrite`.
    func frozen(
        _ key: borrowing RouteKey,
        _ captured: borrowing RuleCaptures
    ) throws(Refusal.Reason) -> Template {
        var frozen: [Piece] = []
        var literal: [UInt8] = []
        for piece in pieces {
            if Self.isGroup(piece) {
                if !literal.isEmpty { frozen.append(.literal(literal)) }
                literal = []
                frozen.append(piece)
            } else {
                try Template(pieces: [piece]).expand(key, captured, into: &literal)
            }
        }
        if !literal.isEmpty { frozen.append(.literal(literal)) }
        return Template(pieces: frozen)
    }

    /// Appends the text of a template that is frozen.
    func expandFrozen(_ captured: borrowing RuleCaptures, into out: inout [UInt8]) throws(Refusal.Reason) {
        for piece in pieces {
            switch piece {
            case .literal(let bytes): out.append(contentsOf: bytes)
            case .capture(let capture, let escape): try append(capture, escape, captured, to: &out)
            case .builtIn: continue
            }
        }
    }
}

extension Template: CustomStringConvertible {
    /// A frozen template as a rule would write it.
    var description: String {
        pieces.map { piece in
            switch piece {
            case .literal(let bytes): String(decoding: bytes, as: UTF8.self)
            case .capture(let capture, _): "$\(capture.numbers.first ?? 0)"
            case .builtIn(let builtIn, _): "${\(builtIn.rawValue)}"
            }
        }.joined()
    }
}
