/// A request from a line of an access log. One value is reused for all lines.
struct LoggedRequest {
    var method: [UInt8] = []
    /// The target as received.
    var target: [UInt8] = []
    var host: [UInt8] = []
    var client: [UInt8] = []
    /// Empty: there is none.
    var referer: [UInt8] = []
    var userAgent: [UInt8] = []
    /// `front` or `local`; empty: the log does not contain it.
    var tier: [UInt8] = []
    /// The rule that won when the line was written; empty: none did, or the log does not contain it.
    var rule: [UInt8] = []
    /// Whether the log contains the rule.
    var hasRule = false

    mutating func clear() {
        method.removeAll(keepingCapacity: true)
        target.removeAll(keepingCapacity: true)
        host.removeAll(keepingCapacity: true)
        client.removeAll(keepingCapacity: true)
        referer.removeAll(keepingCapacity: true)
        userAgent.removeAll(keepingCapacity: true)
        tier.removeAll(keepingCapacity: true)
        rule.removeAll(keepingCapacity: true)
        hasRule = false
    }

    /// Parses a line: as Berth's JSON if it starts with a brace, otherwise as text.
    ///
    /// - Returns: why it is not a line of an access log; nil: it is.
    mutating func read(_ line: Span<UInt8>) -> LogLineFault? {
        clear()
        guard line.count > 0 else { return .empty }
        return line[0] == UInt8(ascii: "{")
            ? JSONLogLine.read(line, into: &self) : TextLogLine.read(line, into: &self)
    }
}

/// Why a line cannot be replayed.
enum LogLineFault: String, Sendable {
    case empty = "the line is empty"
    case tooLong = "the line is longer than 1 MiB"
    case badJSON = "the line starts like JSON but is not valid JSON"
    case noHost = "the line has no host"
    case noURI = "the line has a method but no \"uri\""
    case noTime = "the line has no [time]"
    case noRequest = "the line has no \"request line\" in quotes"
    case badClient = "the line has no client address"
}
