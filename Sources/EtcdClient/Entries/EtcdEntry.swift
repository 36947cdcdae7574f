import Bytes
import FoundationEssentials

/// An entry of a page, or an event of a watch.
package struct EtcdEntry: Sendable {
    package let key: [UInt8]
    package let value: Result<EntryValue, InvalidEntry>
    package let isDelete: Bool
    package let lease: Int64

    package init(
        key: [UInt8],
        value: Result<EntryValue, InvalidEntry>,
        isDelete: Bool = false,
        lease: Int64 = 0
    ) {
        self.key = key
        self.value = value
        self.isDelete = isDelete
        self.lease = lease
    }

    init(_ kv: EtcdKeyValue, isDelete: Bool = false) {
        let value: Result<EntryValue, InvalidEntry>
        do throws(InvalidEntry) {
            value = .success(try EntryValue(isDelete ? Data() : kv.value ?? Data()))
        } catch {
            value = .failure(error)
        }
        self.init(key: Array(kv.key), value: value, isDelete: isDelete, lease: kv.leaseID)
    }

    /// The key for people.
    package var printableKey: String { Self.printable(key) }

    /// Bytes for people: characters that are not printable are escaped; at most `limit` bytes.
    package static func printable(_ bytes: [UInt8], limit: Int = 200) -> String {
        Printable.text(String(decoding: bytes.prefix(limit), as: UTF8.self))
    }
}
