import Foundation
package import Names
import Routing

/// A name with where it comes from, as `berth names` shows it.
package struct NameListing: Sendable, Equatable {
    package var name: String
    package var source: String
    package var addresses: [NamedAddress]
    /// Seconds that are left of the entry's lease, or of DNS's answer; nil: it stays.
    package var ttl: Int64?
    /// Seconds since the entry is what it is; nil: nobody has written that down.
    package var age: Int64?
    /// An earlier source answers for this name.
    package var hidden: Bool

    private struct Form: Encodable {
        struct Address: Encodable {
            let address: String
            let port: UInt16?
            let weight: UInt16
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
                .init(address: "\($0.address)", port: $0.port, weight: $0.weight, identity: $0.identity)
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

    /// One array.
    package static func json(_ rows: [NameListing]) throws -> String {
        String(decoding: try encoder.encode(rows.map { $0.form() }), as: UTF8.self)
    }

    fileprivate func json(change: String) -> String {
        // Plain texts and numbers: there is nothing that can't be encoded.
        (try? Self.encoder.encode(form(change))).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }

    /// Columns for people: a line for each address.
    package static func table(_ rows: [NameListing]) -> String {
        var lines = [["NAME", "ADDRESS", "WEIGHT", "TTL", "AGE", "SOURCE", "IDENTITY"]]
        for row in rows {
            for address in row.addresses {
                lines.append([
                    row.name, Self.place(address), "\(address.weight)", row.ttl.map { "\($0)s" } ?? "-",
                    row.age.map(Self.span) ?? "-", row.source + (row.hidden ? " (hidden)" : ""),
                    address.identity ?? "-",
                ])
            }
        }
        let widths = lines[0].indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
        return lines.map { line in
            zip(line, widths).map { $0.padding(toLength: $1, withPad: " ", startingAt: 0) }
                .joined(separator: "  ").trimmingCharacters(in: .whitespaces)
        }.joined(separator: "\n")
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

    fileprivate static func place(_ address: NamedAddress) -> String {
        address.port.map { "\(Endpoint(address: address.address, port: $0))" } ?? "\(address.address)"
    }
}

/// One line of `berth names watch`.
package enum NameRowChange: Sendable {
    case set(NameListing)
    case removed(NameListing)

    package var text: String {
        switch self {
        case .set(let row):
            "set \(row.name) \(row.addresses.map(NameListing.place).joined(separator: ",")) \(row.source)"
        case .removed(let row): "removed \(row.name) \(row.source)"
        }
    }

    package var json: String {
        switch self {
        case .set(let row): row.json(change: "set")
        case .removed(let row): row.json(change: "removed")
        }
    }
}
