import NIOCore
import NIOEmbedded
import Names
import ProxyCore
import Routing
import Settings

@testable import Proxy

/// A tier without sockets and threads, and with a clock that the test moves: the same bytes in every run.
final class EmbeddedTier {
    /// Plays an origin: called with each connection to it, whenever something new has come or the end.
    typealias Origin = (EmbeddedPeer) -> Void

    /// The address of every client.
    static let client = IPAddress(v4: 0x7F00_0001)

    /// Responds to each request with its own head.
    static func echoHeads(_ connection: EmbeddedPeer) {
        while let head = connection.nextHead() {
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(head.utf8.count)\r\n\r\n\(head)")
        }
    }

    let loop: EmbeddedEventLoop
    let log = EmbeddedLog()
    private var made: Worker?
    private let trustedProxies: [CIDR]
    private let names: NameTable
    private let origin: Origin?
    /// What the next attempts to connect end with; nil: they succeed.
    var connectFailure: Failure.Reason?
    private var upstreamEnds: [EmbeddedEnd] = []
    private var clientEnds: [EmbeddedEnd] = []
    /// How much of each upstream connection the origin has seen.
    private var seen: [ObjectIdentifier: (count: Int, ended: Bool)] = [:]
    /// The tier that every upstream connection leads to.
    private var next: EmbeddedTier?
    private var links: [(here: EmbeddedEnd, there: EmbeddedEnd)] = []
    private var isSettling = false

    /// - Parameters:
    ///   - rules: in order.
    ///   - origin: plays every upstream connection; nil: the test plays them.
    init(
        rules: [RuleDefinition],
        configure: (inout TierSettings) -> Void = { _ in },
        loop: EmbeddedEventLoop = EmbeddedEventLoop(),
        origin: Origin? = nil
    ) throws {
        var settings = TierSettings(name: "front", instance: "test")
        configure(&settings)
        self.loop = loop
        self.origin = origin
        trustedProxies = settings.trustedProxies
        let address = NamedAddress(address: IPAddress(v4: 0x0A01_0001), port: 80)
        names = NameTable(layers: [NameLayer(source: "static", names: ["origin": [address]])])
        let worker = Worker.withoutSockets(
            on: loop,
            settings: settings,
            table: try RouteTable(rules),
            resolver: TargetResolver(
                names: names,
                addressGuard: AddressGuard(listening: [], ownAddresses: [])
            ),
            log: log
        ) { [unowned self] () throws(Failure) in
            if let connectFailure { throw Failure(connectFailure) }
            let end = EmbeddedEnd()
            upstreamEnds.append(end)
            return end.transport
        }
        worker.start()
        made = worker
        loop.run()
    }

    /// One rule that sends every host to the origin.
    convenience init(
        edit: (inout RuleDefinition) -> Void = { _ in },
        configure: (inout TierSettings) -> Void = { _ in },
        origin: Origin? = nil
    ) throws {
        var rule = RuleDefinition(name: "all", action: .forward(to: "origin"))
        edit(&rule)
        try self.init(rules: [rule], configure: configure, origin: origin)
    }

    /// A tier that sends everything to another.
    convenience init(to next: EmbeddedTier) throws {
        let rule = RuleDefinition(name: "all", action: .forward(to: "origin"))
        try self.init(rules: [rule], loop: next.loop)
        self.next = next
    }

    /// Records what the rules tap.
    func tap(_ tap: Tap) { made?.context.tap = tap }

    /// Keeps requests from now on.
    func keepRequests(recent: Int = 8, failed: Int = 4) -> RequestHistory? {
        made?.context.history = RequestHistory(recent: recent, failed: failed, seed: 7)
        return made?.context.history
    }

    /// Those that run, as commands find them.
    func running(where isWanted: (Exchange) -> Bool) -> [KeptRequest] {
        made?.running(where: isWanted) ?? []
    }

    /// Takes traced requests from now on.
    func trace(to sink: any TraceSink) {
        made?.keepRequests(false, seed: 7, sink)
    }

    /// Whether requests are kept, for whatever purpose.
    var keepsRequests: Bool { made?.context.history != nil }

    /// Puts other settings in force, as a reload does.
    func reload(_ change: (inout TierSettings) -> Void) {
        guard let worker = made else { return }
        var settings = worker.context.settings
        change(&settings)
        worker.install(table: worker.context.stages.rules.table, settings: settings, names: names)
        loop.run()
    }

    /// A new connection of a client.
    func connect() throws -> EmbeddedPeer {
        guard let worker = made else { throw ChannelError.alreadyClosed }
        let info = ConnectionInfo(peer: Self.client, localPort: 80, trustedProxies: trustedProxies)
        let end = EmbeddedEnd()
        worker.serve(end.transport, of: info)
        clientEnds.append(end)
        return EmbeddedPeer(tier: self, end: end)
    }

    /// The origins' ends of the upstream connections, in the order in which these were made.
    var upstreams: [EmbeddedPeer] { upstreamEnds.map { EmbeddedPeer(tier: self, end: $0) } }

    // MARK: Time

    /// Lets everything happen that happens without time.
    func settle() {
        guard !isSettling else { return }
        isSettling = true
        while move() {}
        isSettling = false
    }

    /// Lets time go by, tick by tick.
    func pass(_ time: TimeAmount) {
        let end = loop.now + time
        while loop.now < end {
            loop.advanceTime(by: DataPathConstants.tick)
            settle()
        }
    }

    private func move() -> Bool {
        loop.run()
        var moved = next?.move() ?? false
        for end in clientEnds + upstreamEnds {
            while end.transport.isReadable {
                end.transport.readable(64 << 10)
                moved = true
            }
            if end.transport.isFlushable {
                end.transport.takeMore()
                moved = true
            }
            if end.receive() { moved = true }
        }
        for peer in upstreams where playOrigin(peer) { moved = true }
        return carry() || moved
    }

    private func playOrigin(_ peer: EmbeddedPeer) -> Bool {
        guard let origin, !peer.isClosed else { return false }
        let last = seen[peer.id] ?? (0, false)
        guard last != (peer.end.count, peer.isEnded) else { return false }
        seen[peer.id] = (peer.end.count, peer.isEnded)
        origin(peer)
        return true
    }

    /// Carries bytes and ends between this tier's upstream connections and the next tier.
    private func carry() -> Bool {
        guard let next else { return false }
        for end in upstreamEnds.dropFirst(links.count) {
            guard let client = try? next.connect() else { return false }
            links.append((end, client.end))
        }
        var moved = false
        for (here, there) in links {
            let (here, there) = (EmbeddedPeer(tier: self, end: here), EmbeddedPeer(tier: next, end: there))
            for (from, to) in [(here, there), (there, here)] where carry(from, to.end.wire) { moved = true }
        }
        return moved
    }

    private func carry(_ from: EmbeddedPeer, _ wire: Wire) -> Bool {
        guard !wire.farClosed else { return false }
        let bytes = from.takeBytes()
        wire.send(bytes[...])
        if from.isReset {
            wire.reset()
        } else if from.end.wire.berthClosed {
            wire.close()
        } else if from.isEnded, wire.canSend {
            wire.finish()
        } else {
            return !bytes.isEmpty
        }
        return true
    }

    deinit {
        guard let worker = made else { return }
        _ = worker.stop()
        loop.run()
        for end in clientEnds + upstreamEnds { end.transport.close() }
        loop.run()
    }
}

/// The records of an `EmbeddedTier`.
final class EmbeddedLog: ExchangeLog {
    private(set) var entries: [RecordedLog.Entry] = []

    func record(_ record: ExchangeRecord) { entries.append(RecordedLog.Entry(record)) }

    func flush() {}
}
