import Foundation

/// An entry of a page, or an event of a watch.
package struct EtcdEntry: Sendable {
    package let key: [UInt8]
    package let value: Result<EntryValue, EntryValue.Problem>
    package let isDelete: Bool
    package let lease: Int64

    package init(
        key: [UInt8],
        value: Result<EntryValue, EntryValue.Problem>,
        isDelete: Bool = false,
        lease: Int64 = 0
    ) {
        self.key = key
        self.value = value
        self.isDelete = isDelete
        self.lease = lease
    }

    init(_ kv: EtcdKeyValue, isDelete: Bool = false) {
        let value: Result<EntryValue, EntryValue.Problem>
        do throws(EntryValue.Problem) {
            value = .success(try EntryValue(isDelete ? Data() : kv.value ?? Data()))
        } catch {
            value = .failure(error)
        }
        self.init(key: Array(kv.key), value: value, isDelete: isDelete, lease: kv.lease?.value ?? 0)
    }

    /// The key for people.
    package var shownKey: String { Self.shown(key) }

    /// Bytes for people: no control characters, not too long.
    static func shown(_ bytes: [UInt8], limit: Int = 200) -> String {
        let text = String(decoding: bytes.prefix(limit), as: UTF8.self)
        return String(text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? "?" : Character($0) })
    }
}

/// One page of a list.
package struct EtcdPage: Sendable {
    package var cluster: String
    /// The store's revision when it was read.
    package var revision: Int64
    /// In the order of their keys.
    package var entries: [EtcdEntry]
    package var more: Bool

    package init(cluster: String, revision: Int64, entries: [EtcdEntry], more: Bool) {
        self.cluster = cluster
        self.revision = revision
        self.entries = entries
        self.more = more
    }

    init(_ answer: EtcdRangeAnswer) throws(EtcdFailure) {
        guard let revision = answer.header.revision?.value, revision > 0, revision < .max else {
            throw .malformed("a list without a revision")
        }
        self.init(
            cluster: answer.header.cluster_id ?? "",
            revision: revision,
            entries: (answer.kvs ?? []).map { EtcdEntry($0) },
            more: answer.more ?? false
        )
    }
}

/// One message of a watch.
package struct EtcdFrame: Sendable {
    package var cluster: String
    /// The store's revision; 0 where the message names none.
    package var revision: Int64
    package var events: [EtcdEntry] = []
    /// The newest revision among the events.
    package var lastChange: Int64 = 0
    package var created = false
    package var fragment = false
    package var compacted = false
    /// Why the member ended the watch.
    package var canceled: String?

    package init(cluster: String, revision: Int64) {
        self.cluster = cluster
        self.revision = revision
    }

    init(_ answer: EtcdWatchAnswer) {
        self.init(cluster: answer.header.cluster_id ?? "", revision: answer.header.revision?.value ?? 0)
        created = answer.created ?? false
        fragment = answer.fragment ?? false
        if answer.canceled ?? false {
            compacted = (answer.compact_revision?.value ?? 0) > 0
            canceled = answer.cancel_reason ?? "the watch was ended"
        }
        for event in answer.events ?? [] {
            events.append(EtcdEntry(event.kv, isDelete: event.type == "DELETE"))
            // A revision that is out of this world must not stop later ones.
            if let at = event.kv.mod_revision?.value, at < .max { lastChange = max(lastChange, at) }
        }
    }
}
