package import Balancing
package import FoundationEssentials
package import Names
package import Routing

/// The value of a registry's entry: what a name stands for, as JSON.
///
///     {"address": "10.0.0.5:9000", "weight": 1, "meta": {"instance": "7f3a", "rack": "r1"}}
///     [{"address": "10.0.0.5", "port": 9000, "drain": true}, {"address": "fd00::5", "backup": true}]
///
/// `meta` belongs to the owner, except for `instance` (who wrote the entry; the identity of its addresses) and
/// `since` (when, seconds since 1970).
package struct EntryValue: Sendable, Equatable {
    /// The maximum size of a value, bytes.
    package static let maxBytes = 64 << 10
    /// The maximum number of addresses of one name.
    package static let maxAddresses = 256
    /// The maximum length of an `instance`, bytes; printable ASCII.
    package static let maxInstanceBytes = 128

    /// At least one, in the value's order.
    package let addresses: [NamedAddress]
    /// When it was written, seconds since 1970, where the writer recorded it; the newest of a list.
    package let since: Int64?

    package init(_ bytes: Data) throws(InvalidEntry) {
        guard !bytes.isEmpty else { throw InvalidEntry("the value is empty") }
        guard bytes.count <= Self.maxBytes else {
            throw InvalidEntry("the value has \(bytes.count) bytes, more than \(Self.maxBytes)")
        }
        let shape: EntryValueJSON
        do {
            shape = try JSONDecoder().decode(EntryValueJSON.self, from: bytes)
        } catch {
            throw InvalidEntry(Self.reason(error))
        }
        guard !shape.items.isEmpty else { throw InvalidEntry("the list of addresses is empty") }
        guard shape.items.count <= Self.maxAddresses else {
            throw InvalidEntry("\(shape.items.count) addresses, more than \(Self.maxAddresses)")
        }
        var addresses: [NamedAddress] = []
        addresses.reserveCapacity(shape.items.count)
        for item in shape.items {
            let address = try item.named()
            if !addresses.contains(address) { addresses.append(address) }
        }
        self.addresses = addresses
        self.since = shape.items.compactMap(\.since).max()
    }

    /// The JSON of one address, as registration and `berth names set` write it.
    package static func json(
        _ endpoint: Endpoint,
        weight: UInt16 = 1,
        state: EndpointSettings.AdministrativeState = .up,
        health: PublishedHealth? = nil,
        instance: String? = nil,
        since: Int64? = nil
    ) -> String {
        let parts = [instance.map { "\"instance\":\"\($0)\"" }, since.map { "\"since\":\($0)" }]
            .compactMap(\.self)
        let meta = parts.isEmpty ? "" : ",\"meta\":{\(parts.joined(separator: ","))}"
        let flag = state == .up ? "" : ",\"\(state.rawValue)\":true"
        let found = health.map { ",\"health\":\"\($0.rawValue)\"" } ?? ""
        return "{\"address\":\"\(endpoint)\",\"weight\":\(weight)\(flag)\(found)\(meta)}"
    }

    /// Whether `text` may be an identity: printable ASCII without quotes and backslashes, not too long.
    package static func isInstance(_ text: String) -> Bool {
        (1...maxInstanceBytes).contains(text.utf8.count)
            && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x5C }
    }

    private static func reason(_ error: any Error) -> String {
        switch error as? DecodingError {
        case .keyNotFound(let key, _): "'\(key.stringValue)' is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            context.codingPath.last.map { "'\($0.stringValue)' is of the wrong type" }
                ?? "it is neither an object with 'address' nor a list of them"
        case .dataCorrupted(let context):
            context.codingPath.last.map { "'\($0.stringValue)' is out of range" } ?? "it is not JSON"
        default: "it is not JSON"
        }
    }
}
