import FoundationEssentials

/// What came of a take-over, as the control socket shows it.
package struct UpgradeReport: Codable, Sendable, Equatable {
    /// The new process has the tier.
    package var upgraded: Bool
    /// Of the process that has the tier.
    package var generation: Int
    package var pid: Int
    package var version: String?
    /// Why this process has the tier still; nil: it has not.
    package var error: String?
    /// What the new process has written to standard error: the last lines.
    package var lines: [String]

    /// A response's status where nothing has changed.
    static let failureStatus = 409

    package func json() throws -> String {
        String(decoding: try ControlResponse.encoder.encode(self), as: UTF8.self)
    }
}
