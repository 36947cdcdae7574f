/// An entry to be put.
package struct EtcdPut: Sendable {
    package enum Condition: Sendable, Equatable {
        /// Puts the entry unconditionally.
        case none
        /// Puts it only where there is none.
        case absent
        /// Puts it only in place of the entry of this revision.
        case revision(Int64)
        /// Puts it only in place of an entry under this lease.
        case lease(Int64)
    }

    package var key: [UInt8]
    package var value: String
    /// The entry's lease; 0: none.
    package var lease: Int64
    package var condition: Condition

    package init(key: [UInt8], value: String, lease: Int64 = 0, condition: Condition = .none) {
        self.key = key
        self.value = value
        self.lease = lease
        self.condition = condition
    }
}

package enum EtcdPutResult: Sendable {
    case done
    /// The condition does not hold: this entry is there.
    case present(EtcdKeyValue)
    /// The condition does not hold, and there is no entry: it was removed meanwhile.
    case absent
}
