/// How names are looked for.
package struct DNSSearchPolicy: Sendable, Equatable {
    /// Domains put behind names that have fewer dots than `dots`, before the name itself is asked
    /// for, and behind others afterwards (resolv.conf(5), `ndots`).
    package var search: [String]
    package var dots: Int
    /// `_http._tcp`: ask for its records first.
    package var service: String?
    /// Bounds of an answer's life, seconds.
    package var ttl: ClosedRange<UInt32>
    /// The longest life of the answer that there is no such name, seconds.
    package var negativeTTL: UInt32

    package init(
        search: [String] = [],
        dots: Int = 1,
        service: String? = nil,
        ttl: ClosedRange<UInt32> = 1...3600,
        negativeTTL: UInt32 = 5
    ) {
        self.search = search
        self.dots = dots
        self.service = service
        self.ttl = ttl
        self.negativeTTL = negativeTTL
    }

    /// The longest host name, bytes.
    private static let maxNameBytes = 253

    /// What a name may stand for, in the order in which it is asked for.
    func candidates(_ name: String) -> [String] {
        let found = search.map { "\(name).\($0)" }
        let inOrder =
            name.utf8.count(where: { $0 == UInt8(ascii: ".") }) >= dots ? [name] + found : found + [name]
        return inOrder.filter { $0.utf8.count <= Self.maxNameBytes }
    }
}
