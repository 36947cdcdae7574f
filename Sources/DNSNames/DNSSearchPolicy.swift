/// The names that a name is tried as, and the bounds of lifetimes.
package struct DNSSearchPolicy: Sendable, Equatable {
    /// Domains appended to a name. A name with fewer dots than `dots` is tried with them first, any other as it is
    /// first (resolv.conf(5), `ndots`).
    package var search: [String]
    package var dots: Int
    /// `_http._tcp`: query its SRV records first.
    package var service: String?
    /// The minimum and maximum life of an answer, seconds.
    package var ttl: ClosedRange<UInt32>
    /// The maximum life of a negative answer, seconds.
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

    /// The maximum length of a host name, bytes.
    private static let maxNameBytes = 253

    /// The names to try for `name`, in order.
    func candidates(_ name: String) -> [String] {
        let found = search.map { "\(name).\($0)" }
        let inOrder =
            name.utf8.count(where: { $0 == UInt8(ascii: ".") }) >= dots ? [name] + found : found + [name]
        return inOrder.filter { $0.utf8.count <= Self.maxNameBytes }
    }
}
