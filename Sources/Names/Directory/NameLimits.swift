import NIOCore

/// What the name directory holds at most. Names come out of requests: whoever sends them must
/// neither fill the memory nor push out the names in use.
enum NameLimits {
    /// Names that wait for an answer at one time.
    static let waitingNames = 4096
    /// Addresses kept for one query source.
    static let positives = 16_384
    /// Addresses of all names of one query source: about 16 MiB.
    static let addressesOfSource = 262_144
    /// Names kept that a query source does not know, or could not be asked for.
    static let negatives = 16_384
    /// Addresses of one name; more are passed over.
    static let addressesOfName = 1024
    /// Names that one source may be asked for at one time.
    static let questions = 4096
    /// How long a name that could not be asked for is not asked for again.
    static let failurePause = TimeAmount.seconds(1)
    /// How long an answer that could not be had anew waits for the next attempt, while the old one serves.
    static let retryPause = TimeAmount.seconds(2)
    /// At which part of its life an answer in use is asked for again: 8 of 10.
    static let refreshTenths: Int64 = 8
    /// The shortest and the longest life of an answer, whatever a source says.
    static let leastLife = TimeAmount.milliseconds(100)
    static let mostLife = TimeAmount.hours(7 * 24)
    /// How long a live source may be silent at the start before it counts as down.
    static let coldTime = TimeAmount.seconds(10)
    /// The least time between two tables: a thousand changes a second make fifty tables.
    static let installPause = TimeAmount.milliseconds(20)
    /// How long a name waits in the directory at most; who asked may have given up before.
    static let patience = TimeAmount.seconds(30)
    /// Entries looked at to find one to give up.
    static let evictionSteps = 64
}
