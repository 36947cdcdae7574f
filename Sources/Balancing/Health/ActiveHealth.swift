/// What checks show of an endpoint: so many in a row must agree.
///
/// Pure, and a value of whoever holds it.
public struct ActiveHealth: Sendable, Hashable {
    public private(set) var rise: Int
    public private(set) var fall: Int
    private let start: HealthCheck.Start
    public private(set) var isUp: Bool
    /// Checks so far have had a result.
    public private(set) var isKnown = false
    /// Results in a row that contradict `isUp`.
    public private(set) var contradictions = 0

    /// - Parameters:
    ///   - rise: successes in a row after which it is up again; at least 1.
    ///   - fall: failures in a row after which it is down; at least 1.
    ///   - start: what it is before its first check.
    public init(rise: Int = 2, fall: Int = 3, start: HealthCheck.Start = .up) {
        self.rise = max(1, rise)
        self.fall = max(1, fall)
        self.start = start
        self.isUp = start == .up
    }

    public init(_ check: HealthCheck) {
        self.init(rise: check.rise, fall: check.fall, start: check.start)
    }

    /// Other limits from now on; what is known stays.
    public mutating func configure(_ check: HealthCheck) {
        rise = max(1, check.rise)
        fall = max(1, check.fall)
    }

    /// - Returns: whether it is up from now on and was not.
    @discardableResult
    public mutating func succeeded() -> Bool {
        let isFirst = !isKnown
        isKnown = true
        guard !isUp else {
            contradictions = 0
            return false
        }
        contradictions += 1
        guard contradictions >= rise || (isFirst && start == .down) else { return false }
        isUp = true
        contradictions = 0
        return true
    }

    /// - Returns: whether it is down from now on and was not.
    @discardableResult
    public mutating func failed() -> Bool {
        // The one success that `down` waits for may come later.
        if start != .down || isUp { isKnown = true }
        guard isUp else {
            contradictions = 0
            return false
        }
        contradictions += 1
        guard contradictions >= fall else { return false }
        isUp = false
        contradictions = 0
        return true
    }
}
