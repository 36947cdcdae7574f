import HTTP1
import NIOCore
import NIOEmbedded
import Names
import Proxy
import ProxyCore
import Routing

/// One client's connection, run to its end; and what came out of it on both sides.
struct ConnectionRun {
    struct Request {
        var head: [UInt8]
        /// Nil if it never became whole.
        var content: [UInt8]?
    }

    private(set) var downstream: [UInt8] = []
    /// In the order in which their heads arrived.
    private(set) var requests: [Request] = []
    /// A body came that can't be read.
    private(set) var nonsense = false

    /// A connection to the target.
    private final class Target {
        let channel: EmbeddedChannel
        var bytes: [UInt8] = []
        /// The request that has begun, as an index.
        var current: Int?
        var answered = false

        init(_ channel: EmbeddedChannel) { self.channel = channel }
    }

    /// Targets that are connected to in one run.
    private static let mostTargets = 64
    private static let table = try? RouteTable([
        RuleDefinition(name: "all", action: .forward(to: "10.0.0.1:80"))
    ])

    private let client: EmbeddedChannel
    private let targets: Targets
    private let answer: [UInt8]
    private var reads: Reads

    private final class Targets { var all: [Target] = [] }

    private init(_ bytes: [UInt8], answer: [UInt8]) throws {
        guard let table = Self.table else { throw Contradiction("the check's own rule is wrong", []) }
        let loop = EmbeddedEventLoop()
        let targets = Targets()
        let worker = Worker.forTesting(
            on: loop,
            settings: TierSettings(name: "front", instance: "check"),
            table: table,
            resolver: TargetResolver(
                names: NameTable(layers: []),
                addressGuard: AddressGuard(listening: [], ownAddresses: [])
            )
        ) { handler in
            guard targets.all.count < Self.mostTargets else { throw ChannelError.eof }
            let channel = EmbeddedChannel(handler: handler, loop: loop)
            channel.connect(to: try SocketAddress(ipAddress: "10.0.0.1", port: 80), promise: nil)
            targets.all.append(Target(channel))
        }
        let edge = ConnectionInfo(peer: IPAddress(v4: 0xC000_0201), localPort: 80, trustedProxies: [])
        client = EmbeddedChannel(handler: worker.handler(for: edge), loop: loop)
        client.connect(to: try SocketAddress(ipAddress: "192.0.2.1", port: 1), promise: nil)
        self.targets = targets
        self.answer = answer
        reads = Reads(bytes + answer)
    }

    static func run(_ bytes: [UInt8], answer: [UInt8]) throws(Contradiction) -> ConnectionRun {
        do {
            var run = try ConnectionRun(bytes, answer: answer)
            var start = 0
            for size in run.reads.sizes(bytes.count) where run.client.isActive {
                _ = try? run.client.writeInbound(ByteBuffer(bytes: bytes[start..<(start + size)]))
                start += size
                try run.turn()
            }
            // Targets close what they have answered, which ends some answers and lets the next request begin.
            for _ in 0..<Self.mostTargets {
                try run.turn()
                let open = run.targets.all.filter { $0.answered && $0.channel.isActive }
                if open.isEmpty { break }
                for target in open {
                    target.channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
                    run.client.embeddedEventLoop.run()
                }
            }
            run.client.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
            try run.turn()
            _ = try? run.client.finish(acceptAlreadyClosed: true)
            for target in run.targets.all { _ = try? target.channel.finish(acceptAlreadyClosed: true) }
            return run
        } catch let contradiction as Contradiction {
            throw contradiction
        } catch {
            throw Contradiction("\(error)", bytes)
        }
    }

    /// Lets everything happen that can happen.
    private mutating func turn() throws {
        client.embeddedEventLoop.run()
        var index = 0
        // Answers let further targets come.
        while index < targets.all.count {
            try serve(targets.all[index])
            index += 1
        }
        while let buffer = try client.readOutbound(as: ByteBuffer.self) {
            downstream += buffer.readableBytesView
        }
    }

    private mutating func serve(_ target: Target) throws {
        while true {
            while let buffer = try target.channel.readOutbound(as: ByteBuffer.self) {
                target.bytes += buffer.readableBytesView
            }
            if target.current == nil, let end = Self.headEnd(target.bytes[...]) {
                target.current = requests.count
                target.answered = false
                requests.append(Request(head: Array(target.bytes[..<end])))
                target.bytes.removeFirst(end)
            }
            guard let current = target.current else { return }
            let early = reads.number(below: 8) == 0
            let whole = takeBody(target, current)
            if !target.answered, whole || early { try speak(target, whole: whole) }
            guard whole else { return }
            target.current = nil
        }
    }

    /// Takes the rest of a request from what came; true when it is whole.
    private mutating func takeBody(_ target: Target, _ current: Int) -> Bool {
        switch PlainHead(requests[current].head)?.body {
        case nil: return false
        case .unsaid: requests[current].content = []
        case .length(let length):
            guard target.bytes.count >= length else { return false }
            requests[current].content = Array(target.bytes.prefix(Int(length)))
            target.bytes.removeFirst(Int(length))
        case .chunked:
            switch ReferenceChunked.read(target.bytes) {
            case .wrong:
                nonsense = true
                return false
            case .begun: return false
            case .whole(let content, _, let length):
                requests[current].content = content
                target.bytes.removeFirst(length)
            }
        }
        return true
    }

    /// The target says what it has to say, in some reads; but no more once the next request is there. (What it
    /// says then is the next answer, for every client of HTTP/1.1: nobody can tell when it was meant.)
    private mutating func speak(_ target: Target, whole: Bool) throws {
        target.answered = true
        var start = 0
        for size in reads.sizes(answer.count) where target.channel.isActive {
            _ = try? target.channel.writeInbound(ByteBuffer(bytes: answer[start..<(start + size)]))
            start += size
            client.embeddedEventLoop.run()
            while let buffer = try target.channel.readOutbound(as: ByteBuffer.self) {
                target.bytes += buffer.readableBytesView
            }
            if whole, !target.bytes.isEmpty { return }
        }
    }

    /// Where the first head in the bytes ends; nil if it does not.
    static func headEnd(_ bytes: ArraySlice<UInt8>) -> Int? {
        var place = bytes.startIndex
        while place + 4 <= bytes.endIndex {
            if bytes[place..<(place + 4)].elementsEqual([13, 10, 13, 10]) { return place + 4 }
            place += 1
        }
        return nil
    }
}
