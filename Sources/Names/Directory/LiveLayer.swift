import HashTreeCollections
import NIOCore

/// The names of one live source.
///
/// A pure machine: updates and time in, changed names and events out.
struct LiveLayer {
    private(set) var content: NameLayer.Content
    private var downSince: NIODeadline?
    private var reason = ""
    /// The names that are too old to serve: a source that has missed nothing while it was down emits only the
    /// changes.
    private var expired: TreeDictionary<String, [NamedAddress]>?
    /// When a source that has not emitted anything counts as down.
    private var coldUntil: NIODeadline
    private let source: String
    private let maxStale: TimeAmount?

    /// - Parameter first: the initial names; nil leaves the layer cold.
    init(_ source: String, maxStale: TimeAmount?, first: [String: [NamedAddress]]?, now: NIODeadline) {
        self.source = source
        self.maxStale = maxStale
        self.content = first.map { .names(Self.map($0)) } ?? .cold
        self.coldUntil = now + NameLimits.coldTime
    }

    var isDown: Bool { downSince != nil }

    var state: NameSourceStatus.State {
        if isDown { return .down(reason: reason) }
        if case .cold = content { return .cold }
        return .up
    }

    var count: Int {
        if case .names(let names) = content { return names.count }
        return 0
    }

    /// - Returns: whether the lookup of any name may differ: the layer has become available, or no longer is.
    mutating func apply(
        _ update: NameSourceUpdate,
        now: NIODeadline,
        changed: inout Set<String>,
        events: inout [NameSourceEvent]
    ) -> Bool {
        switch update {
        case .snapshot(let names):
            let wasCold = isCold
            expired = nil
            let differs = replace(with: Self.map(names), changed: &changed)
            if wasCold || differs || isDown { events.append(.loaded(source: source, names: names.count)) }
            markUp(&events)
            return wasCold
        case .update(let set, let removed):
            let revives = expired != nil
            if let names = expired {
                expired = nil
                content = .names(names)
                events.append(.loaded(source: source, names: names.count))
            }
            guard case .names(var names) = content else {
                // Without a snapshot the names are not complete.
                return false
            }
            // Moved out while it changes: a second reference would make each change copy its path.
            content = .cold
            for (name, addresses) in set {
                let kept = Self.kept(addresses)
                if names.updateValue(kept, forKey: name) != kept { changed.insert(name) }
            }
            for name in removed where names.removeValue(forKey: name) != nil { changed.insert(name) }
            content = .names(names)
            markUp(&events)
            return revives
        case .down(let reason):
            guard !isDown else { return false }
            return markDown(reason, now: now, &events)
        case .problem(let text):
            events.append(.problem(source: source, text))
            return false
        case .warning(let text):
            events.append(.warning(source: source, text))
            return false
        }
    }

    /// The next time at which `due` has work.
    var nextDeadline: NIODeadline? {
        if case .failed = content { return nil }
        if let downSince { return maxStale.map { downSince + $0 } }
        if case .cold = content { return coldUntil }
        return nil
    }

    /// - Returns: as `apply`.
    mutating func due(now: NIODeadline, events: inout [NameSourceEvent]) -> Bool {
        guard let deadline = nextDeadline, deadline <= now else { return false }
        if case .cold = content { return markDown("it has not responded yet", now: now, &events) }
        guard case .names(let names) = content else { return false }
        expired = names
        content = .failed(NameProblem(.unavailable, "\(source): \(reason)"))
        events.append(.expired(source: source))
        return true
    }

    private var isCold: Bool {
        switch content {
        case .cold, .failed: true
        case .names, .answers: false
        }
    }

    private mutating func markDown(
        _ reason: String,
        now: NIODeadline,
        _ events: inout [NameSourceEvent]
    ) -> Bool {
        downSince = now
        self.reason = reason
        events.append(.down(source: source, reason: reason, serving: count))
        guard case .cold = content else { return false }
        content = .failed(NameProblem(.unavailable, "\(source): \(reason)"))
        return true
    }

    private mutating func markUp(_ events: inout [NameSourceEvent]) {
        guard isDown else { return }
        downSince = nil
        events.append(.up(source: source))
    }

    /// - Returns: whether anything has changed.
    private mutating func replace(
        with names: TreeDictionary<String, [NamedAddress]>,
        changed: inout Set<String>
    ) -> Bool {
        guard case .names(let known) = content else {
            changed.formUnion(names.keys)
            content = .names(names)
            return true
        }
        var fresh = known
        for (name, addresses) in names where known[name] != addresses {
            changed.insert(name)
            fresh[name] = addresses
        }
        if fresh.count > names.count {
            for name in known.keys where names[name] == nil {
                changed.insert(name)
                fresh.removeValue(forKey: name)
            }
        }
        let differs = fresh.count != known.count || !changed.isEmpty
        content = .names(fresh)
        return differs
    }

    private static func map(_ names: [String: [NamedAddress]]) -> TreeDictionary<String, [NamedAddress]> {
        TreeDictionary(uniqueKeysWithValues: names.lazy.map { ($0.key, kept($0.value)) })
    }

    private static func kept(_ addresses: [NamedAddress]) -> [NamedAddress] {
        addresses.count > NameLimits.addressesOfName
            ? Array(addresses.prefix(NameLimits.addressesOfName)) : addresses
    }
}
