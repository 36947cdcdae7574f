import FoundationEssentials
import Logging

/// `POST /drain`: the tier ends as on SIGTERM. First it is no longer ready, then its listeners close.
struct DrainControl: Sendable {
    /// The body of `POST /drain`.
    struct Options: Codable, Sendable {
        /// Seconds from the end of the readiness to the end of the listeners (default 0).
        var wait: Double?
    }

    /// The response.
    struct Report: Codable, Sendable, Equatable {
        var draining: Bool
        /// Seconds until the listeners close.
        var wait: Double
    }

    /// The longest wait, seconds.
    static let maxWait = 3600.0

    let admin: TierAdmin

    var routes: [ControlRoute] {
        [
            ControlRoute(
                "POST",
                "/drain",
                .operate,
                "Ends the tier: no longer ready first, then its listeners close."
            ) { request async throws(ControlRefusal) in
                .value(try drain(request.body))
            }
        ]
    }

    private func drain(_ body: [UInt8]) throws(ControlRefusal) -> Report {
        var options = Options()
        if !body.isEmpty {
            guard let decoded = try? JSONDecoder().decode(Options.self, from: Data(body)) else {
                throw ControlRefusal(400, #"the body is not like {"wait": 5}"#)
            }
            options = decoded
        }
        let wait = options.wait ?? 0
        guard wait >= 0, wait <= Self.maxWait else {
            throw ControlRefusal(400, "`wait` is not from 0 to \(Int(Self.maxWait)) seconds")
        }
        guard admin.draining.request() else { throw ControlRefusal(409, "the tier drains already") }
        admin.readiness?.withdraw()
        admin.logger.notice("an operator drains the tier", metadata: ["wait": "\(wait)"])
        let draining = admin.draining
        Task {
            try? await Task.sleep(for: .milliseconds(Int(wait * 1000)))
            draining.due()
        }
        return Report(draining: true, wait: wait)
    }
}
