import FoundationEssentials
import Names
import Routing
import RoutingConfig

/// When entries last changed, where that is recorded: by the writer of an etcd entry, by the engine that started a
/// container, in a file's modification time.
struct EntryAges: Sendable {
    /// By the source's index in the rule file; nil: unknown.
    private let files: [Date?]
    private let now: Date

    init(_ settings: [NameSourceSettings], now: Date = Date()) {
        self.now = now
        files = settings.map { source in
            switch source {
            case .pools(_, let origin), .static(_, let origin): Self.changed(origin.file)
            case .hostsFile(let path, origin: _): Self.changed(path)
            default: nil
            }
        }
    }

    /// Seconds; nil: unknown.
    ///
    /// - Parameters:
    ///   - source: the index of the name's source in the rule file.
    ///   - since: the time in a registry's entry, seconds since 1970.
    func age(_ addresses: [NamedAddress], source: Int, since: Int64?) -> Int64? {
        if let since { return seconds(since: Date(timeIntervalSince1970: Double(since))) }
        if files.indices.contains(source), let file = files[source] { return seconds(since: file) }
        // A container's ID and start; of several the latest, which changed the name last.
        return addresses.compactMap { Self.start($0.identity) }.max().map { seconds(since: $0) }
    }

    /// Not negative, even if the clocks of two hosts differ.
    private func seconds(since date: Date) -> Int64 {
        Int64(max(0, min(now.timeIntervalSince(date), 1e12)))
    }

    private static func changed(_ path: String) -> Date? {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        return attributes?[.modificationDate] as? Date
    }

    /// `4f2a@2026-01-01T00:00:00.123456789Z`, with or without a fraction, in any zone.
    static func start(_ identity: String?) -> Date? {
        guard let identity, let mark = identity.firstIndex(of: "@") else { return nil }
        var text = String(identity[identity.index(after: mark)...])
        if let dot = text.firstIndex(of: ".") {
            let rest = text[text.index(after: dot)...].drop { $0.isASCII && $0.isNumber }
            text = String(text[..<dot] + rest)
        }
        return try? Date(text, strategy: .iso8601)
    }
}
