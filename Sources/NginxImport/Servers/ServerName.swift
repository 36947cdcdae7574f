import Routing

/// One name of a `server_name`.
struct ServerName {
    enum Kind {
        case exact(String)
        /// `*.example.org`: the part after the dot.
        case wildcard(String)
        /// `www.example.*`: the part before the dot.
        case trailing(String)
        case regex(NginxRegex)
    }

    let kind: Kind
    let position: SourceLocation

    var condition: HostCondition {
        switch kind {
        case .exact(let name): HostCondition(base: .names([name]))
        case .wildcard(let suffix): HostCondition(base: .wildcard(suffix))
        case .trailing(let prefix): HostCondition(base: .trailing(prefix))
        case .regex(let regex): HostCondition(patterns: [regex])
        }
    }

    /// The order in which nginx looks names up; lower comes first.
    var rank: (Int, Int) {
        switch kind {
        case .exact: (0, 0)
        case .wildcard(let suffix): (1, -suffix.utf8.count)
        case .trailing(let prefix): (2, -prefix.utf8.count)
        case .regex: (3, 0)
        }
    }

    /// Parses a name that is not a regular expression. `.example.org` is two names.
    ///
    /// - Returns: nil if no host of a request can match it.
    static func parse(_ text: String) -> [Kind]? {
        let name = text.lowercased()
        var kinds: [Kind]
        var rest = Substring(name)
        if name.hasPrefix("*.") {
            rest = rest.dropFirst(2)
            kinds = [.wildcard(String(rest))]
        } else if name.hasPrefix(".") {
            rest = rest.dropFirst()
            kinds = [.exact(String(rest)), .wildcard(String(rest))]
        } else if name.hasSuffix(".*") {
            rest = rest.dropLast(2)
            kinds = [.trailing(String(rest))]
        } else {
            if rest.hasSuffix(".") { rest = rest.dropLast() }
            kinds = [.exact(String(rest))]
        }
        return isHost(String(rest)) ? kinds : nil
    }

    /// Whether Berth accepts requests for such a host.
    static func isHost(_ name: String) -> Bool {
        guard !name.isEmpty, name.utf8.count <= 253 else { return false }
        for label in name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false) {
            guard !label.isEmpty, label.count <= 63 else { return false }
            for byte in label where !ValueText.isNameByte(byte) && byte != UInt8(ascii: "-") { return false }
        }
        return true
    }
}
