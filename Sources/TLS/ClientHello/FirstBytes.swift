/// What the first bytes of a connection are that do not begin a TLS record.
enum FirstBytes {
    /// Methods that programs send to a wrong port.
    private static let methods = [
        "GET ", "HEAD ", "POST ", "PUT ", "DELETE ", "OPTIONS ", "PATCH ", "CONNECT ", "TRACE ", "PROPFIND ",
    ].map { Array($0.utf8) }
    private static let preface = Array("PRI * HTTP/2.0".utf8)

    /// - Parameter bytes: at least one.
    /// - Returns: nil: more bytes are needed to tell.
    static func failure(_ bytes: Span<UInt8>) -> ClientHelloFailure? {
        switch match(bytes, preface) {
        case true?: return .plainHTTP2
        case nil: return nil
        case false?: break
        }
        var isUndecided = false
        for method in methods {
            switch match(bytes, method) {
            case true?: return .plainHTTP
            case nil: isUndecided = true
            case false?: break
            }
        }
        if isUndecided { return nil }
        // SSL 2: a length with the highest bit set, then the type of a CLIENT-HELLO.
        guard bytes[0] & 0x80 != 0 else { return .notTLS }
        guard bytes.count > 2 else { return nil }
        return bytes[2] == 1 ? .oldVersion : .notTLS
    }

    /// Whether the bytes begin with a text; nil: they are its beginning, and end before it does.
    private static func match(_ bytes: Span<UInt8>, _ text: [UInt8]) -> Bool? {
        for index in text.indices {
            guard index < bytes.count else { return nil }
            guard bytes[index] == text[index] else { return false }
        }
        return true
    }
}
