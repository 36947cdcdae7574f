package import RegistryClient
package import Settings

/// Where a tier registers: the members of an etcd cluster, and a key.
///
///     etcd=http://10.0.0.1:2379,10.0.0.2:2379/berth/hosts/host_01
///     etcd=http://10.0.0.1:2379/berth/containers/{name}_01
///
/// In a template `{name}` stands for each of a set of names, once, after the last slash.
package struct RegistrationAddress: Sendable, Equatable {
    private static let placeholder = "{name}"

    package var cluster: EtcdCluster
    /// The entry's name, or its part before `{name}`.
    private let start: String
    /// The part after `{name}`; nil: the address is not a template.
    private let end: String?

    /// The address of one entry.
    ///
    /// - Throws: `RegistryError` with an example.
    package init(_ text: String) throws(RegistryError) {
        let (cluster, name) = try Self.parse(text, "etcd=http://10.0.0.1:2379/berth/hosts/host_01")
        self.cluster = cluster
        (start, end) = (name, nil)
    }

    /// The address of an entry for each of a set of names.
    ///
    /// - Throws: `RegistryError` with an example.
    package init(template text: String) throws(RegistryError) {
        let example = "etcd=http://10.0.0.1:2379/berth/containers/{name}_01"
        let pieces = text.split(separator: Self.placeholder, omittingEmptySubsequences: false)
        guard pieces.count == 2, let last = pieces.last else {
            throw RegistryError("'\(text)' must contain {name} once; write it like \(example)")
        }
        let (cluster, name) = try Self.parse(text, example)
        guard name.contains(Self.placeholder) else {
            throw RegistryError(
                "'\(text)' must contain {name} after its last slash; write it like \(example)"
            )
        }
        self.cluster = cluster
        (start, end) = (String(name.dropLast(Self.placeholder.count + last.count)), String(last))
    }

    package var isTemplate: Bool { end != nil }

    /// The entry's name, or its template.
    package var name: String { end.map { start + Self.placeholder + $0 } ?? start }

    /// The key or its template, for people.
    package var key: String { cluster.prefix + name }

    /// The name of the entry for one of a set of names.
    package func entry(for name: String) -> String { end.map { start + name + $0 } ?? start }

    private static func parse(
        _ text: String,
        _ example: String
    ) throws(RegistryError) -> (cluster: EtcdCluster, name: String) {
        guard text.hasPrefix("etcd=") else {
            throw RegistryError("'\(text)' does not start with 'etcd='; write it like \(example)")
        }
        let url = text.dropFirst("etcd=".count)
        guard let scheme = ["http://", "https://"].first(where: { url.hasPrefix($0) }) else {
            throw RegistryError("'\(text)' has no http:// or https://; write it like \(example)")
        }
        let rest = url.dropFirst(scheme.count)
        guard let slash = rest.firstIndex(of: "/"), slash > rest.startIndex,
            let last = rest.lastIndex(of: "/"), rest.index(after: last) < rest.endIndex
        else { throw RegistryError("'\(text)' has no key; write it like \(example)") }
        let members = rest[..<slash].split(separator: ",", omittingEmptySubsequences: false)
        let cluster = EtcdCluster(
            endpoints: members.map { scheme + $0 },
            prefix: String(rest[slash...last])
        )
        return (cluster, String(rest[rest.index(after: last)...]))
    }
}
