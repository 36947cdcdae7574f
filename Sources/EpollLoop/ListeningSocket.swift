import CEpoll
import Glibc
package import NIOCore

/// A listening TCP socket on an `EpollLoop`.
///
/// It accepts in batches: few where few wait, so that no call finds nobody, and more with each batch that was full.
///
/// `@unchecked Sendable`: made anywhere, and from then on used on the loop's thread alone.
package final class ListeningSocket: EpollSource, @unchecked Sendable {
    /// Connections of one batch at most: then the others have their turn.
    private static let maxBatch = 64
    /// The kernel's queue of connections that have not been accepted.
    private static let backlog: Int32 = 4096

    package struct Options: Sendable {
        /// Another socket of this process may listen at the same address: one for each loop.
        package var isShared = true
        /// Of `[::]`: connections over IPv4 are another socket's.
        package var ipv6Only = false
        /// A connection is accepted when its first bytes have arrived (TCP_DEFER_ACCEPT).
        package var defersAccept = false

        package init() {}
    }

    private let loop: EpollLoop
    private let pause: TimeAmount
    private let interest: EpollEvents
    private var batch = 1
    private var isPaused = false
    /// Another process accepts.
    private var isHeld = false
    /// A connection has been accepted; its descriptor belongs to the callee.
    private var accepted: ((Int32, SocketEndpoint) -> Void)?
    /// There is no descriptor for another connection: frees some, if it can.
    private var freeDescriptors: () -> Bool = { false }

    /// Binds and listens. Any thread.
    ///
    /// - Parameter pause: how long it does not accept when the process is out of descriptors. Who connects waits in
    ///   the kernel.
    /// - Throws: `SocketError`.
    package init(
        _ endpoint: SocketEndpoint,
        _ options: Options,
        loop: EpollLoop,
        pause: TimeAmount
    ) throws(SocketError) {
        self.loop = loop
        self.pause = pause
        interest = .input
        super.init(try Self.bind(endpoint, options))
        guard listen(descriptor, Self.backlog) == 0 else { throw SocketError("listen") }
    }

    /// A socket that listens already, which this one closes at its end: another process has handed it over. Any thread.
    ///
    /// - Parameter isCopied: other loops have copies of it.
    package init(
        adopting descriptor: Int32,
        isCopied: Bool,
        _ options: Options,
        loop: EpollLoop,
        pause: TimeAmount
    ) {
        self.loop = loop
        self.pause = pause
        interest = isCopied ? [.input, .exclusive] : .input
        super.init(descriptor)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        SocketOptions.set(TCP_NODELAY, of: Int32(IPPROTO_TCP), to: 1, on: descriptor)
        SocketOptions.set(
            TCP_DEFER_ACCEPT,
            of: Int32(IPPROTO_TCP),
            to: options.defersAccept ? 1 : 0,
            on: descriptor
        )
        // Of a socket that listens, this sets the length of its queue.
        listen(descriptor, Self.backlog)
    }

    /// A socket without SO_REUSEPORT finds out whether another program, or another tier, listens at the address.
    ///
    /// - Throws: `SocketError`, EADDRINUSE if so.
    package static func probe(_ endpoint: SocketEndpoint, _ options: Options) throws(SocketError) {
        var options = options
        options.isShared = false
        Glibc.close(try bind(endpoint, options))
    }

    private static func bind(_ endpoint: SocketEndpoint, _ options: Options) throws(SocketError) -> Int32 {
        let descriptor = SocketOptions.open(isIPv6: endpoint.isIPv6)
        guard descriptor >= 0 else { throw SocketError("socket") }
        SocketOptions.set(SO_REUSEADDR, of: SOL_SOCKET, to: 1, on: descriptor)
        if options.isShared { SocketOptions.set(SO_REUSEPORT, of: SOL_SOCKET, to: 1, on: descriptor) }
        if endpoint.isIPv6 {
            SocketOptions.set(
                IPV6_V6ONLY,
                of: Int32(IPPROTO_IPV6),
                to: options.ipv6Only ? 1 : 0,
                on: descriptor
            )
        }
        // Accepted sockets inherit it (tcp(7)): one system call less for each of them.
        SocketOptions.set(TCP_NODELAY, of: Int32(IPPROTO_TCP), to: 1, on: descriptor)
        if options.defersAccept {
            SocketOptions.set(TCP_DEFER_ACCEPT, of: Int32(IPPROTO_TCP), to: 1, on: descriptor)
        }
        let result = endpoint.withSockaddr { pointer, size in Glibc.bind(descriptor, pointer, size) }
        guard result == 0 else {
            let error = SocketError("bind")
            Glibc.close(descriptor)
            throw error
        }
        return descriptor
    }

    /// With the port that the system chose where 0 was given.
    package var endpoint: SocketEndpoint? { Self.endpoint(ofSocket: descriptor) }

    /// Where a socket that somebody else has made listens; nil: it is not a TCP socket that listens.
    package static func endpoint(listening descriptor: Int32) -> SocketEndpoint? {
        func option(_ name: Int32) -> Int32? {
            var value: Int32 = 0
            var size = socklen_t(MemoryLayout<Int32>.size)
            return getsockopt(descriptor, SOL_SOCKET, name, &value, &size) == 0 ? value : nil
        }
        guard option(SO_ACCEPTCONN) == 1, option(SO_PROTOCOL) == Int32(IPPROTO_TCP) else { return nil }
        return endpoint(ofSocket: descriptor)
    }

    private static func endpoint(ofSocket descriptor: Int32) -> SocketEndpoint? {
        SocketEndpoint { pointer, size in getsockname(descriptor, pointer, size) }
    }

    /// Begins to accept. On the loop's thread.
    ///
    /// - Parameters:
    ///   - freeDescriptors: returns whether there is a descriptor now for another connection.
    package func begin(
        accepted: @escaping (Int32, SocketEndpoint) -> Void,
        freeDescriptors: @escaping () -> Bool
    ) {
        self.accepted = accepted
        self.freeDescriptors = freeDescriptors
        if !loop.watch(self, interest) { retryLater() }
    }

    /// Accepts who has connected already, and no more. On the loop's thread.
    package func end() {
        guard descriptor >= 0 else { return }
        batch = Int(Self.backlog)
        accept()
        release()
    }

    /// Closes its descriptor. Whoever has connected is accepted by the process that has another one for the socket; without
    /// such a process, connections that wait are reset. On the loop's thread.
    package func release() {
        guard descriptor >= 0 else { return }
        accepted = nil
        freeDescriptors = { false }
        loop.unwatch(self)
        loop.closeAtOnce(self)
    }

    /// Accepts nothing until `resumeAccepting`. On the loop's thread.
    package func holdAccepting() {
        guard descriptor >= 0, !isHeld else { return }
        isHeld = true
        loop.unwatch(self)
    }

    /// On the loop's thread.
    package func resumeAccepting() {
        guard isHeld else { return }
        isHeld = false
        guard descriptor >= 0, accepted != nil, !isPaused, !loop.watch(self, interest) else { return }
        retryLater()
    }

    package override func ready(_ events: EpollEvents) {
        accept()
    }

    private func accept() {
        for _ in 0..<batch {
            guard let accepted, descriptor >= 0 else { return }
            var connected: Int32 = -1
            var code: Int32 = 0
            let peer = SocketEndpoint { pointer, size in
                connected = accept4(
                    descriptor,
                    pointer,
                    size,
                    Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
                )
                if connected < 0 { code = errno }
                return connected
            }
            guard connected >= 0 else {
                if code == EAGAIN { return batch = max(1, batch / 2) }
                if SocketError.isShortage(code) { return outOfDescriptors() }
                // One who had connected has gone.
                continue
            }
            accepted(connected, peer ?? SocketEndpoint(.v4(0), port: 0))
        }
        batch = min(batch * 2, Self.maxBatch)
    }

    private func outOfDescriptors() {
        batch = 1
        let areSomeFree = freeDescriptors()
        guard !loop.closeDescriptors(), !areSomeFree, !isPaused else { return }
        // It stays ready, and the loop would try again without end.
        loop.unwatch(self)
        retryLater()
    }

    private func retryLater() {
        isPaused = true
        _ = loop.schedule(at: loop.roundTime + pause) { [self] in
            isPaused = false
            guard accepted != nil, !isHeld, !loop.watch(self, interest) else { return }
            retryLater()
        }
    }
}
