/// Which certificates are to be logged because they expire: when that is first seen, and once a day while it lasts. Pure:
/// time is an argument.
struct ExpirySchedule {
    /// A certificate that is in force.
    struct Item: Sendable, Equatable {
        /// The file.
        var path: String
        /// What it is for: `*.test.priv`, or the subject of a CA.
        var name: String
        /// Seconds since 1970.
        var notAfter: Int
        /// SHA-256.
        var fingerprint: [UInt8]
    }

    /// Seconds between two lines about one certificate.
    static let repetition = 86_400
    /// Seconds between two looks at all certificates.
    static let interval = 60

    private var nextLook = Int.min
    /// When each was logged, and whether it had expired by then.
    private var logged: [[UInt8]: (at: Int, expired: Bool)] = [:]

    /// - Parameters:
    ///   - now: seconds since 1970.
    ///   - items: all that are in force; called only where it is time to look at them.
    /// - Returns: those to log, the first to expire first.
    mutating func due(now: Int, _ items: () -> [Item]) -> [Item] {
        // A clock that was set back does not end the warnings.
        guard now >= nextLook || nextLook - now > Self.interval else { return [] }
        nextLook = now + Self.interval
        var before = logged
        logged = [:]
        var due: [Item] = []
        for item in items() where item.notAfter - now < CertificatesReport.soon {
            guard logged[item.fingerprint] == nil else { continue }
            let isExpired = item.notAfter < now
            if let last = before.removeValue(forKey: item.fingerprint), last.expired == isExpired,
                abs(now - last.at) < Self.repetition
            {
                logged[item.fingerprint] = last
                continue
            }
            logged[item.fingerprint] = (now, isExpired)
            due.append(item)
        }
        return due.sorted { $0.notAfter < $1.notAfter }
    }
}
