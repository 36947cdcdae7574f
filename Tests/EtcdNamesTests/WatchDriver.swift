import EtcdClient
import Foundation
import Names
import RegistryClient
import RegistryTestSupport
import Testing

@testable import EtcdNames

/// Drives the watch machine and keeps its outputs.
final class WatchDriver {
    var machine: EtcdWatchMachine
    var now = Duration.zero
    var emitted: [NameSourceUpdate] = []
    var last: [EtcdWatchMachine.Action] = []
    var wake: Duration?

    init(
        members: Int = 1,
        authenticates: Bool = false,
        pageLimit: Int = 1000,
        maxEndpoints: Int = 250_000,
        kept: [String: [NamedAddress]]? = nil
    ) {
        var settings = EtcdWatchMachine.Settings()
        settings.members = members
        settings.authenticates = authenticates
        settings.pageLimit = pageLimit
        settings.maxEndpoints = maxEndpoints
        machine = EtcdWatchMachine(keys: EtcdKeys(prefix: "/h/"), settings: settings, kept: kept)
    }

    func on(_ event: EtcdWatchMachine.Event) {
        last = []
        for action in machine.handle(event, now: now, random: 7) {
            switch action {
            case .emit(let change): emitted.append(change)
            case .wake(let moment): wake = moment
            default: last.append(action)
            }
        }
    }

    /// Goes to the moment of the next timer.
    func sleep() {
        guard let moment = wake else { return last = [] }
        now = max(now, moment)
        wake = nil
        on(.timer)
    }

    /// Up to the next probe.
    func sleepUntilProbe() {
        for _ in 0..<5 {
            sleep()
            if probe != nil { return }
        }
    }

    var watch: (RequestToken, Int64)? {
        for case .send(let token, .watch(from: let revision)) in last { return (token, revision) }
        return nil
    }

    var list: (RequestToken, EtcdPageRequest)? {
        for case .send(let token, .list(let request)) in last { return (token, request) }
        return nil
    }

    var probe: RequestToken? {
        for case .send(let token, .probe) in last { return token }
        return nil
    }

    var names: Set<String> { Set(machine.names.keys) }

    var warnings: [String] {
        emitted.compactMap { if case .warning(let text) = $0 { text } else { nil } }
    }

    /// Whether a list was requested while time passed in `list(passes:)`.
    private(set) var listed = false

    /// Lets time pass with a store that does not change, up to a list.
    func list(passes time: Duration) {
        let end = now + time
        while let wake, wake <= end, !listed {
            sleep()
            if list != nil { listed = true }
            if let probe { on(.probed(probe, cluster: "c", revision: machine.revision)) }
        }
        now = end
    }

    var downs: Int { emitted.count { if case .down = $0 { true } else { false } } }
    var snapshots: Int { emitted.count { if case .snapshot = $0 { true } else { false } } }

    var removed: [String] {
        emitted.flatMap { if case .update(_, let removed) = $0 { removed } else { [] as [String] } }
    }

    /// An outage, up to a watch that has received a message again, or to a list when `relists`.
    func comeBack(_ watch: RequestToken, relists: Bool) throws -> RequestToken {
        on(.failed(watch, .timeout))
        sleep()
        let again = try #require(self.watch).0
        var created = EtcdFrame(cluster: "c", revision: 10)
        created.created = true
        guard relists else {
            on(.frame(again, created))
            return again
        }
        (created.compacted, created.canceled) = (true, "compacted")
        on(.frame(again, created))
        sleep()
        return try #require(list).0
    }

    /// Lets time pass, with a store that does not change.
    func pass(_ time: Duration, revision: Int64) {
        let end = now + time
        while let wake, wake <= end {
            sleep()
            if let probe { on(.probed(probe, cluster: "c", revision: revision)) }
        }
        now = end
    }

    /// Up to a watch that has received a message, at revision 10 with the name `a`.
    func reachWatch() throws -> RequestToken {
        on(.started)
        let token = try #require(list).0
        on(
            .page(
                token,
                EtcdPage(cluster: "c", revision: 10, entries: [put("a", "10.0.0.1:1")], more: false)
            )
        )
        let (watch, from) = try #require(self.watch)
        #expect(from == 11)
        var created = EtcdFrame(cluster: "c", revision: 10)
        created.created = true
        on(.frame(watch, created))
        return watch
    }
}

func put(_ name: String, _ address: String?) -> EtcdEntry {
    EtcdEntry(
        key: Array("/h/\(name)".utf8),
        value: Result { () throws(InvalidEntry) in
            try EntryValue(Data((address.map { "{\"address\":\"\($0)\"}" } ?? "nonsense").utf8))
        }
    )
}

func delete(_ name: String) -> EtcdEntry {
    EtcdEntry(key: Array("/h/\(name)".utf8), value: .failure(InvalidEntry("")), isDelete: true)
}

func frame(_ revision: Int64, _ events: [EtcdEntry], fragment: Bool = false) -> EtcdFrame {
    var frame = EtcdFrame(cluster: "c", revision: revision)
    frame.events = events
    frame.lastChange = revision
    frame.fragment = fragment
    return frame
}
