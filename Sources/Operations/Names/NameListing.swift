import Balancing
import Bytes
import FoundationEssentials
package import Names
import Routing

/// A name with its source, as `berth names` shows it.
package struct NameListing: Sendable, Equatable {
    package var name: String
    package var source: String
    package var addresses: [NamedAddress]
    /// Remaining seconds of the entry's lease, or of the DNS answer; nil: it stays.
    package var ttl: Int64?
    /// Seconds since the entry last changed; nil: unknown.
    package var age: Int64?
    /// An earlier source has this name too, and takes precedence.
    package var hidden: Bool

    private struct Form: Encodable {
        struct Address: Encodable {
            let address: String
            let port: UInt16?
            let weight: UInt16
            let state: String?
            let backup: Bool?
            let max_conns: Int32?
            let health: String?
            let identity: String?
        }

        let name: String
        let source: String
        let addresses: [Address]
        let ttl: Int64?
        let age: Int64?
        let hidden: Bool
        var change: String?
    }

    private func form(_ change: String? = nil) -> Form {
        Form(
            name: name,
            source: source,
            addresses: addresses.map {
                .init(
                    address: "\($0.address)",
                    port: $0.port,
                    weight: $0.weight,
                    state: $0.state == .up ? nil : $0.state.rawValue,
                    backup: $0.isBackup ? true : nil,
                    max_conns: $0.maxConnections,
                    health: $0.health?.rawValue,
                    identity: $0.identity
                )
            },
            ttl: ttl,
            age: age,
            hidden: hidden,
            change: change
        )
    }

    private static let encoder = {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }()

    /// One JSON array.
    package static func json(_ listings: [NameListing]) throws -> String {
        String(decoding: try encoder.encode(listings.map { $0.form() }), as: UTF8.self)
    }

    func json(change: String) -> String {
        // Strings and numbers: encoding cannot fail.
        (try? Self.encoder.encode(form(change))).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }

    /// Columns for people: a line for each address.
    package static func table(_ listings: [NameListing]) -> String {
        var lines = [["NAME", "ADDRESS", "WEIGHT", "STATE", "TTL", "AGE", "SOURCE", "IDENTITY"]]
        for listing in listings {
            for address in listing.addresses {
                lines.append([
                    listing.name, Self.location(address), "\(address.weight)",
                    address.remarks.isEmpty ? "-" : address.remarks.joined(separator: ", "),
                    listing.ttl.map { "\($0)s" } ?? "-",
                    listing.age.map(Self.span) ?? "-", listing.source + (listing.hidden ? " (hidden)" : ""),
                    address.identity.map(Printable.text) ?? "-",
                ])
            }
        }
        return TextColumns.text(lines)
    }

    /// `59s`, `59m`, `47h`, `365d`.
    static func span(_ seconds: Int64) -> String {
        switch seconds {
        case ..<60: "\(max(0, seconds))s"
        case ..<3600: "\(seconds / 60)m"
        case ..<(48 * 3600): "\(seconds / 3600)h"
        default: "\(seconds / 86400)d"
        }
    }

    static func location(_ address: NamedAddress) -> String {
        address.port.map { "\(Endpoint(address: address.address, port: $0))" } ?? "\(address.address)"
    }
}
