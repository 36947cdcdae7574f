package import FoundationEssentials

/// An entry as etcd holds it.
package struct EtcdKeyValue: Decodable, Sendable {
    let key: Data
    package let value: Data?
    let mod_revision: GatewayNumber?
    private let lease: GatewayNumber?

    /// The revision of its last change.
    package var revision: Int64 { mod_revision?.value ?? 0 }
    /// The ID of its lease; 0: none.
    package var leaseID: Int64 { lease?.value ?? 0 }

    /// The value for people: no control characters, at most `limit` bytes.
    package func printableValue(limit: Int = 200) -> String {
        EtcdEntry.printable(Array(value ?? Data()), limit: limit)
    }
}
