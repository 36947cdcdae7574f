import Synchronization

/// A source of names, as a rule file lists them.
public enum NameSource: Sendable {
    /// Names written in the rule file itself.
    case fixed([String: [NamedAddress]])
    /// A file in the format of hosts(5), read again whenever it changes.
    case hostsFile(path: String)

    /// The source in words, for operators.
    public var label: String {
        switch self {
        case .fixed: "static"
        case .hostsFile(let path): "hosts_file \(path)"
        }
    }
}

/// The name sources of one tier, live: keeps the current table and tells of news.
///
/// May be used from any thread. Subscribers are called on the thread that saw
/// the change and hop to their own loop.
public final class NameDirectory: Sendable {
    /// What happened to a source, for the log: never an error of a request.
    public enum Event: Sendable {
        case loaded(source: String, names: Int, problems: [String])
        case failed(source: String, reason: String)
    }

    private struct State {
        var layers: [NameLayer]
        var table: NameTable
        var subscribers: [@Sendable (NameTable) -> Void] = []
        var watchers: [FileWatcher] = []
        var stopped = false
    }

    private let sources: [NameSource]
    private let report: @Sendable (Event) -> Void
    private let state: Mutex<State>

    /// Reads every source once.
    ///
    /// - Parameters:
    ///   - sources: in the order they are asked.
    ///   - report: told of every load and failure, on any thread.
    /// - Throws: `NameSourceError` when a file cannot be read at the start: then
    ///   the operator is there to see it. Later failures keep the last names.
    public init(
        _ sources: [NameSource],
        report: @escaping @Sendable (Event) -> Void = { _ in }
    ) throws(NameSourceError) {
        self.sources = sources
        self.report = report
        var layers: [NameLayer] = []
        for source in sources {
            layers.append(try Self.load(source, report: report))
        }
        self.state = Mutex(State(layers: layers, table: NameTable(layers: layers)))
    }

    /// The names as they are now.
    public var table: NameTable { state.withLock { $0.table } }

    /// Calls `subscriber` with each new table, from now on.
    public func subscribe(_ subscriber: @escaping @Sendable (NameTable) -> Void) {
        state.withLock { $0.subscribers.append(subscriber) }
    }

    /// Begins to watch the files (inotify, one thread for each file).
    public func watch() {
        for (index, source) in sources.enumerated() {
            guard case .hostsFile(let path) = source else { continue }
            do {
                let watcher = try FileWatcher(path: path) { [weak self] in self?.reload(index) }
                state.withLock { $0.watchers.append(watcher) }
                // What changed between the first read and the watch is not missed.
                reload(index)
            } catch {
                report(.failed(source: source.label, reason: "cannot be watched: \(error.reason)"))
            }
        }
    }

    /// Ends the watching.
    public func stop() {
        let watchers = state.withLock { state in
            state.stopped = true
            state.subscribers = []
            defer { state.watchers = [] }
            return state.watchers
        }
        for watcher in watchers { watcher.stop() }
    }

    /// Reads source `index` again; when it can't be read the last names stay.
    func reload(_ index: Int) {
        let source = sources[index]
        let layer: NameLayer
        do {
            layer = try Self.load(source, report: report)
        } catch {
            report(.failed(source: source.label, reason: "\(error.reason); the last names stay in force"))
            return
        }
        let news: (NameTable, [@Sendable (NameTable) -> Void])? = state.withLock { state in
            guard !state.stopped, state.layers[index].names != layer.names else { return nil }
            state.layers[index] = layer
            state.table = NameTable(layers: state.layers)
            return (state.table, state.subscribers)
        }
        guard let (table, subscribers) = news else { return }
        for subscriber in subscribers { subscriber(table) }
    }

    private static func load(
        _ source: NameSource,
        report: (Event) -> Void
    ) throws(NameSourceError) -> NameLayer {
        switch source {
        case .fixed(let names):
            return NameLayer(source: source.label, names: names)
        case .hostsFile(let path):
            let file = try HostsFile(path: path)
            report(.loaded(source: source.label, names: file.names.count, problems: file.problems))
            return NameLayer(source: source.label, names: file.names)
        }
    }
}
