import Routing

/// The keys of one prefix, and their names: `/berth/hosts/` + `host_01`.
package struct EtcdKeys: Sendable, Hashable {
    /// The maximum length of a prefix, bytes.
    package static let maxPrefixBytes = 1024

    package let prefix: String

    package init(prefix: String) { self.prefix = prefix }

    /// The first key after all of the prefix, etcd's `range_end`.
    package var end: [UInt8] {
        var bytes = Array(prefix.utf8)
        while let last = bytes.popLast() {
            // UTF-8 has no 0xFF: the last byte can always be raised.
            if last < 0xFF { return bytes + [last + 1] }
        }
        return [0]
    }

    /// The name of a key.
    package func name(_ key: [UInt8]) throws(InvalidEntry) -> String {
        let prefixBytes = prefix.utf8
        guard key.starts(with: prefixBytes) else {
            throw InvalidEntry("the key is outside the prefix")
        }
        let rest = Array(key[prefixBytes.count...])
        guard let host = try? HostName(rest.span), host.port == nil else {
            throw InvalidEntry("the key does not end with a valid name")
        }
        guard host.bytes == rest else {
            throw InvalidEntry(
                "the name in the key is not in its normal form; write it '\(host.text)'"
            )
        }
        return host.text
    }

    package func key(_ name: String) -> [UInt8] { Array(prefix.utf8) + Array(name.utf8) }
}
