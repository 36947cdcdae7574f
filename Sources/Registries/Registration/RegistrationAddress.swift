import Foundation
package import Settings

/// Where a tier registers itself, as people write it: `etcd=http://10.0.0.1:2379/berth/hosts/host_01`.
///
/// Several members are separated by commas: `etcd=http://10.0.0.1:2379,10.0.0.2:2379/berth/hosts/host_01`.
package struct RegistrationAddress: Sendable, Equatable {
    package var cluster: EtcdCluster
    package var name: String

    /// - Throws: `RegistryError` in words that show how it is written.
    package init(_ text: String) throws(RegistryError) {
        let form = "write it like etcd=http://10.0.0.1:2379/berth/hosts/host_01"
        guard text.hasPrefix("etcd=") else { throw RegistryError("'\(text)' names no registry; \(form)") }
        let url = text.dropFirst("etcd=".count)
        guard let scheme = ["http://", "https://"].first(where: { url.hasPrefix($0) }) else {
            throw RegistryError("'\(text)' has no http:// or https://; \(form)")
        }
        let rest = url.dropFirst(scheme.count)
        guard let slash = rest.firstIndex(of: "/"), slash > rest.startIndex,
            let last = rest.lastIndex(of: "/"), rest.index(after: last) < rest.endIndex
        else { throw RegistryError("'\(text)' has no key; \(form)") }
        name = String(rest[rest.index(after: last)...])
        let members = rest[..<slash].split(separator: ",", omittingEmptySubsequences: false)
        cluster = EtcdCluster(
            endpoints: members.map { scheme + $0 },
            prefix: String(rest[slash...last])
        )
    }
}
