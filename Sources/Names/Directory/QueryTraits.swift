/// How the directory treats a query source.
package struct QueryTraits: Sendable {
    /// What it means that a name does not exist.
    package enum Absence: Sendable, Equatable {
        /// The source has said so.
        case certain
        /// The source reports the same if what it asks is down. A name that had an answer is only gone if `witness`
        /// resolves; nil: another name that had an answer.
        case doubtful(witness: String?)
    }

    /// Queries for new names that are sent at one time; as many more refresh known names.
    package var places: Int
    /// The time after which a query without a result counts as failed; its result is used when it comes. Nil: the
    /// source ends each query itself.
    package var timeout: Duration?
    package var absence: Absence

    package init(places: Int = 256, timeout: Duration? = nil, absence: Absence = .certain) {
        self.places = places
        self.timeout = timeout
        self.absence = absence
    }
}
