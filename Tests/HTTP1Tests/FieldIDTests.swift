import Testing

@testable import HTTP1

@Suite("Names are known exactly")
struct FieldIDTests {
    /// `contentLength` → `content-length`.
    private func name(_ id: FieldID) -> String {
        switch id {
        case .xRealIP: return "x-real-ip"
        case .xRequestID: return "x-request-id"
        case .te: return "te"
        default: break
        }
        return String("\(id)".flatMap { $0.isUppercase ? "-\($0.lowercased())" : "\($0)" })
    }

    private func recognise(_ bytes: [UInt8], at start: Int = 0, padding: Int = 0) -> FieldID {
        let padded = bytes + [UInt8](repeating: 0x3A, count: padding)
        return FieldID.recognise(padded.span, at: start, length: bytes.count - start)
    }

    @Test("every name, in any case, at the end of the bytes and before more", arguments: FieldID.allCases)
    func known(_ id: FieldID) {
        guard id != .other else { return }
        let bytes = Array(name(id).utf8)
        for padding in [0, 1, 7, 8, 30] {
            #expect(recognise(bytes, padding: padding) == id)
            #expect(recognise(Array(name(id).uppercased().utf8), padding: padding) == id)
        }
        #expect(recognise(Array("xxx".utf8) + bytes, at: 3) == id)
    }

    @Test("a name with any one byte changed is none or another", arguments: FieldID.allCases)
    func near(_ id: FieldID) {
        guard id != .other else { return }
        let bytes = Array(name(id).utf8)
        for place in bytes.indices {
            for byte in UInt8.min...UInt8.max where ASCII.lowercased(byte) != bytes[place] {
                var other = bytes
                other[place] = byte
                #expect(recognise(other, padding: 9) != id)
            }
        }
        #expect(recognise(Array(bytes.dropLast()), padding: 9) != id)
        #expect(recognise(bytes + Array("x".utf8), padding: 9) != id)
    }

    @Test("methods are known in upper case only")
    func methods() {
        for method in MethodKind.allCases where method != .other {
            let upper = Array("\(method)".uppercased().utf8)
            #expect(MethodKind(upper.span, ByteRange(0, upper.count)) == method)
            let lower = Array("\(method)".utf8)
            #expect(MethodKind(lower.span, ByteRange(0, lower.count)) == .other)
        }
        let long = Array("GETTTTTTTT".utf8)
        #expect(MethodKind(long.span, ByteRange(0, long.count)) == .other)
    }
}
