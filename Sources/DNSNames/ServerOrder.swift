/// The order in which servers are tried. A server that did not respond comes last for a while, so that a dead one
/// costs its timeout once and not for each name.
///
/// A pure machine: time is an argument, in milliseconds of any steady clock.
struct ServerOrder {
    /// How long a server that failed comes last, milliseconds.
    static let pause: Int64 = 30_000

    private var failedUntil: [Int64]

    init(count: Int) {
        self.failedUntil = Array(repeating: .min, count: count)
    }

    /// The servers for one query: each `attempts` times, in rounds.
    func tries(attempts: Int, now: Int64) -> [Int] {
        let working = failedUntil.indices.filter { failedUntil[$0] <= now }
        let failed = failedUntil.indices.filter { failedUntil[$0] > now }
        let round = working + failed
        return (0..<attempts).flatMap { _ in round }
    }

    mutating func failed(_ server: Int, now: Int64) {
        guard failedUntil.indices.contains(server) else { return }
        failedUntil[server] = now + Self.pause
    }

    mutating func responded(_ server: Int) {
        guard failedUntil.indices.contains(server) else { return }
        failedUntil[server] = .min
    }
}
