/// The state of a tier, as `GET /status` shows it. Fields are added, never renamed or removed.
package struct StatusReport: Codable, Sendable, Equatable {
    package struct Listener: Codable, Sendable, Equatable {
        package var address: String
        package var tls: Bool
        package var http2: Bool
        /// `required` or `requested`; nil: clients are not asked for a certificate.
        package var clientCertificates: String?
        package var redirectsToHttps: Bool
    }

    package struct Rules: Codable, Sendable, Equatable {
        package struct Reloads: Codable, Sendable, Equatable {
            package var succeeded: UInt64
            package var failed: UInt64
            /// Why the rules in force differ from the files; nil: they do not.
            package var lastError: String?
        }

        package var count: Int
        package var files: [String]
        /// When the rules in force were read, RFC 3339.
        package var loaded: String
        package var reloads: Reloads
    }

    package struct Names: Codable, Sendable, Equatable {
        package struct Source: Codable, Sendable, Equatable {
            package var name: String
            /// `etcd`, `containers`, `hosts_file`, `static`, `pools`, `dns`, `system` or `deployed`.
            package var kind: String
            /// It has its names, or those of an earlier run.
            package var ready: Bool
            package var entries: Int
            /// Since it last emitted anything; nil: it has not.
            package var ageSeconds: Double?
            /// Why it counts as down; nil: it does not.
            package var error: String?
        }

        package var sources: [Source]
    }

    /// `front` or `local`.
    package var tier: String
    package var version: String
    /// That the program was built from; nil: not known.
    package var commit: String?
    /// Identifies the tier in `Via`.
    package var instance: String
    package var pid: Int32
    /// RFC 3339.
    package var started: String
    package var uptimeSeconds: Double
    package var ready: Bool
    package var draining: Bool
    /// How many processes have served before this one and itself, where one takes over from another.
    package var generation: Int
    package var listeners: [Listener]
    package var rules: Rules
    /// Event loops.
    package var loops: Int
    /// Open connections of clients.
    package var connections: Int
    package var requestsInFlight: Int
    package var names: Names
    /// Nil: it cannot be set.
    package var logLevel: String?
}
