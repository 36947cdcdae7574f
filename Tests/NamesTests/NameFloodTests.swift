import Foundation
import NIOCore
import NIOConcurrencyHelpers
import Routing
import Testing

@testable import Names

/// Names in use during a flood of names that nobody knows, in simulated time.
@Suite struct NameFloodTests {
    /// What the source does with new names; refreshes of known names have the same fate, or are answered at once.
    struct Resolver: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let traits: QueryTraits
        /// The time to a result, seconds; nil: there is none.
        let delay: Double?
        let result: NameQueryResult
        /// Names in use fail as well.
        let isDown: Bool
    }

    private static let dns = QueryTraits(places: 256)
    private static let system = QueryTraits(
        places: 4,
        timeout: .seconds(5),
        absence: .doubtful(witness: nil)
    )
    private static let refused = NameQueryResult.failed(NameProblem(.unavailable, "refused"))
    private static let silent = NameQueryResult.failed(NameProblem(.timeout, "no response"))
    private static let none = NameQueryResult.none(ttl: .seconds(5))

    static let resolvers = [
        Resolver(testDescription: "dns, dead", traits: dns, delay: 2, result: silent, isDown: true),
        Resolver(testDescription: "dns, slow", traits: dns, delay: 1, result: none, isDown: false),
        Resolver(testDescription: "dns, refuses", traits: dns, delay: 0, result: refused, isDown: true),
        Resolver(testDescription: "system, hangs", traits: system, delay: nil, result: none, isDown: true),
        Resolver(testDescription: "system, slow", traits: system, delay: 3, result: none, isDown: false),
        Resolver(
            testDescription: "system, reports none",
            traits: system,
            delay: 0,
            result: none,
            isDown: true
        ),
    ]

    private static let names = Int(ProcessInfo.processInfo.environment["BERTH_FLOOD_NAMES"] ?? "") ?? 10_000
    /// 100,000 in a minute.
    private static let perSecond = 1667.0

    private struct Idle: QueryNameSource {
        let traits: QueryTraits
        func query(_ name: String, completion: @escaping @Sendable (NameQueryResult) -> Void) {}
    }

    @Test(arguments: resolvers)
    func `A name in use is served from memory, and one that is needed now and then without a wait`(
        resolver: Resolver
    ) {
        var machine = NameDirectoryMachine()
        let source = NameSource(
            label: "source",
            key: .settings("source"),
            kind: .query(Idle(traits: resolver.traits)),
            maxStale: .seconds(3600)
        )
        _ = machine.replace(with: [source], first: [:], now: at(0))
        let id = machine.sources[0].id
        let good = NameQueryResult.addresses([address(1)], ttl: .seconds(1))
        let waiter = ObjectIdentifier(Idle.self)
        for name in ["always", "rarely"] { machine.receive(good, for: name, from: id, now: at(0)) }
        var table = machine.takeUpdate().update?.table ?? .empty
        var open: [(due: Double, name: String)] = []
        var abandoned = 0
        var rarely = 0
        var known = 0
        let found = NIOLockedValueBox(0)

        for index in 0..<Self.names {
            let now = Double(index) / Self.perSecond
            // Clients give up after two seconds.
            while Double(abandoned) / Self.perSecond + 2 <= now {
                machine.abandon("x\(abandoned)", for: waiter)
                abandoned += 1
            }
            machine.resolve("x\(index)", for: waiter, now: at(now)) { _ in }
            machine.due(now: at(now))
            open += machine.takeQueries().map { query in
                let isFast = !query.name.hasPrefix("x") && !resolver.isDown
                return (isFast ? now + 0.01 : resolver.delay.map { now + $0 } ?? .infinity, query.name)
            }
            for (due, name) in open where due <= now {
                let isKnown = !name.hasPrefix("x") && !resolver.isDown
                machine.receive(isKnown ? good : resolver.result, for: name, from: id, now: at(now))
            }
            open.removeAll { $0.due <= now }
            let (update, settled) = machine.takeUpdate()
            if let update { table = update.table }
            for (completion, lookup) in settled { completion(lookup) }

            if let name = table.lookUp("always").resolved {
                known += 1
                name.use?.mark()
            }
            // Every 2.4 s, which is more than its life.
            if index % 4000 == 3999 {
                rarely += 1
                if table.lookUp("rarely").resolved != nil {
                    found.withLockedValue { $0 += 1 }
                } else {
                    machine.resolve("rarely", for: waiter, now: at(now)) { lookup in
                        if lookup.resolved != nil { found.withLockedValue { $0 += 1 } }
                    }
                    for query in machine.takeQueries() {
                        let isFast = query.name == "rarely" && !resolver.isDown
                        if isFast { machine.receive(good, for: "rarely", from: id, now: at(now)) }
                        if !isFast { open.append((resolver.delay.map { now + $0 } ?? .infinity, query.name)) }
                    }
                    let (update, settled) = machine.takeUpdate()
                    if let update { table = update.table }
                    for (completion, lookup) in settled { completion(lookup) }
                }
            }
        }
        #expect(known == Self.names)
        #expect(rarely > 0 && found.withLockedValue { $0 } == rarely)
        #expect(machine.waiting <= Int(2 * Self.perSecond) + 10)
    }
}
