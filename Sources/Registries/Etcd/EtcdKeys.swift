import Routing

/// The keys of one prefix, and the names they stand for: `/berth/hosts/` + `host_01`.
package struct EtcdKeys: Sendable, Hashable {
    /// Bytes of a prefix.
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

    /// The name of a key, or why it is none; in words.
    package func name(_ key: [UInt8]) throws(EntryValue.Problem) -> String {
        let prefixBytes = prefix.utf8
        guard key.starts(with: prefixBytes) else {
            throw EntryValue.Problem(description: "the key is outside the prefix")
        }
        let rest = Array(key[prefixBytes.count...])
        guard let host = try? HostName(rest.span), host.port == nil else {
            throw EntryValue.Problem(description: "the key's rest is not a name")
        }
        guard host.bytes == rest else {
            throw EntryValue.Problem(
                description: "the key's rest is not a name in its usual form; write it '\(host.text)'"
            )
        }
        return host.text
    }

    package func key(_ name: String) -> [UInt8] { Array(prefix.utf8) + Array(name.utf8) }
}
