import Bytes

/// The times of certificates as texts.
package enum CertificateTime {
    /// `2026-11-29T20:48:21Z`
    ///
    /// - Parameter seconds: since 1970.
    package static func text(_ seconds: Int) -> String { UTCTime(secondsSince1970: seconds).iso8601 + "Z" }
}
