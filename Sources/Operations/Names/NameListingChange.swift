import Names

/// One line of `berth names watch`.
package enum NameListingChange: Sendable {
    case set(NameListing)
    case removed(NameListing)

    package var text: String {
        switch self {
        case .set(let listing):
            "set \(listing.name) \(listing.addresses.map(Self.words).joined(separator: ",")) \(listing.source)"
        case .removed(let listing): "removed \(listing.name) \(listing.source)"
        }
    }

    /// `10.0.0.5:9000`, `10.0.0.5:9000(drain)`.
    private static func words(_ address: NamedAddress) -> String {
        let remarks = address.remarks.joined(separator: " ")
        return NameListing.location(address) + (remarks.isEmpty ? "" : "(\(remarks))")
    }

    package var json: String {
        switch self {
        case .set(let listing): listing.json(change: "set")
        case .removed(let listing): listing.json(change: "removed")
        }
    }
}
