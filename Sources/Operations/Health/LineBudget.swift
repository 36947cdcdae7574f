import NIOCore

/// So many lines in so much time; the rest is counted. Pure: time is an argument.
struct LineBudget: Sendable {
    enum Verdict: Equatable, Sendable {
        /// - Parameter omitted: lines since the last one that was written.
        case write(omitted: Int)
        case omit
    }

    /// Lines in one `interval`.
    static let lines = 20
    static let interval = TimeAmount.seconds(10)

    private var start = NIODeadline.uptimeNanoseconds(0)
    private var written = 0
    private var omitted = 0

    mutating func take(now: NIODeadline) -> Verdict {
        if written == 0 || now - start >= Self.interval {
            start = now
            written = 0
        }
        guard written < Self.lines else {
            omitted &+= 1
            return .omit
        }
        written += 1
        defer { omitted = 0 }
        return .write(omitted: omitted)
    }
}
