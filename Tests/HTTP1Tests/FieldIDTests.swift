import Bytes
import Testing

@testable import HTTP1

@Suite struct FieldIDTests {
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

    @Test(arguments: FieldID.allCases)
    func `Every name is known, in any case, at the end of the bytes and before more`(_ id: FieldID) {
        guard id != .other, id != .lookalike else { return }
        let bytes = Array(name(id).utf8)
        for padding in [0, 1, 7, 8, 30] {
            #expect(recognise(bytes, padding: padding) == id)
            #expect(recognise(Array(name(id).uppercased().utf8), padding: padding) == id)
        }
        #expect(recognise(Array("xxx".utf8) + bytes, at: 3) == id)
    }

    @Test(arguments: FieldID.allCases)
    func `A name with any one byte changed is none or another`(_ id: FieldID) {
        guard id != .other, id != .lookalike else { return }
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

    @Test func `A name that marks for hyphens make one of those that matter is a lookalike`() {
        for text in [
            "Content_Length", "transfer_encoding", "X_Forwarded_For", "x-forwarded_for", "X.FORWARDED.PROTO",
            "x_forwarded-host", "X_Real_IP", "X-Request_ID", "keep_alive", "proxy_authorization",
        ] {
            for padding in [0, 1, 8, 30] {
                #expect(recognise(Array(text.utf8), padding: padding) == .lookalike, "\(text)")
            }
        }
        for text in [
            "user_agent", "x_forwarded_foo", "content_type", "x_real_ip_", "_x-real-ip", "a_b",
            "content-lengt_",
        ] {
            #expect(recognise(Array(text.utf8), padding: 9) == .other, "\(text)")
        }
    }

    @Test func `The method in front is known, whatever follows it`() {
        for (text, method) in [
            ("HEAD ", MethodKind.head), ("\r\nHEAD / \0", .head), ("OPTIONS *", .options), ("HEAD", .other),
            ("HEAD\t/", .other), ("HEADS /", .other), ("", .other), ("\r\n\r\nHEAD /", .other),
            ("\n", .other),
        ] {
            let bytes = Array(text.utf8)
            #expect(MethodKind(atFrontOf: bytes.span) == method, "\(text)")
        }
    }

    @Test func `Methods are known in upper case only`() {
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
