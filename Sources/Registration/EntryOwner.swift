package import EtcdClient
import FoundationEssentials
package import Names
import Routing

/// The owner of an entry, as the entry describes it.
package struct EntryOwner: Sendable, Equatable {
    /// nil: the entry was not written by a tier.
    package var instance: String?
    /// Empty where the value is not valid.
    package var addresses: [NamedAddress]
    /// 0: the entry has no lease; somebody has set it by hand.
    package var lease: Int64
    /// The revision of the entry's last change.
    package var revision: Int64
    /// The value for people.
    package var text: String

    package init(
        instance: String?,
        addresses: [NamedAddress],
        lease: Int64,
        revision: Int64,
        text: String = ""
    ) {
        self.instance = instance
        self.addresses = addresses
        self.lease = lease
        self.revision = revision
        self.text = text
    }

    package init(_ entry: EtcdKeyValue) {
        let addresses = (try? EntryValue(entry.value ?? Data()))?.addresses ?? []
        self.init(
            instance: addresses.first?.identity,
            addresses: addresses,
            lease: entry.leaseID,
            revision: entry.revision,
            text: entry.printableValue()
        )
    }

    /// Whether the entry has this address and no other.
    func isAt(_ endpoint: Endpoint) -> Bool {
        !addresses.isEmpty
            && addresses.allSatisfy { $0.address == endpoint.address && $0.port == endpoint.port }
    }
}

extension EntryOwner: CustomStringConvertible {
    /// `instance 7f3a at 10.0.0.6:9000`.
    package var description: String {
        let owner = instance.map { "instance \($0)" } ?? "an entry that no tier has registered"
        let locations = addresses.map { one in
            one.port.map { "\(Endpoint(address: one.address, port: $0))" } ?? "\(one.address)"
        }
        let location =
            locations.isEmpty ? "with the value \(text)" : "at \(locations.joined(separator: ", "))"
        return "\(owner) \(location)\(lease == 0 ? ", without a lease" : "")"
    }
}
