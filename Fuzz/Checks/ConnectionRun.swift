import HTTP1
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
        let transport: PipeTransport
        var bytes: [UInt8] = []
        /// The request that has begun, as an index.
        var current: Int?
        var answered = false

        init(_ transport: PipeTransport) { self.transport = transport }
    }

    /// Targets that are connected to in one run.
    private static let mostTargets = 64
    private static let table = try? RouteTable([
        RuleDefinition(name: "all", action: .forward(to: "10.0.0.1:80"))
    ])

    private let loop: EmbeddedEventLoop
    private let client = PipeTransport()
    private let worker: Worker
    private let targets: Targets
    private let answer: [UInt8]
    private var reads: Reads

    private final class Targets { var all: [Target] = [] }

    private init(_ bytes: [UInt8], answer: [UInt8]) throws {
        guard let table = Self.table else { throw Contradiction("the check's own rule is wrong", []) }
        let loop = EmbeddedEventLoop()
        let targets = Targets()
        let worker = Worker.withoutSockets(
            on: loop,
            settings: TierSettings(name: "front", instance: "check"),
            table: table,
            resolver: TargetResolver(
                names: NameTable(layers: []),
                addressGuard: AddressGuard(listening: [], ownAddresses: [])
            )
        ) { () throws(Failure) in
            guard targets.all.count < Self.mostTargets else { throw Failure(.connectFailed) }
            let transport = PipeTransport()
            targets.all.append(Target(transport))
            return transport
        }
        let edge = ConnectionInfo(peer: IPAddress(v4: 0xC000_0201), localPort: 80, trustedProxies: [])
        worker.serve(client, of: edge)
        self.loop = loop
        self.worker = worker
        self.targets = targets
        self.answer = answer
        reads = Reads(bytes + answer)
    }

    static func run(_ bytes: [UInt8], answer: [UInt8]) throws(Contradiction) -> ConnectionRun {
        do {
            var run = try ConnectionRun(bytes, answer: answer)
            var start = 0
            for size in run.reads.sizes(bytes.count) where run.client.isActive {
                run.client.deliver(bytes[start..<(start + size)])
                start += size
                try run.turn()
            }
            // Targets close what they have answered, which ends some answers and lets the next request begin.
            for _ in 0..<Self.mostTargets {
                try run.turn()
                let open = run.targets.all.filter { $0.answered && $0.transport.isActive }
                if open.isEmpty { break }
                for target in open {
                    target.transport.peerEndsInput()
                    run.loop.run()
                }
            }
            run.client.peerEndsInput()
            try run.turn()
            run.client.peerCloses()
            for target in run.targets.all { target.transport.peerCloses() }
            return run
        } catch let contradiction as Contradiction {
            throw contradiction
        } catch {
            throw Contradiction("\(error)", bytes)
        }
    }

    /// Lets everything happen that can happen.
    private mutating func turn() throws {
        loop.run()
        var index = 0
        // Answers let further targets come.
        while index < targets.all.count {
            try serve(targets.all[index])
            index += 1
        }
        downstream += client.takeReceived()
    }

    private mutating func serve(_ target: Target) throws {
        while true {
            target.bytes += target.transport.takeReceived()
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
        for size in reads.sizes(answer.count) where target.transport.isActive {
            target.transport.deliver(answer[start..<(start + size)])
            start += size
            loop.run()
            target.bytes += target.transport.takeReceived()
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
