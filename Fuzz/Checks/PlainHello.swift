/// A ClientHello as the plainest of readers has it: whole bytes in, slices, no state.
struct PlainHello {
    /// In small letters, without a dot at its end; nil: none was sent.
    private(set) var name: [UInt8]?
    private(set) var protocols: [[UInt8]] = []
    private(set) var versions: [UInt16] = []

    enum Records {
        case incomplete
        case invalid
        /// The message with its header, and how many bytes of the connection it took.
        case message([UInt8], count: Int)
    }

    /// Puts the records together until the first message is complete.
    static func records(_ bytes: [UInt8]) -> Records {
        var message: [UInt8] = []
        var rest = bytes[...]
        while true {
            if message.count >= 4 {
                let length = Int(message[1]) * 65536 + Int(message[2]) * 256 + Int(message[3])
                if message.count >= 4 + length {
                    return .message(Array(message.prefix(4 + length)), count: bytes.count - rest.count)
                }
            }
            guard let header = prefix(5, of: &rest) else { return .incomplete }
            let length = Int(header[3]) * 256 + Int(header[4])
            guard header[0] == 22, header[1] == 3, length > 0, length <= 16384 else { return .invalid }
            guard let contents = prefix(length, of: &rest) else {
                message += rest
                guard message.count >= 4 else { return .incomplete }
                let length = Int(message[1]) * 65536 + Int(message[2]) * 256 + Int(message[3])
                guard message.count >= 4 + length else { return .incomplete }
                return .message(Array(message.prefix(4 + length)), count: bytes.count)
            }
            message += contents
        }
    }

    /// Nil: the message is not a valid hello.
    init?(_ message: [UInt8]) {
        guard message.first == 1 else { return nil }
        var rest = message.dropFirst(4)
        guard let version = Self.prefix(2, of: &rest), Self.prefix(32, of: &rest) != nil,
            let session = Self.vector(1, of: &rest), session.count <= 32,
            let suites = Self.vector(2, of: &rest), suites.count >= 2, suites.count % 2 == 0,
            let compression = Self.vector(1, of: &rest), !compression.isEmpty
        else { return nil }
        versions = [UInt16(version[0]) * 256 + UInt16(version[1])]
        if rest.isEmpty { return }
        guard var extensions = Self.vector(2, of: &rest), rest.isEmpty else { return nil }
        var types: [[UInt8]] = []
        while !extensions.isEmpty {
            guard let type = Self.prefix(2, of: &extensions), let value = Self.vector(2, of: &extensions),
                !types.contains(type)
            else { return nil }
            types.append(type)
            guard read(type, value) else { return nil }
        }
    }

    private mutating func read(_ type: [UInt8], _ value: ArraySlice<UInt8>) -> Bool {
        var value = value
        switch type {
        case [0, 0]:
            guard var list = Self.vector(2, of: &value), value.isEmpty, Self.prefix(1, of: &list) == [0],
                var name = Self.vector(2, of: &list), list.isEmpty, !name.isEmpty
            else { return false }
            if name.last == 0x2E { name.removeLast() }
            self.name = name.map { (0x41...0x5A).contains($0) ? $0 + 32 : $0 }
        case [0, 16]:
            guard var list = Self.vector(2, of: &value), value.isEmpty, !list.isEmpty else { return false }
            while !list.isEmpty {
                guard let name = Self.vector(1, of: &list), !name.isEmpty else { return false }
                if !Self.isGREASE(Array(name)) { protocols.append(Array(name)) }
            }
        case [0, 43]:
            guard var list = Self.vector(1, of: &value), value.isEmpty, !list.isEmpty, list.count % 2 == 0
            else {
                return false
            }
            versions = []
            while let version = Self.prefix(2, of: &list) {
                if !Self.isGREASE(version) { versions.append(UInt16(version[0]) * 256 + UInt16(version[1])) }
            }
        default: break
        }
        return true
    }

    private static func isGREASE(_ bytes: [UInt8]) -> Bool {
        bytes.count == 2 && bytes[0] == bytes[1] && bytes[0] % 16 == 10
    }

    private static func prefix(_ count: Int, of rest: inout ArraySlice<UInt8>) -> [UInt8]? {
        guard rest.count >= count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }

    private static func vector(_ header: Int, of rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard let length = prefix(header, of: &rest) else { return nil }
        return prefix(length.reduce(0) { $0 * 256 + Int($1) }, of: &rest).map { $0[...] }
    }
}
