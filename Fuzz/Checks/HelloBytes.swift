/// A ClientHello as bytes, with each part as it is wanted: also with such that no client sends.
package struct HelloBytes: Sendable {
    package var version: UInt16 = 0x0303
    package var session: [UInt8] = []
    package var suites: [UInt16] = [0x1301, 0xC02F]
    package var compression: [UInt8] = [0]
    package var extensions: [(type: UInt16, value: [UInt8])] = []
    package var hasExtensions = true

    package init() {}

    /// With a server name, and the protocols and versions that programs send.
    package init(
        name: String,
        protocols: [String] = ["h2", "http/1.1"],
        versions: [UInt16] = [0x0304, 0x0303]
    ) {
        add(name: Array(name.utf8))
        add(protocols: protocols.map { Array($0.utf8) })
        add(versions: versions)
    }

    package mutating func add(name: [UInt8], type: UInt8 = 0) {
        extensions.append((0, Self.vector16([type] + Self.vector16(name))))
    }

    package mutating func add(protocols: [[UInt8]]) {
        extensions.append((16, Self.vector16(protocols.flatMap(Self.vector8))))
    }

    package mutating func add(versions: [UInt16]) {
        extensions.append((43, Self.vector8(versions.flatMap(Self.number))))
    }

    /// The message, with the header that messages of a handshake have.
    package var message: [UInt8] {
        var body = Self.number(version) + [UInt8](repeating: 0x5A, count: 32)
        body += Self.vector8(session)
        body += Self.vector16(suites.flatMap(Self.number))
        body += Self.vector8(compression)
        if hasExtensions {
            body += Self.vector16(extensions.flatMap { Self.number($0.type) + Self.vector16($0.value) })
        }
        return [1, UInt8(body.count >> 16 & 0xFF)] + Self.number(UInt16(body.count & 0xFFFF)) + body
    }

    /// The message in one record.
    package var bytes: [UInt8] { Self.record(message[...]) }

    /// A message in records of these sizes; what is left is in a last one.
    package static func records(_ message: [UInt8], sizes: [Int]) -> [UInt8] {
        var rest = message[...]
        var bytes: [UInt8] = []
        for size in sizes where !rest.isEmpty && size > 0 {
            bytes += record(rest.prefix(size))
            rest = rest.dropFirst(size)
        }
        return rest.isEmpty ? bytes : bytes + record(rest)
    }

    package static func record(_ contents: ArraySlice<UInt8>, type: UInt8 = 22, minor: UInt8 = 1) -> [UInt8] {
        [type, 3, minor] + vector16(Array(contents))
    }

    package static func vector8(_ bytes: [UInt8]) -> [UInt8] { [UInt8(bytes.count & 0xFF)] + bytes }
    package static func vector16(_ bytes: [UInt8]) -> [UInt8] { number(UInt16(bytes.count & 0xFFFF)) + bytes }
    package static func number(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 0xFF)] }
}
