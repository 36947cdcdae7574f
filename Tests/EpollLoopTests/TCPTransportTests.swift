import CEpoll
import Glibc
import NIOCore
import Testing
import TestSupport
import Transports

@testable import EpollLoop

/// Connections over TCP, which can be reset, on a loop that the test runs itself.
@Suite struct TCPTransportTests {
    private let loop: EpollLoop
    private let owner = RecordingOwner()
    private let listening: Int32
    private let endpoint: SocketEndpoint

    init() throws {
        loop = try EpollLoop()
        loop.adoptThread()
        let listening = SocketOptions.open(isIPv6: false)
        let any = SocketEndpoint(.v4(0x7F00_0001), port: 0)
        guard any.withSockaddr({ bind(listening, $0, $1) }) == 0, listen(listening, 8) == 0,
            let bound = SocketEndpoint({ getsockname(listening, $0, $1) })
        else { throw SocketError("listen") }
        self.listening = listening
        endpoint = bound
    }

    private func settle() {
        for _ in 0..<20 {
            loop.enqueue {}
            loop.round()
        }
    }

    /// A client's connection that Berth has accepted.
    private func accepted() throws -> (transport: SocketTransport, far: Int32) {
        let far = SocketOptions.open(isIPv6: false)
        _ = endpoint.withSockaddr { connect(far, $0, $1) }
        let own = accept4(listening, nil, nil, Int32(SOCK_NONBLOCK.rawValue))
        let transport = SocketTransport(own, loop: loop)
        transport.owner = owner
        transport.begin()
        return (transport, far)
    }

    /// A connection to an endpoint that the test plays. The loop has not looked at it yet.
    private func connecting() throws -> (transport: SocketTransport, far: Int32) {
        let transport = SocketTransport(SocketOptions.open(isIPv6: false), loop: loop)
        transport.connect(to: endpoint, timeout: .hours(1)) { [owner] error in
            #expect(error == nil)
            transport.owner = owner
        }
        return (transport, accept(listening, nil, nil))
    }

    private func send(_ text: String, from far: Int32) {
        _ = text.withCString { Glibc.send(far, $0, text.utf8.count, Int32(MSG_NOSIGNAL)) }
    }

    private func reset(_ far: Int32) {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(far, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        close(far)
    }

    @Test func `A response that came before the endpoint broke off is read though a write fails`() throws {
        let (transport, far) = try connecting()
        settle()
        transport.write(ByteBuffer(repeating: 1, count: 1000))
        transport.flush()
        settle()
        send("413", from: far)
        // With bytes that were not read: a reset follows the response.
        close(far)
        for _ in 0..<3 {
            transport.write(ByteBuffer(repeating: 1, count: 8 << 20))
            transport.flush()
        }
        settle()
        #expect(owner.text == "413")
        #expect(owner.events.last == "failed" && !owner.events.contains("input ended"))
        #expect(!transport.isActive)
    }

    @Test func `An endpoint that sends and closes at once is read to its end`() throws {
        let (transport, far) = try connecting()
        send("503", from: far)
        close(far)
        settle()
        #expect(owner.text == "503" && owner.events == ["input ended"])
        transport.close()
    }

    @Test func `A refused connection is told of with its reason, and once`() throws {
        close(listening)
        var errors: [Int32?] = []
        let transport = SocketTransport(SocketOptions.open(isIPv6: false), loop: loop)
        transport.connect(to: endpoint, timeout: .hours(1)) { errors.append($0?.code) }
        settle()
        #expect(errors == [ECONNREFUSED])
        #expect(!transport.isActive)
    }

    @Test func `A connection that is not made in time is given up`() throws {
        // A full queue of connections that nobody accepts answers nobody.
        var others: [Int32] = []
        for _ in 0..<32 {
            let other = SocketOptions.open(isIPv6: false)
            _ = endpoint.withSockaddr { connect(other, $0, $1) }
            others.append(other)
        }
        var errors: [Int32?] = []
        let transport = SocketTransport(SocketOptions.open(isIPv6: false), loop: loop)
        transport.connect(to: endpoint, timeout: .milliseconds(20)) { errors.append($0?.code) }
        while errors.isEmpty { loop.round() }
        #expect(errors == [ETIMEDOUT])
        for other in others { close(other) }
    }

    @Test func `A client's reset is noticed while nothing is read from it`() throws {
        let (transport, far) = try accepted()
        send("head", from: far)
        settle()
        #expect(owner.text == "head")
        owner.acceptsBytes = false
        reset(far)
        settle()
        #expect(owner.events == ["failed"] && !transport.isActive)
    }

    @Test func `A client's reset after its end is noticed`() throws {
        let (transport, far) = try accepted()
        transport.awaitInput()
        shutdown(far, Int32(SHUT_WR))
        settle()
        #expect(owner.events == ["input ended"])
        reset(far)
        settle()
        #expect(owner.events == ["input ended", "failed"] && !transport.isActive)
    }

    @Test func `What an endpoint sent before its reset is read when there is place for it`() throws {
        let (transport, far) = try connecting()
        settle()
        owner.acceptsBytes = false
        send("response", from: far)
        settle()
        reset(far)
        settle()
        #expect(owner.events.isEmpty)
        owner.acceptsBytes = true
        transport.resumeReading()
        settle()
        #expect(owner.text == "response" && owner.events == ["failed"])
    }

    @Test func `Bytes after urgent data are read`() throws {
        let (transport, far) = try accepted()
        transport.awaitInput()
        send("ab", from: far)
        _ = Glibc.send(far, "!", 1, Int32(MSG_OOB))
        send("cd", from: far)
        settle()
        #expect(owner.text == "abcd")
        transport.close()
        close(far)
    }
}
