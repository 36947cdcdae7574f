package import Settings
/// Where a tier publishes its names, as people write it: `etcd=http://10.0.0.1:2379/berth/containers/{name}_01`.
///
/// `{name}` stands for each name, once, behind the last slash. Several members are separated by commas.
package struct PublicationAddress: Sendable, Equatable {
    private static let mark = "{name}"

    package var cluster: EtcdCluster
    private let front: String
    private let back: String

    /// - Throws: `RegistryError` in words that show how it is written.
    package init(_ text: String) throws(RegistryError) {
        let form = "write it like etcd=http://10.0.0.1:2379/berth/containers/{name}_01"
        let pieces = text.split(separator: Self.mark, omittingEmptySubsequences: false)
        guard pieces.count == 2, let first = pieces.first, let last = pieces.last else {
            throw RegistryError("'\(text)' must have {name} once; \(form)")
        }
        // A name in its place shows what is wrong with the rest.
        let address: RegistrationAddress
        do throws(RegistryError) { address = try RegistrationAddress("\(first)a\(last)") } catch {
            throw RegistryError("'\(text)' can't be used; \(form)")
        }
        guard let slash = first.lastIndex(of: "/"), !last.contains("/") else {
            throw RegistryError("'\(text)' must have {name} behind its last slash; \(form)")
        }
        cluster = address.cluster
        front = String(first[first.index(after: slash)...])
        back = String(last)
    }

    /// The registry's name of one of ours.
    func name(_ name: String) -> String { front + name + back }

    /// The whole key, for people.
    func key(_ name: String) -> String { cluster.prefix + self.name(name) }
}
