/// One message of a watch.
package struct EtcdFrame: Sendable {
    package var cluster: String
    /// The store's revision; 0 where the message has none.
    package var revision: Int64
    package var events: [EtcdEntry] = []
    /// The newest revision among the events.
    package var lastChange: Int64 = 0
    package var created = false
    package var fragment = false
    package var compacted = false
    /// Why the member canceled the watch; nil: it did not.
    package var canceled: String?

    package init(cluster: String, revision: Int64) {
        self.cluster = cluster
        self.revision = revision
    }

    init(_ response: EtcdWatchResponse) {
        self.init(cluster: response.header.cluster_id ?? "", revision: response.header.revision?.value ?? 0)
        created = response.created ?? false
        fragment = response.fragment ?? false
        if response.canceled ?? false {
            compacted = (response.compact_revision?.value ?? 0) > 0
            canceled = response.cancel_reason ?? "the watch was canceled"
        }
        for event in response.events ?? [] {
            events.append(EtcdEntry(event.kv, isDelete: event.type == "DELETE"))
            // An absurd revision must not hide later ones.
            if let at = event.kv.mod_revision?.value, at < .max { lastChange = max(lastChange, at) }
        }
    }
}
