/// A request as a line of an access log tells it. One is used for line after line.
struct LoggedRequest {
    var method: [UInt8] = []
    /// The target as received.
    var target: [UInt8] = []
    var host: [UInt8] = []
    var client: [UInt8] = []
    /// Empty: none.
    var referer: [UInt8] = []
    var userAgent: [UInt8] = []
    /// `front` or `local`, where the log says so.
    var tier: [UInt8] = []
    /// The rule that won when the line was written; empty: the log does not tell, or none did.
    var rule: [UInt8] = []
    /// Whether the log has a word for the rule at all.
    var namesRule = false

    mutating func clear() {
        method.removeAll(keepingCapacity: true)
        target.removeAll(keepingCapacity: true)
        host.removeAll(keepingCapacity: true)
        client.removeAll(keepingCapacity: true)
        referer.removeAll(keepingCapacity: true)
        userAgent.removeAll(keepingCapacity: true)
        tier.removeAll(keepingCapacity: true)
        rule.removeAll(keepingCapacity: true)
        namesRule = false
    }

    /// Takes a line apart: Berth's JSON if it begins with a brace, else text.
    ///
    /// - Returns: why it is no line of an access log; nil: it is one.
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
    case tooLong = "the line is longer than is read"
    case badJSON = "the line begins like JSON and is none"
    case noHost = "the line has no host"
    case noURI = "the line has a method and no \"uri\""
    case noTime = "there is no [time]"
    case noRequest = "there is no \"request line\" in quotes"
    case badClient = "there is no client address"
}
