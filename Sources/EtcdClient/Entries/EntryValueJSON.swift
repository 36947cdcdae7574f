import Balancing
import Names
import Routing

/// The JSON of an entry's value: one object or a list of them.
struct EntryValueJSON: Decodable {
    let items: [Item]

    init(from decoder: any Decoder) throws {
        guard var list = try? decoder.unkeyedContainer() else {
            items = [try Item(from: decoder)]
            return
        }
        var items: [Item] = []
        // Reads one more than the maximum, so that the excess is noticed.
        while !list.isAtEnd, items.count <= EntryValue.maxAddresses {
            items.append(try list.decode(Item.self))
        }
        self.items = items
    }

    struct Item: Decodable {
        let address: String
        let port: Int?
        let weight: Int?
        let drain: Bool
        let down: Bool
        let backup: Bool
        let maxConns: Int?
        let health: String?
        let instance: String?
        let since: Int64?

        private enum Key: String, CodingKey {
            case address, port, weight, drain, down, backup, health, meta
            case maxConns = "max_conns"
        }

        private enum MetaKey: String, CodingKey { case instance, since }

        init(from decoder: any Decoder) throws {
            let object = try decoder.container(keyedBy: Key.self)
            address = try object.decode(String.self, forKey: .address)
            port = try object.decodeIfPresent(Int.self, forKey: .port)
            weight = try object.decodeIfPresent(Int.self, forKey: .weight)
            drain = try object.decodeIfPresent(Bool.self, forKey: .drain) ?? false
            down = try object.decodeIfPresent(Bool.self, forKey: .down) ?? false
            backup = try object.decodeIfPresent(Bool.self, forKey: .backup) ?? false
            maxConns = try object.decodeIfPresent(Int.self, forKey: .maxConns)
            health = try object.decodeIfPresent(String.self, forKey: .health)
            // `meta` is the owner's: other contents of any shape are ignored.
            let meta = try? object.nestedContainer(keyedBy: MetaKey.self, forKey: .meta)
            instance = (try? meta?.decodeIfPresent(String.self, forKey: .instance)).flatMap(\.self)
            since = (try? meta?.decodeIfPresent(Int64.self, forKey: .since)).flatMap(\.self)
        }

        func named() throws(InvalidEntry) -> NamedAddress {
            if let port, !(1...65535).contains(port) {
                throw InvalidEntry("'port' must be from 1 to 65535")
            }
            if let weight, !(0...65535).contains(weight) {
                throw InvalidEntry("'weight' must be from 0 to 65535")
            }
            if drain, down { throw InvalidEntry("an address is either 'down' or it drains ('drain')") }
            if let maxConns, !NamedAddress.maxConnectionsRange.contains(maxConns) {
                throw InvalidEntry("'max_conns' must be from 1 to 1000000")
            }
            if let health, PublishedHealth(rawValue: health) == nil {
                throw InvalidEntry("'health' must be up or down")
            }
            if let endpoint = Endpoint(address) {
                guard endpoint.port > 0 else {
                    throw InvalidEntry("the port in 'address' must be from 1 to 65535")
                }
                guard port == nil || port == Int(endpoint.port) else {
                    throw InvalidEntry("'address' and 'port' name different ports")
                }
                return named(endpoint.address, endpoint.port)
            }
            if let plain = IPAddress(address) { return named(plain, port.flatMap { UInt16(exactly: $0) }) }
            throw InvalidEntry(
                "'address' must be like 10.0.0.5:9000 or 10.0.0.5, not '\(address.prefix(64))'"
            )
        }

        private func named(_ address: IPAddress, _ port: UInt16?) -> NamedAddress {
            NamedAddress(
                address: address,
                port: port,
                weight: weight.flatMap { UInt16(exactly: $0) } ?? 1,
                identity: instance.flatMap { EntryValue.isInstance($0) ? $0 : nil },
                state: down ? .down : drain ? .drain : .up,
                isBackup: backup,
                maxConnections: maxConns.flatMap { Int32(exactly: $0) },
                health: health.flatMap(PublishedHealth.init)
            )
        }
    }
}
