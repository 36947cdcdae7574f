import Glibc
import NIOCore
import NIOEmbedded

/// A channel without a socket, which behaves as NIO's stream channels do: writes wait
/// until they are flushed and the wire has room, watermarks make it unwritable, reads
/// happen only when asked for, the input and the output close by halves, and errors of
/// reading and writing end it in NIO's order of calls.
///
/// `EmbeddedChannel` has none of this. What is copied is described at
/// `BaseStreamSocketChannel` and `PendingStreamWritesManager` of NIOPosix.
///
/// `@unchecked Sendable`: lives on one embedded loop, which is one thread.
final class SimulatedSocket: Channel, ChannelCore, SocketOptionProvider, @unchecked Sendable {
    let wire: Wire
    private let loop: EmbeddedEventLoop
    private let low: Int
    private let high: Int

    private var handlers: ChannelPipeline?
    private let closePromise: EventLoopPromise<Void>
    private var open = true
    private var active = false
    private(set) var inputShutdown = false
    private(set) var outputShutdown = false
    private var readPending = false
    private var writable = true
    private var publishedWritability = true
    private var flushing = false
    private var closingOutput = false
    private var outputPromise: EventLoopPromise<Void>?
    private var writes: [(bytes: ArraySlice<UInt8>, promise: EventLoopPromise<Void>?)] = []
    private var flushed = 0
    /// Bytes that were written and that the wire has not taken.
    private(set) var waiting = 0

    /// Writes that were given and are not done.
    var pieces: Int { writes.count }

    /// - Parameter high: bytes that may wait before the channel is unwritable.
    init(wire: Wire, loop: EmbeddedEventLoop, low: Int, high: Int) {
        self.wire = wire
        self.loop = loop
        self.low = low
        self.high = high
        self.closePromise = loop.makePromise()
    }

    /// Puts the handler in place and opens.
    func activate(_ handler: any ChannelHandler & Sendable) {
        try? pipeline.syncOperations.addHandler(handler)
        pipeline.syncOperations.fireChannelRegistered()
        active = true
        pipeline.syncOperations.fireChannelActive()
        readIfNeeded()
    }

    // MARK: What the wire does

    /// Something waits to be read, and reading was asked for or can't be put off.
    var isReadable: Bool {
        open && active
            && (wire.wasReset || (wire.finished && !inputShutdown) || (readPending && !wire.toBerth.isEmpty))
    }

    /// Reads once, up to `count` bytes. As NIO does, all that is left and the end itself
    /// once the end is there, whether reading was asked for or not.
    func readable(_ count: Int) {
        guard isReadable else { return }
        if wire.wasReset {
            let error = IOError(errnoCode: ECONNRESET, reason: "read")
            pipeline.syncOperations.fireErrorCaught(error)
            close0(error: error, mode: .all, promise: nil)
            return
        }
        repeat {
            guard !wire.toBerth.isEmpty else { return readEnd() }
            readPending = false
            pipeline.syncOperations.fireChannelRead(NIOAny(ByteBuffer(bytes: wire.take(count))))
            if active { pipeline.syncOperations.fireChannelReadComplete() }
            readIfNeeded()
        } while active && wire.finished && !wire.wasReset
    }

    private func readEnd() {
        guard active, !inputShutdown else { return }
        pipeline.syncOperations.fireChannelReadComplete()
        close0(error: ChannelError.eof, mode: .input, promise: nil)
        readPending = false
    }

    /// Flushed bytes wait, and the wire takes some or says that it will not.
    var isFlushable: Bool {
        open && flushed > 0 && (wire.fromBerth.count < wire.window || wire.farClosed || wire.wasReset)
    }

    func takeMore() {
        flushNow()
    }

    private func readIfNeeded() {
        if active, !inputShutdown, !readPending { pipeline.syncOperations.read() }
    }

    // MARK: ChannelCore

    func write0(_ data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard open else { return fail(promise, ChannelError.ioOnClosedChannel) }
        guard !outputShutdown else { return fail(promise, ChannelError.outputClosed) }
        let buffer = unwrapData(data, as: ByteBuffer.self)
        writes.append((Array(buffer.readableBytesView)[...], promise))
        waiting += buffer.readableBytes
        if waiting > high, writable {
            writable = false
            publishedWritability = false
            pipeline.syncOperations.fireChannelWritabilityChanged()
        }
    }

    func flush0() {
        guard open else { return }
        flushed = writes.count
        if active { flushNow() }
    }

    private func flushNow() {
        guard !flushing else { return }
        flushing = true
        defer { flushing = false }
        while flushed > 0, open {
            guard writeSome() else {
                let error = IOError(errnoCode: EPIPE, reason: "write")
                readIfNeeded()
                close0(error: error, mode: .all, promise: nil)
                return
            }
            if !publishedWritability, writable {
                publishedWritability = true
                pipeline.syncOperations.fireChannelWritabilityChanged()
            }
            if flushed > 0, !wire.wasReset, wire.fromBerth.count >= wire.window { return }
            if writes.isEmpty, closingOutput { finishOutput() }
        }
    }

    /// - Returns: false when the far end is gone.
    private func writeSome() -> Bool {
        while flushed > 0, open {
            guard let accepted = wire.accept(writes[0].bytes) else { return false }
            waiting -= accepted
            if waiting < low { writable = true }
            guard accepted == writes[0].bytes.count else {
                writes[0].bytes = writes[0].bytes.dropFirst(accepted)
                return true
            }
            let done = writes.removeFirst()
            flushed -= 1
            done.promise?.succeed(())
        }
        return true
    }

    func read0() {
        if open, !inputShutdown { readPending = true }
    }

    func close0(error: any Error, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        switch mode {
        case .output:
            guard !outputShutdown else { return fail(promise, ChannelError.outputClosed) }
            if inputShutdown { return close0(error: error, mode: .all, promise: promise) }
            guard open else { return fail(promise, ChannelError.alreadyClosed) }
            closingOutput = true
            outputPromise.setOrCascade(to: promise)
            if writes.isEmpty { finishOutput() }
        case .input:
            guard !inputShutdown else { return fail(promise, ChannelError.inputClosed) }
            if outputShutdown { return close0(error: error, mode: .all, promise: promise) }
            inputShutdown = true
            promise?.succeed(())
            pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        case .all:
            closeAll(error: error, promise: promise)
        }
    }

    private func finishOutput() {
        guard !outputShutdown else { return }
        outputShutdown = true
        closingOutput = false
        wire.finishedByBerth()
        outputPromise?.succeed(())
        outputPromise = nil
        pipeline.fireUserInboundEventTriggered(ChannelEvent.outputClosed)
    }

    private func closeAll(error: any Error, promise: EventLoopPromise<Void>?) {
        guard open else { return fail(promise, ChannelError.alreadyClosed) }
        open = false
        let wasActive = active
        active = false
        wire.closedByBerth()
        let lost = writes
        writes = []
        flushed = 0
        waiting = 0
        for write in lost { write.promise?.fail(error) }
        outputPromise?.fail(error)
        outputPromise = nil
        promise?.succeed(())
        if wasActive { pipeline.syncOperations.fireChannelInactive() }
        pipeline.syncOperations.fireChannelUnregistered()
        loop.execute { [self] in
            removeHandlers(pipeline: pipeline)
            closePromise.succeed(())
        }
    }

    private func fail(_ promise: EventLoopPromise<Void>?, _ error: ChannelError) {
        promise?.fail(error)
    }

    func localAddress0() throws -> SocketAddress { throw ChannelError.operationUnsupported }
    func remoteAddress0() throws -> SocketAddress { throw ChannelError.operationUnsupported }
    func register0(promise: EventLoopPromise<Void>?) { promise?.succeed(()) }
    func registerAlreadyConfigured0(promise: EventLoopPromise<Void>?) { promise?.succeed(()) }
    func bind0(to: SocketAddress, promise: EventLoopPromise<Void>?) {
        fail(promise, ChannelError.operationUnsupported)
    }
    func connect0(to: SocketAddress, promise: EventLoopPromise<Void>?) {
        fail(promise, ChannelError.operationUnsupported)
    }
    func triggerUserOutboundEvent0(_ event: Any, promise: EventLoopPromise<Void>?) {
        fail(promise, ChannelError.operationUnsupported)
    }
    func channelRead0(_ data: NIOAny) {}
    func errorCaught0(error: any Error) {}

    // MARK: Channel

    var isOpen: Bool { open }
    var isActive: Bool { active }
    var isWritable: Bool { writable }
    var allocator: ByteBufferAllocator { ByteBufferAllocator() }
    var closeFuture: EventLoopFuture<Void> { closePromise.futureResult }
    var localAddress: SocketAddress? { nil }
    var remoteAddress: SocketAddress? { nil }
    var parent: (any Channel)? { nil }
    var eventLoop: any EventLoop { loop }
    var _channelCore: any ChannelCore { self }
    var syncOptions: (any NIOSynchronousChannelOptions)? { Options(socket: self) }

    var pipeline: ChannelPipeline {
        if let handlers { return handlers }
        let made = ChannelPipeline(channel: self)
        handlers = made
        return made
    }

    func setOption<Option: ChannelOption>(_ option: Option, value: Option.Value) -> EventLoopFuture<Void> {
        loop.makeFailedFuture(ChannelError.operationUnsupported)
    }

    func getOption<Option: ChannelOption>(_ option: Option) -> EventLoopFuture<Option.Value> {
        loop.makeFailedFuture(ChannelError.operationUnsupported)
    }

    /// The socket's one option that Berth sets: a close that is a reset.
    func unsafeSetSocketOption<Value: Sendable>(
        level: SocketOptionLevel,
        name: SocketOptionName,
        value: Value
    ) -> EventLoopFuture<Void> {
        if let value = value as? linger { wire.resetsOnClose = value.l_onoff != 0 && value.l_linger == 0 }
        return loop.makeSucceededFuture(())
    }

    func unsafeSetSocketOption<Value: Sendable>(
        level: NIOBSDSocket.OptionLevel,
        name: NIOBSDSocket.Option,
        value: Value
    ) -> EventLoopFuture<Void> {
        unsafeSetSocketOption(level: SocketOptionLevel(level.rawValue), name: name.rawValue, value: value)
    }

    func unsafeGetSocketOption<Value: Sendable>(
        level: SocketOptionLevel,
        name: SocketOptionName
    ) -> EventLoopFuture<Value> {
        loop.makeFailedFuture(ChannelError.operationUnsupported)
    }

    func unsafeGetSocketOption<Value: Sendable>(
        level: NIOBSDSocket.OptionLevel,
        name: NIOBSDSocket.Option
    ) -> EventLoopFuture<Value> {
        loop.makeFailedFuture(ChannelError.operationUnsupported)
    }

    /// The one option that Berth asks for while it runs.
    private struct Options: NIOSynchronousChannelOptions {
        let socket: SimulatedSocket

        func setOption<Option: ChannelOption>(_ option: Option, value: Option.Value) throws {
            throw ChannelError.operationUnsupported
        }

        func getOption<Option: ChannelOption>(_ option: Option) throws -> Option.Value {
            guard socket.open else { throw ChannelError.ioOnClosedChannel }
            guard option is ChannelOptions.Types.BufferedWritableBytesOption,
                let value = socket.waiting as? Option.Value
            else { throw ChannelError.operationUnsupported }
            return value
        }
    }
}
