import Bytes

extension NodeReader {
    /// `keep_headers`: names of fields that Berth removes unless they are listed. In lower case.
    func keptFields(_ node: YAMLNode) -> [[UInt8]] {
        guard let items = list(node, "`keep_headers`", example: "X-Forwarded-Prefix") else { return [] }
        return items.compactMap { item in
            guard let text = text(item, "each of `keep_headers`") else { return nil }
            let name = text.utf8.map(ASCII.lowercased)
            guard !name.isEmpty, name.allSatisfy(ASCII.isToken), Self.isRemoved(name) else {
                let names = ClaimedField.claims + ClaimedField.directives + ["Proxy-Status"]
                report(
                    .badValue,
                    item,
                    "`\(YAMLNode.shortened(text))` is not a field that Berth removes by default",
                    hint: "name one of these fields: " + names.joined(separator: ", ")
                )
                return nil
            }
            return name
        }
    }

    private static func isRemoved(_ name: [UInt8]) -> Bool {
        guard !name.contains(UInt8(ascii: "*")), !ClaimedField.isDisguised(name.span) else { return false }
        switch ClaimedField.of(name.span) {
        case .claim, .directive: return true
        case .identity, .signal: return false
        case nil: return name == Array("proxy-status".utf8)
        }
    }
}
