import FoundationEssentials
import NIOCore

/// The body of `POST /upgrade`.
struct UpgradeRequest: Codable, Sendable, Equatable {
    /// The path of the program; nil: the one of the running process, as it is on disk now.
    var binary: String?
    /// Seconds from the start of the new process until it accepts; nil: `defaultTime`.
    var timeout: Int?

    static let defaultTime = 60
    static let maxTime = 3600
    /// What a take-over may take besides.
    private static let margin = TimeAmount.seconds(30)

    /// - Throws: where the body is not valid.
    init(decoding body: [UInt8]) throws(ControlRefusal) {
        guard !body.isEmpty else { return }
        guard let request = try? JSONDecoder().decode(Self.self, from: Data(body)) else {
            throw ControlRefusal(400, #"the body is not like {"binary": "/usr/bin/berth", "timeout": 60}"#)
        }
        self = request
        if let timeout, !(1...Self.maxTime).contains(timeout) {
            throw ControlRefusal(400, "the timeout is not a number of seconds from 1 to \(Self.maxTime)")
        }
        if let binary, !binary.hasPrefix("/") || binary.utf8.contains(0) {
            throw ControlRefusal(400, "the binary is not an absolute path")
        }
    }

    init(binary: String? = nil, timeout: Int? = nil) {
        self.binary = binary
        self.timeout = timeout
    }

    /// How long the response may take.
    var timeLimit: TimeAmount { .seconds(Int64(timeout ?? Self.defaultTime)) + Self.margin }

    /// … to a request with this body.
    static func timeLimit(of body: [UInt8]) -> TimeAmount {
        ((try? UpgradeRequest(decoding: body)) ?? UpgradeRequest()).timeLimit
    }
}
