import Bytes
import ServerNames

extension ClientHello {
    /// Types of extensions.
    private enum Extension {
        static let serverName: UInt16 = 0
        static let protocols: UInt16 = 16
        static let versions: UInt16 = 43
    }

    /// RFC 6066 §3.
    private static let hostName: UInt8 = 0

    /// Reads the contents of a ClientHello message (RFC 8446 §4.1.2, RFC 5246 §7.4.1.2).
    init(message: Span<UInt8>) throws(ClientHelloFailure) {
        var hello = LengthReader(message)
        guard let version = hello.number16(), hello.skip(32) else { throw .malformed(.version) }
        guard let session = hello.vector8(), session.count <= 32 else { throw .malformed(.session) }
        guard let suites = hello.vector16(), suites.count >= 2, suites.count % 2 == 0 else {
            throw .malformed(.suites)
        }
        guard let compression = hello.vector8(), !compression.isEmpty else { throw .malformed(.compression) }
        self.init(versions: [version])
        // TLS 1.2 and older may leave the extensions out.
        if hello.isAtEnd { return }
        guard let extensions = hello.vector16(), hello.isAtEnd else { throw .malformed(.extensions) }
        try read(extensions)
    }

    private mutating func read(_ extensions: Span<UInt8>) throws(ClientHelloFailure) {
        var list = LengthReader(extensions)
        var seen: Set<UInt16> = []
        while !list.isAtEnd {
            guard let type = list.number16(), let value = list.vector16() else {
                throw .malformed(.extensions)
            }
            guard seen.insert(type).inserted else { throw .duplicateExtension(type) }
            switch type {
            case Extension.serverName: serverName = try Self.serverName(value)
            case Extension.protocols: protocols = try Self.protocols(value)
            case Extension.versions: versions = try Self.versions(value)
            default: break
            }
        }
    }

    /// RFC 6066 §3: a list with one name of the type host_name. Other types were never defined.
    private static func serverName(_ value: Span<UInt8>) throws(ClientHelloFailure) -> ServerName {
        var outer = LengthReader(value)
        guard let names = outer.vector16(), outer.isAtEnd else { throw .malformed(.serverName) }
        var list = LengthReader(names)
        guard let type = list.number8(), type == hostName, let name = list.vector16(), list.isAtEnd,
            !name.isEmpty
        else { throw .malformed(.serverName) }
        guard let found = ServerName(name) else { throw .badServerName }
        return found
    }

    /// RFC 7301 §3.1.
    private static func protocols(_ value: Span<UInt8>) throws(ClientHelloFailure) -> [[UInt8]] {
        var outer = LengthReader(value)
        guard let names = outer.vector16(), outer.isAtEnd, !names.isEmpty else {
            throw .malformed(.protocols)
        }
        var list = LengthReader(names)
        var found: [[UInt8]] = []
        while !list.isAtEnd {
            guard let name = list.vector8(), !name.isEmpty else { throw .malformed(.protocols) }
            if name.count == 2, isGREASE(UInt16(name[0]) << 8 | UInt16(name[1])) { continue }
            found.append(Array(copying: name))
        }
        return found
    }

    /// RFC 8446 §4.2.1.
    private static func versions(_ value: Span<UInt8>) throws(ClientHelloFailure) -> [UInt16] {
        var outer = LengthReader(value)
        guard let numbers = outer.vector8(), outer.isAtEnd, numbers.count >= 2, numbers.count % 2 == 0 else {
            throw .malformed(.versions)
        }
        var list = LengthReader(numbers)
        var found: [UInt16] = []
        while let version = list.number16() {
            if !isGREASE(version) { found.append(version) }
        }
        return found
    }

    /// Values that clients send so that servers ignore what they do not know (RFC 8701): 0x0A0A, 0x1A1A, …
    private static func isGREASE(_ value: UInt16) -> Bool {
        value & 0x0F0F == 0x0A0A && value >> 8 == value & 0xFF
    }
}
