package import Foundation
package import Names
package import Routing

/// The value of a registry's entry: what a name stands for, as JSON.
///
///     {"address": "10.0.0.5:9000", "weight": 1, "meta": {"instance": "7f3a", "rack": "r1"}}
///     [{"address": "10.0.0.5", "port": 9000}, {"address": "fd00::5"}]
///
/// `meta` is the owner's own, but for `instance`: who wrote the entry, and the identity of its addresses; and for
/// `since`: when, in seconds since 1970.
package struct EntryValue: Sendable, Equatable {
    /// The largest value that is read, bytes.
    package static let maxBytes = 64 << 10
    /// Addresses of one name.
    package static let maxAddresses = 256
    /// Bytes of an `instance`; printable ASCII.
    package static let maxInstanceBytes = 128

    /// Why a value says nothing; in words that name the field.
    package struct Problem: Error, Equatable, CustomStringConvertible {
        package let description: String
    }

    /// At least one, in the value's order.
    package let addresses: [NamedAddress]
    /// When it was written, seconds since 1970, where the writer says so; the newest of a list.
    package let since: Int64?

    package init(_ bytes: Data) throws(Problem) {
        guard !bytes.isEmpty else { throw Problem(description: "the value is empty") }
        guard bytes.count <= Self.maxBytes else {
            throw Problem(description: "the value has \(bytes.count) bytes, more than \(Self.maxBytes)")
        }
        let shape: Shape
        do {
            shape = try JSONDecoder().decode(Shape.self, from: bytes)
        } catch {
            throw Problem(description: Self.words(error))
        }
        guard !shape.items.isEmpty else { throw Problem(description: "the list of addresses is empty") }
        guard shape.items.count <= Self.maxAddresses else {
            throw Problem(description: "\(shape.items.count) addresses, more than \(Self.maxAddresses)")
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
        instance: String? = nil,
        since: Int64? = nil
    ) -> String {
        let parts = [instance.map { "\"instance\":\"\($0)\"" }, since.map { "\"since\":\($0)" }]
            .compactMap(\.self)
        let meta = parts.isEmpty ? "" : ",\"meta\":{\(parts.joined(separator: ","))}"
        return "{\"address\":\"\(endpoint)\",\"weight\":\(weight)\(meta)}"
    }

    /// Whether `text` may be an identity: printable ASCII without quotes and backslashes, not too long.
    package static func isInstance(_ text: String) -> Bool {
        (1...maxInstanceBytes).contains(text.utf8.count)
            && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x5C }
    }

    private static func words(_ error: any Error) -> String {
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

/// One object or a list of them.
private struct Shape: Decodable {
    let items: [Item]

    init(from decoder: any Decoder) throws {
        guard var list = try? decoder.unkeyedContainer() else {
            items = [try Item(from: decoder)]
            return
        }
        var items: [Item] = []
        // One more than may be, so that too many are noticed and no more are read.
        while !list.isAtEnd, items.count <= EntryValue.maxAddresses {
            items.append(try list.decode(Item.self))
        }
        self.items = items
    }
}

private struct Item: Decodable {
    let address: String
    let port: Int?
    let weight: Int?
    let instance: String?
    let since: Int64?

    private enum Key: String, CodingKey { case address, port, weight, meta }
    private enum MetaKey: String, CodingKey { case instance, since }

    init(from decoder: any Decoder) throws {
        let object = try decoder.container(keyedBy: Key.self)
        address = try object.decode(String.self, forKey: .address)
        port = try object.decodeIfPresent(Int.self, forKey: .port)
        weight = try object.decodeIfPresent(Int.self, forKey: .weight)
        // `meta` is not ours: whatever else it holds, it spoils nothing.
        let meta = try? object.nestedContainer(keyedBy: MetaKey.self, forKey: .meta)
        instance = (try? meta?.decodeIfPresent(String.self, forKey: .instance)).flatMap(\.self)
        since = (try? meta?.decodeIfPresent(Int64.self, forKey: .since)).flatMap(\.self)
    }

    func named() throws(EntryValue.Problem) -> NamedAddress {
        if let port, !(1...65535).contains(port) {
            throw EntryValue.Problem(description: "'port' must be from 1 to 65535")
        }
        if let weight, !(0...65535).contains(weight) {
            throw EntryValue.Problem(description: "'weight' must be from 0 to 65535")
        }
        if let endpoint = Endpoint(address) {
            guard endpoint.port > 0 else {
                throw EntryValue.Problem(description: "the port in 'address' must be from 1 to 65535")
            }
            guard port == nil || port == Int(endpoint.port) else {
                throw EntryValue.Problem(description: "'address' and 'port' name different ports")
            }
            return named(endpoint.address, endpoint.port)
        }
        if let plain = IPAddress(address) { return named(plain, port.flatMap { UInt16(exactly: $0) }) }
        throw EntryValue.Problem(
            description: "'address' must be like 10.0.0.5:9000 or 10.0.0.5, not '\(address.prefix(64))'"
        )
    }

    private func named(_ address: IPAddress, _ port: UInt16?) -> NamedAddress {
        NamedAddress(
            address: address,
            port: port,
            weight: weight.flatMap { UInt16(exactly: $0) } ?? 1,
            identity: instance.flatMap { EntryValue.isInstance($0) ? $0 : nil }
        )
    }
}
