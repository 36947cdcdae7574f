/// One line of `berth names watch`.
package enum NameListingChange: Sendable {
    case set(NameListing)
    case removed(NameListing)

    package var text: String {
        switch self {
        case .set(let listing):
            "set \(listing.name) \(listing.addresses.map(NameListing.location).joined(separator: ",")) \(listing.source)"
        case .removed(let listing): "removed \(listing.name) \(listing.source)"
        }
    }

    package var json: String {
        switch self {
        case .set(let listing): listing.json(change: "set")
        case .removed(let listing): listing.json(change: "removed")
        }
    }
}
