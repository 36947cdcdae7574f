/// Which server a question goes to, try after try. A server that did not answer comes last for a
/// while, so that a dead one costs its timeout once and not each name.
///
/// A pure machine: time is an argument, in milliseconds of any steady clock.
struct ServerOrder {
    /// How long a server that failed comes last, milliseconds.
    static let pause: Int64 = 30_000

    private var failedUntil: [Int64]

    init(count: Int) {
        self.failedUntil = Array(repeating: .min, count: count)
    }

    /// The servers for one question: each `attempts` times, in rounds.
    func tries(attempts: Int, now: Int64) -> [Int] {
        let sound = failedUntil.indices.filter { failedUntil[$0] <= now }
        let doubtful = failedUntil.indices.filter { failedUntil[$0] > now }
        let round = sound + doubtful
        return (0..<attempts).flatMap { _ in round }
    }

    mutating func failed(_ server: Int, now: Int64) {
        guard failedUntil.indices.contains(server) else { return }
        failedUntil[server] = now + Self.pause
    }

    mutating func answered(_ server: Int) {
        guard failedUntil.indices.contains(server) else { return }
        failedUntil[server] = .min
    }
}
