/// Parses a line of Berth's JSON access log (docs/access-log.md): one object, of which some keys are used.
enum JSONLogLine {
    /// The maximum depth of nested objects and lists.
    private static let maxDepth = 16

    static func read(_ line: Span<UInt8>, into request: inout LoggedRequest) -> LogLineFault? {
        var scanner = Scanner(line)
        guard scanner.object(into: &request) else { return .badJSON }
        if request.method.isEmpty { return nil }
        return request.host.isEmpty ? .noHost : request.target.isEmpty ? .noURI : nil
    }

    private enum Key {
        case method, uri, host, client, referer, userAgent, tier, rule, other
    }

    private struct Scanner: ~Escapable {
        private let bytes: Span<UInt8>
        private var at = 0

        @_lifetime(copy bytes)
        init(_ bytes: Span<UInt8>) {
            self.bytes = bytes
        }

        @_lifetime(self: copy self)
        mutating func object(into request: inout LoggedRequest) -> Bool {
            guard take(UInt8(ascii: "{")) else { return false }
            skipBlanks()
            if take(UInt8(ascii: "}")) { return atEnd() }
            while true {
                skipBlanks()
                let start = at + 1
                guard skipString() else { return false }
                let key = Self.key(bytes.extracting(start..<(at - 1)))
                skipBlanks()
                guard take(UInt8(ascii: ":")) else { return false }
                skipBlanks()
                guard value(key, into: &request) else { return false }
                skipBlanks()
                if take(UInt8(ascii: ",")) { continue }
                guard take(UInt8(ascii: "}")) else { return false }
                return atEnd()
            }
        }

        @_lifetime(self: copy self)
        private mutating func value(_ key: Key, into request: inout LoggedRequest) -> Bool {
            if key == .rule { request.hasRule = true }
            guard key != .other, at < bytes.count, bytes[at] == UInt8(ascii: "\"") else { return skipValue() }
            switch key {
            case .method: return string(into: &request.method)
            case .uri: return string(into: &request.target)
            case .host: return string(into: &request.host)
            case .client: return string(into: &request.client)
            case .referer: return string(into: &request.referer)
            case .userAgent: return string(into: &request.userAgent)
            case .tier: return string(into: &request.tier)
            case .rule: return string(into: &request.rule)
            case .other: return skipValue()
            }
        }

        private static func key(_ name: Span<UInt8>) -> Key {
            switch name.count {
            case 3 where isEqual(name, "uri"): .uri
            case 4 where isEqual(name, "host"): .host
            case 4 where isEqual(name, "rule"): .rule
            case 4 where isEqual(name, "tier"): .tier
            case 6 where isEqual(name, "method"): .method
            case 6 where isEqual(name, "client"): .client
            case 7 where isEqual(name, "referer"): .referer
            case 10 where isEqual(name, "user_agent"): .userAgent
            default: .other
            }
        }

        private static func isEqual(_ name: Span<UInt8>, _ word: StaticString) -> Bool {
            word.withUTF8Buffer { word in
                guard word.count == name.count else { return false }
                for index in name.indices where name[index] != word[index] { return false }
                return true
            }
        }

        // MARK: Pieces

        @_lifetime(self: copy self)
        private mutating func take(_ byte: UInt8) -> Bool {
            guard at < bytes.count, bytes[at] == byte else { return false }
            at += 1
            return true
        }

        @_lifetime(self: copy self)
        private mutating func skipBlanks() {
            while at < bytes.count, bytes[at] == 0x20 || bytes[at] == 0x09 { at += 1 }
        }

        @_lifetime(self: copy self)
        private mutating func atEnd() -> Bool {
            while at < bytes.count, bytes[at] == 0x20 || bytes[at] == 0x0D || bytes[at] == 0x09 { at += 1 }
            return at == bytes.count
        }

        @_lifetime(self: copy self)
        private mutating func skipString() -> Bool {
            guard take(UInt8(ascii: "\"")) else { return false }
            while at < bytes.count {
                let byte = bytes[at]
                at += byte == UInt8(ascii: "\\") ? 2 : 1
                if byte == UInt8(ascii: "\"") { return true }
            }
            return false
        }

        /// Does not validate numbers and literals, which are not used.
        @_lifetime(self: copy self)
        private mutating func skipValue() -> Bool {
            var depth = 0
            while at < bytes.count {
                switch bytes[at] {
                case UInt8(ascii: "\""):
                    guard skipString() else { return false }
                    if depth == 0 { return true }
                    continue
                case UInt8(ascii: "{"), UInt8(ascii: "["):
                    depth += 1
                    guard depth <= JSONLogLine.maxDepth else { return false }
                case UInt8(ascii: "}"), UInt8(ascii: "]"):
                    // The end of the enclosing object: the value was a number or a literal.
                    if depth == 0 { return true }
                    depth -= 1
                    if depth == 0 {
                        at += 1
                        return true
                    }
                case UInt8(ascii: ",") where depth == 0:
                    return true
                default:
                    break
                }
                at += 1
            }
            return false
        }

        /// Decodes a string. `\u00HH` is the byte HH, as Berth writes it; larger code points become UTF-8.
        @_lifetime(self: copy self)
        private mutating func string(into out: inout [UInt8]) -> Bool {
            at += 1
            while at < bytes.count {
                let byte = bytes[at]
                at += 1
                switch byte {
                case UInt8(ascii: "\""): return true
                case UInt8(ascii: "\\"): guard escape(into: &out) else { return false }
                default: out.append(byte)
                }
            }
            return false
        }

        @_lifetime(self: copy self)
        private mutating func escape(into out: inout [UInt8]) -> Bool {
            guard at < bytes.count else { return false }
            let kind = bytes[at]
            at += 1
            switch kind {
            case UInt8(ascii: "n"): out.append(0x0A)
            case UInt8(ascii: "r"): out.append(0x0D)
            case UInt8(ascii: "t"): out.append(0x09)
            case UInt8(ascii: "b"): out.append(0x08)
            case UInt8(ascii: "f"): out.append(0x0C)
            case UInt8(ascii: "u"):
                guard at + 4 <= bytes.count else { return false }
                var value: UInt32 = 0
                for index in at..<(at + 4) {
                    guard let digit = Hex.value(bytes[index]) else { return false }
                    value = value << 4 | UInt32(digit)
                }
                at += 4
                if let byte = UInt8(exactly: value) {
                    out.append(byte)
                } else {
                    // Half of a surrogate pair becomes U+FFFD: no host or path contains one.
                    out.append(contentsOf: String(Unicode.Scalar(value) ?? "\u{FFFD}").utf8)
                }
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): out.append(kind)
            default: return false
            }
            return true
        }
    }
}
