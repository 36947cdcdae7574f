import Bytes

extension IPAddress: CustomStringConvertible {
    /// Reads `192.0.2.1` (four decimal numbers without leading zeros) or an IPv6 address
    /// as in RFC 4291 §2.2, without brackets and zone. Nil for anything else.
    public init?(_ text: Span<UInt8>) {
        if let bits = Self.parseV4(text) {
            self.init(v4: bits)
        } else if let (high, low) = Self.parseV6(text) {
            self.init(v6High: high, low: low)
        } else {
            return nil
        }
    }

    /// As `init(_: Span<UInt8>)`.
    public init?(_ text: String) {
        self.init(Array(text.utf8).span)
    }

    /// The usual text: `192.0.2.1`, or RFC 5952's for IPv6.
    public var description: String {
        isIPv4 ? Self.textV4(UInt32(truncatingIfNeeded: low)) : Self.textV6(high: high, low: low)
    }

    // MARK: Reading

    static func parseV4(_ text: Span<UInt8>) -> UInt32? {
        guard text.count >= 7, text.count <= 15 else { return nil }
        var bits: UInt32 = 0
        var part: UInt32 = 0
        var digits = 0
        var parts = 0
        for index in text.indices {
            let byte = text[index]
            if byte == UInt8(ascii: ".") {
                guard digits > 0, parts < 3 else { return nil }
                bits = bits << 8 | part
                parts += 1
                part = 0
                digits = 0
            } else {
                guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
                // "010" is octal to some and decimal to others: neither here.
                if digits > 0, part == 0 { return nil }
                part = part * 10 + UInt32(byte - UInt8(ascii: "0"))
                digits += 1
                guard part <= 255 else { return nil }
            }
        }
        guard parts == 3, digits > 0 else { return nil }
        return bits << 8 | part
    }

    static func parseV6(_ text: Span<UInt8>) -> (high: UInt64, low: UInt64)? {
        guard text.count >= 2, text.count <= 45 else { return nil }
        var groups: [UInt16] = []
        var gap: Int?
        var index = 0
        if text[0] == UInt8(ascii: ":") {
            guard text[1] == UInt8(ascii: ":") else { return nil }
            gap = 0
            index = 2
        }
        while index < text.count {
            var end = index
            var dotted = false
            while end < text.count, text[end] != UInt8(ascii: ":") {
                if text[end] == UInt8(ascii: ".") { dotted = true }
                end += 1
            }
            let part = text.extracting(index..<end)
            if dotted {
                guard end == text.count, let bits = parseV4(part) else { return nil }
                groups.append(UInt16(truncatingIfNeeded: bits >> 16))
                groups.append(UInt16(truncatingIfNeeded: bits))
                index = end
                break
            }
            guard let group = parseGroup(part) else { return nil }
            groups.append(group)
            index = end
            guard index < text.count else { break }
            index += 1
            guard index < text.count else { return nil }
            if text[index] == UInt8(ascii: ":") {
                guard gap == nil else { return nil }
                gap = groups.count
                index += 1
            }
        }
        return words(groups, gap: gap)
    }

    private static func parseGroup(_ text: Span<UInt8>) -> UInt16? {
        guard text.count >= 1, text.count <= 4 else { return nil }
        var value: UInt16 = 0
        for index in text.indices {
            guard let digit = ASCII.hexValue(text[index]) else { return nil }
            value = value << 4 | UInt16(digit)
        }
        return value
    }

    private static func words(_ groups: [UInt16], gap: Int?) -> (high: UInt64, low: UInt64)? {
        var all = groups
        if let gap {
            // "::" stands for at least one group.
            guard groups.count < 8 else { return nil }
            all.insert(contentsOf: repeatElement(0, count: 8 - groups.count), at: gap)
        }
        guard all.count == 8 else { return nil }
        let high = all[0..<4].reduce(UInt64(0)) { $0 << 16 | UInt64($1) }
        let low = all[4..<8].reduce(UInt64(0)) { $0 << 16 | UInt64($1) }
        return (high, low)
    }

    // MARK: Writing

    /// Appends the usual text; an IPv4 address without a `String` on the way.
    public func append(to text: inout [UInt8]) {
        guard isIPv4 else { return text.append(contentsOf: description.utf8) }
        var shift = 32
        while shift > 0 {
            shift -= 8
            let number = UInt8(truncatingIfNeeded: low >> UInt64(shift))
            if number >= 100 { text.append(UInt8(ascii: "0") + number / 100) }
            if number >= 10 { text.append(UInt8(ascii: "0") + number / 10 % 10) }
            text.append(UInt8(ascii: "0") + number % 10)
            if shift > 0 { text.append(UInt8(ascii: ".")) }
        }
    }

    static func textV4(_ bits: UInt32) -> String {
        "\(bits >> 24).\(bits >> 16 & 255).\(bits >> 8 & 255).\(bits & 255)"
    }

    /// RFC 5952: lower case, no leading zeros, the longest run of zero groups as `::`.
    static func textV6(high: UInt64, low: UInt64) -> String {
        if high == 0, low >> 32 == 0xFFFF {
            return "::ffff:" + textV4(UInt32(truncatingIfNeeded: low))
        }
        let groups = (0..<8).map { index in
            let word = index < 4 ? high : low
            return UInt16(truncatingIfNeeded: word >> UInt64((3 - index % 4) * 16))
        }
        var best = 0..<0
        var start = 0
        while start < 8 {
            var end = start
            while end < 8, groups[end] == 0 { end += 1 }
            if end - start > best.count { best = start..<end }
            start = max(end, start + 1)
        }
        func text(_ part: ArraySlice<UInt16>) -> String {
            part.map { String($0, radix: 16) }.joined(separator: ":")
        }
        guard best.count > 1 else { return text(groups[...]) }
        return text(groups[..<best.lowerBound]) + "::" + text(groups[best.upperBound...])
    }
}
