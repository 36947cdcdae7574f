import FuzzChecks
import ServerNames
import Testing

@testable import TLS

@Suite struct ClientHelloReaderTests {
    private static func read(_ bytes: [UInt8]) -> ClientHelloReader.Outcome {
        ClientHelloReader.read(bytes.span)
    }

    private static let usual = HelloBytes(name: "www.test.priv")

    @Test func `A hello has its name, protocols and versions`() {
        let hello = ClientHello(
            serverName: ServerName("www.test.priv"),
            protocols: [Array("h2".utf8), Array("http/1.1".utf8)],
            versions: [0x0304, 0x0303]
        )
        #expect(Self.read(Self.usual.bytes) == .hello(hello))
    }

    @Test func `The name is the same at every split over segments and records`() {
        let message = Self.usual.message
        let whole = Self.read(Self.usual.bytes)
        for split in 1..<message.count {
            let bytes = HelloBytes.records(message, sizes: [split])
            #expect(Self.read(bytes) == whole)
            var reader = ClientHelloReader()
            for count in bytes.indices {
                guard reader.read(bytes.span.extracting(first: count)) == .needsMore else {
                    Issue.record("there is an outcome after \(count) bytes")
                    break
                }
            }
            #expect(reader.read(bytes.span) == whole)
        }
        #expect(
            Self.read(HelloBytes.records(message, sizes: Array(repeating: 1, count: message.count))) == whole
        )
    }

    @Test(arguments: [
        ("WWW.Test.Priv", "www.test.priv"), ("www.test.priv.", "www.test.priv"), ("10.0.0.1", "10.0.0.1"),
        ("a_b.test.priv", "a_b.test.priv"), ("::1", "::1"),
    ])
    func `A name is normalised`(sent: String, name: String) {
        guard case .hello(let hello) = Self.read(HelloBytes(name: sent).bytes) else {
            Issue.record("\(sent) is refused")
            return
        }
        #expect(hello.serverName?.description == name)
    }

    @Test(arguments: ["a..b", "a\0b", ".", "a b", "www.test.priv:443", "*.test.priv"])
    func `A name that no host has is refused`(sent: String) {
        #expect(Self.read(HelloBytes(name: sent).bytes) == .failed(.badServerName))
    }

    @Test func `A client may send no name and no extensions`() {
        var hello = HelloBytes()
        #expect(Self.read(hello.bytes) == .hello(ClientHello(versions: [0x0303])))
        hello.hasExtensions = false
        #expect(Self.read(hello.bytes) == .hello(ClientHello(versions: [0x0303])))
    }

    @Test func `GREASE is left out`() {
        var hello = HelloBytes()
        hello.suites.insert(0x7A7A, at: 0)
        hello.extensions.append((0xDADA, []))
        hello.add(protocols: [[0x4A, 0x4A], Array("http/1.1".utf8)])
        hello.add(versions: [0x8A8A, 0x0304])
        hello.extensions.append((0x3A3A, [0]))
        let expected = ClientHello(protocols: [Array("http/1.1".utf8)], versions: [0x0304])
        #expect(Self.read(hello.bytes) == .hello(expected))
    }

    @Test func `An extension that occurs twice is refused, whichever it is`() {
        for type: UInt16 in [0, 10, 16, 43, 0x3A3A, 65281] {
            var hello = HelloBytes(name: "www.test.priv")
            if ![0, 16, 43].contains(type) { hello.extensions.append((type, [1])) }
            hello.extensions.append((type, [0, 0]))
            #expect(Self.read(hello.bytes) == .failed(.duplicateExtension(type)))
        }
    }

    @Test func `Two names in one list are refused`() {
        var hello = HelloBytes()
        let name = [0] + HelloBytes.vector16(Array("a.b".utf8))
        hello.extensions.append((0, HelloBytes.vector16(name + name)))
        #expect(Self.read(hello.bytes) == .failed(.malformed(.serverName)))
    }

    @Test(
        arguments: [
            [], [0], [0, 0], [0, 1, 0], [0, 3, 0, 0, 0], [0, 4, 1, 0, 1, 97], [0, 9, 0, 0, 1, 97],
        ] as [[UInt8]]
    )
    func `A malformed name is refused`(value: [UInt8]) {
        var hello = HelloBytes()
        hello.extensions.append((0, value))
        #expect(Self.read(hello.bytes) == .failed(.malformed(.serverName)))
    }

    @Test func `Each part that does not fit is named`() {
        var hello = Self.usual
        hello.session = [UInt8](repeating: 1, count: 33)
        #expect(Self.read(hello.bytes) == .failed(.malformed(.session)))
        hello = Self.usual
        hello.suites = []
        #expect(Self.read(hello.bytes) == .failed(.malformed(.suites)))
        hello = Self.usual
        hello.compression = []
        #expect(Self.read(hello.bytes) == .failed(.malformed(.compression)))
        hello = HelloBytes()
        hello.add(protocols: [[]])
        #expect(Self.read(hello.bytes) == .failed(.malformed(.protocols)))
        hello = HelloBytes()
        hello.extensions.append((43, [3, 3, 4, 3]))
        #expect(Self.read(hello.bytes) == .failed(.malformed(.versions)))
        let short: [UInt8] = [1, 0, 0, 2, 3, 3]
        #expect(Self.read(HelloBytes.record(short[...])) == .failed(.malformed(.version)))
        let beyond = Self.usual.message.dropFirst(4) + [0]
        let message = [1, 0, 0, UInt8(beyond.count)] + beyond
        #expect(Self.read(HelloBytes.record(message[...])) == .failed(.malformed(.extensions)))
    }

    @Test func `What is not TLS is recognised`() {
        #expect(Self.read(Array("GET / HTTP/1.1\r\n\r\n".utf8)) == .failed(.plainHTTP))
        #expect(Self.read(Array("OPTIONS * HTTP/1.1".utf8)) == .failed(.plainHTTP))
        #expect(Self.read(Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)) == .failed(.plainHTTP2))
        #expect(Self.read(Array("SSH-2.0-OpenSSH_9.2\r\n".utf8)) == .failed(.notTLS))
        #expect(Self.read([0x80, 0x2E, 1, 3, 1]) == .failed(.oldVersion))
        #expect(Self.read([0x80, 0x2E, 4]) == .failed(.notTLS))
        #expect(Self.read([22, 2]) == .failed(.notTLS))
        #expect(Self.read([0]) == .failed(.notTLS))
        #expect(Self.read(Array("P".utf8)) == .needsMore)
        #expect(Self.read([]) == .needsMore)
    }

    @Test func `A record that a hello cannot have is refused`() {
        let message = Self.usual.message
        let first = HelloBytes.record(message[..<20])
        #expect(Self.read(first + [21, 3, 3, 0, 2, 1, 0]) == .failed(.badRecord))
        #expect(Self.read(first + [22, 2]) == .failed(.badRecord))
        #expect(Self.read(first + [22, 3, 3, 0, 0]) == .failed(.badRecord))
        #expect(Self.read([22, 3, 1, 0, 0]) == .failed(.badRecord))
        #expect(Self.read([22, 3, 1, 0x40, 1]) == .failed(.recordOverflow))
        #expect(ClientHelloFailure.recordOverflow.alert == 22)
        #expect(Self.read([22, 3, 1, 0, 4, 2]) == .failed(.notHello(type: 2)))
    }

    /// One of so many bytes, by its padding.
    private static func hello(of size: Int) -> HelloBytes {
        var hello = HelloBytes(name: "www.test.priv")
        hello.extensions.append((21, []))
        hello.extensions[hello.extensions.count - 1].1 = [UInt8](
            repeating: 0,
            count: size - hello.message.count
        )
        return hello
    }

    @Test(arguments: [16_380, 16_384, 16_388])
    func `A hello of 16 KiB is read, in one record or in many`(size: Int) {
        let message = Self.hello(of: size).message
        #expect(message.count == size)
        for most in [16_384, 1_000, 20] {
            let sizes = Array(repeating: most, count: size / most + 1)
            guard case .hello = Self.read(HelloBytes.records(message, sizes: sizes)) else {
                Issue.record("\(size) bytes in records of \(most) are refused")
                continue
            }
        }
        // Its length is the message's without the four bytes before it.
        #expect(Self.read(HelloBytes.record(Self.hello(of: 16_389).message[..<16_384])) == .failed(.tooLong))
    }

    @Test func `At a bound there is an outcome, however small the records are`() {
        let hello = Self.hello(of: 16_000)
        // In records so small that their headers take it beyond the limit.
        let many = HelloBytes.records(hello.message, sizes: Array(repeating: 10, count: 1_601))
        #expect(Self.read(many) == .failed(.tooLong))
        #expect(Self.read(Array(many.prefix(ClientHelloReader.maxBytes - 1))) == .needsMore)
        #expect(Self.read(Array(many.prefix(ClientHelloReader.maxBytes))) == .failed(.tooLong))
        #expect(Self.read([22, 3, 1, 0, 4, 1, 1, 0, 0]) == .failed(.tooLong))
    }

    @Test func `Each failure has an alert, unless the peer does not speak TLS`() {
        #expect(ClientHelloFailure.plainHTTP.alert == nil && ClientHelloFailure.notTLS.alert == nil)
        #expect(ClientHelloFailure.badServerName.alert == 112)
        #expect(ClientHelloFailure.duplicateExtension(0).alert == 47)
        #expect("\(ClientHelloFailure.malformed(.suites))".contains("suites"))
    }
}
