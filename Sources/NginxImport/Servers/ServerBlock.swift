import Routing

/// A parsed `server` block.
struct ServerBlock {
    let directive: Directive
    let block: [Directive]
    var names: [ServerName] = []
    var listens: [Listen] = []
    let locations: [Location]

    var position: SourceLocation { directive.position }

    /// The value of `$server_name`.
    let firstName: String

    init(
        _ directive: Directive,
        findings: FindingCollector,
        regexes: RegexFactory
    ) {
        self.directive = directive
        self.block = directive.block ?? []
        let first = block.named("server_name").first?.argument(0) ?? ""
        firstName =
            first.hasPrefix("~")
            ? first : first.hasPrefix(".") ? first.dropFirst().lowercased() : first.lowercased()
        listens = block.named("listen").compactMap(Listen.init)
        if listens.isEmpty { listens = [.implied(at: directive.position)] }
        for line in block.named("server_name") {
            for word in line.arguments {
                if word.text.hasPrefix("~") {
                    let text = String(word.text.dropFirst())
                    let ignoresCase = text.utf8.contains {
                        $0 >= UInt8(ascii: "A") && $0 <= UInt8(ascii: "Z")
                    }
                    names.append(
                        ServerName(
                            kind: .regex(regexes.make(text, ignoresCase: ignoresCase, at: word.position)),
                            position: word.position
                        )
                    )
                } else if let kinds = ServerName.parse(word.text) {
                    names += kinds.map { ServerName(kind: $0, position: word.position) }
                } else if !word.text.isEmpty {
                    findings.untranslated(
                        "server_name \(word.text)",
                        at: word.position,
                        "Berth accepts no request with such a host"
                    )
                } else {
                    findings.note(
                        "server_name \"\"",
                        at: word.position,
                        "Berth responds with 400 to requests without a host"
                    )
                }
            }
        }
        locations = LocationParser(findings: findings, regexes: regexes).locations(block)
    }
}
