import NIOCore

/// The limits of the name directory. Names come from requests: clients must neither fill the memory nor evict the
/// names in use.
enum NameLimits {
    /// Names that are being resolved at one time.
    static let waitingNames = 4096
    /// Addresses kept for one query source.
    static let positives = 16_384
    /// Addresses of all names of one query source: about 16 MiB.
    static let addressesOfSource = 262_144
    /// Names kept that do not exist in a query source, or whose query failed.
    static let negatives = 16_384
    /// Addresses of one name; more are ignored.
    static let addressesOfName = 1024
    /// Queries for new names that wait for a place at one source; refreshes of known names do not count.
    static let queries = 4096
    /// How long a query for a name whose answer has expired is waited for before the old answer serves, unless the
    /// source is known to be late: then it serves at once (RFC 8767 §5).
    static let stalePatience = TimeAmount.milliseconds(500)
    /// The names that are queried to judge whether another one is gone.
    static let witnesses = 3
    /// Without a witness, a name is gone if all results agree for so long.
    static let absenceProof = TimeAmount.seconds(60)
    /// How long a name whose query failed is not queried again.
    static let failurePause = TimeAmount.seconds(1)
    /// How long a failed refresh of an answer waits for the next attempt, while the old answer serves.
    static let retryPause = TimeAmount.seconds(2)
    /// The part of its life after which an answer in use is queried again, tenths.
    static let refreshTenths: Int64 = 8
    /// The minimum and maximum life of an answer, whatever its TTL.
    static let minLife = TimeAmount.milliseconds(100)
    static let maxLife = TimeAmount.hours(7 * 24)
    /// How long a live source may be silent at the start before it counts as down.
    static let coldTime = TimeAmount.seconds(10)
    /// The minimum time between two tables: a thousand changes a second make fifty tables.
    static let installPause = TimeAmount.milliseconds(20)
    /// The maximum time that a lookup waits in the directory; its owner may give up earlier.
    static let patience = TimeAmount.seconds(30)
    /// Entries examined to find one to evict.
    static let evictionSteps = 64
}
