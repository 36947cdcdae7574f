import Bytes
import FoundationEssentials
import Glibc
import Settings

/// One process of a tier, as the control socket and the processes after it know it.
package struct GenerationStatus: Codable, Sendable, Equatable {
    /// 1 is the first; each take-over adds 1.
    package var generation: Int
    package var pid: Int
    package var version: String
    /// RFC 3339.
    package var started: String
    /// Seconds since `started`.
    package var ageSeconds: Int
    /// It accepts no connections; those that are left end.
    package var draining: Bool
    /// Client connections that are open.
    package var connections: Int

    /// Of this process.
    static func own(_ generation: Int, started: Int, draining: Bool, connections: Int) -> GenerationStatus {
        GenerationStatus(
            generation: generation,
            pid: Int(getpid()),
            version: BerthVersion.current,
            started: UTCTime(secondsSince1970: started).iso8601 + "Z",
            ageSeconds: max(0, time(nil) - started),
            draining: draining,
            connections: connections
        )
    }
}

/// What `GET /generations` shows: the newest first.
package struct GenerationsReport: Codable, Sendable, Equatable {
    package var generations: [GenerationStatus]

    package func json() throws -> String {
        String(decoding: try ControlResponse.encoder.encode(self), as: UTF8.self)
    }
}
