import Names
import Proxy
import ProxyCore
import Routing
import TLS

/// Where a tier's metrics come from.
struct MetricsInputs: Sendable {
    let tier: Tier
    let names: NameDirectory
    let ages: SourceAges
    let isReady: @Sendable () -> Bool
    let reloads: @Sendable () -> ReloadCounters
    let certificates: @Sendable () -> [CertificateExpiry]
    /// By the log's name.
    let droppedLines: @Sendable () -> [(log: String, lines: UInt64)]
    /// Nil: there is no tap log.
    let tap: TapLog?
}

/// When a certificate of a listener expires.
struct CertificateExpiry: Sendable {
    let listener: String
    let file: String
    /// Seconds since 1970.
    let time: Int
}
