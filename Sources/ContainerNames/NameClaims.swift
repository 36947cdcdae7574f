import Names

/// Which of the names that containers have are served, and to what they lead.
///
/// A name that containers of several scopes have is served by none of them, and stays so for a while after only one is
/// left: while the container of one tenant restarts, its clients must not reach another tenant's.
///
/// A pure machine: claims and time in, names and problems out.
struct NameClaims {
    /// How long a name that was shared is not served after it no longer is.
    static let hold = Duration.seconds(60)
    /// The maximum number of shared names that are reported one by one at one time.
    static let maxReports = 16

    /// Whether names are served however many scopes they have.
    let sharesNames: Bool
    /// The names that are withheld; with the time at which that ends, where they are no longer shared.
    private var withheld: [String: Duration?] = [:]

    init(sharesNames: Bool) { self.sharesNames = sharesNames }

    /// When a name may be served that is withheld now.
    var nextDeadline: Duration? { withheld.values.compactMap(\.self).min() }

    /// - Parameter entries: of the containers that are served, in a fixed order.
    /// - Returns: the names that are served, and reports of names that are newly shared.
    mutating func names(
        _ entries: [ContainerNaming.Entry],
        now: Duration
    ) -> (names: [String: [NamedAddress]], reports: [String]) {
        var names: [String: [NamedAddress]] = [:]
        var scopes: [String: Set<NameScope>] = [:]
        for entry in entries {
            for name in entry.names {
                names[name, default: []].append(entry.address)
                if !sharesNames { scopes[name, default: []].insert(entry.scope) }
            }
        }
        var reports: [String] = []
        var shared: Set<String> = []
        for (name, scopes) in scopes where scopes.count > 1 {
            guard let conflict = NameScope.conflict(scopes) else { continue }
            shared.insert(name)
            if withheld[name] == nil {
                reports.append("the name '\(name)' is not served: it belongs to \(conflict)")
            }
            withheld[name] = .some(nil)
        }
        for (name, end) in withheld where !shared.contains(name) {
            if let end {
                if end <= now { withheld[name] = nil }
            } else {
                withheld[name] = .some(now + Self.hold)
            }
        }
        for name in withheld.keys { names[name] = nil }
        let excess = reports.count - Self.maxReports
        reports = Array(reports.sorted().prefix(Self.maxReports))
        if excess > 0 { reports.append("\(excess) more names are not served for the same reason") }
        return (names, reports)
    }
}
