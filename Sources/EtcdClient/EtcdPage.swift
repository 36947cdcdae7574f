/// One page of the prefix's entries.
package struct EtcdPage: Sendable {
    package var cluster: String
    /// The store's revision when it was read.
    package var revision: Int64
    /// In the order of their keys.
    package var entries: [EtcdEntry]
    /// Whether more pages follow.
    package var more: Bool

    package init(cluster: String, revision: Int64, entries: [EtcdEntry], more: Bool) {
        self.cluster = cluster
        self.revision = revision
        self.entries = entries
        self.more = more
    }

    init(_ response: EtcdRangeResponse) throws(EtcdFailure) {
        guard let revision = response.header.revision?.value, revision > 0, revision < .max else {
            throw .malformed("a list without a revision")
        }
        self.init(
            cluster: response.header.cluster_id ?? "",
            revision: revision,
            entries: (response.kvs ?? []).map { EtcdEntry($0) },
            more: response.more ?? false
        )
    }
}
