import FoundationEssentials
import Logging

/// Pauses, stops and resumes targets.
struct HoldControl: Sendable {
    /// The body of `POST /pools/NAME/pause` and `…/stop`.
    struct Options: Codable, Sendable {
        /// Seconds that each request waits at most.
        var max: Double?
        var message: String?
    }

    let store: ControlStore
    let logger: Logger

    /// - Parameter verb: `pause`, `stop` or `resume`.
    /// - Returns: the target's name as requests have it.
    func apply(_ verb: String, _ body: [UInt8], to name: String) async throws(ControlRefusal) -> String {
        let options: Options
        do {
            options = body.isEmpty ? Options() : try JSONDecoder().decode(Options.self, from: Data(body))
        } catch {
            throw ControlRefusal(400, #"the body is not like {"max": 30} or {"message": "back at 10"}"#)
        }
        let target: String
        let hold: ControlRecord.Hold?
        do throws(RecordFlaw) {
            target = try ControlRecord.name(name)
            hold =
                switch verb {
                case "pause": .paused(max: options.max ?? ControlRecord.usualWait)
                case "stop": .stopped(message: options.message)
                default: nil
                }
            try hold?.validate()
        } catch {
            throw ControlRefusal(400, error.description)
        }
        if hold == nil {
            guard verb == "resume" else {
                throw ControlRefusal(
                    404,
                    "'\(verb)' is not a valid action: write state, pause, stop, resume, deploy or reset"
                )
            }
            guard await store.record(of: target).hold != nil else {
                let isElsewhere = await store.isHeldByRegistry(target)
                throw ControlRefusal(
                    404,
                    isElsewhere
                        ? "'\(target)' is paused or stopped through the registry; resume it there (--config)"
                        : "'\(target)' is neither paused nor stopped"
                )
            }
        }
        try await store.set(hold, for: target)
        logger.notice(
            "an operator changed a target",
            metadata: ["target": "\(target)", "action": "\(verb)"]
        )
        return target
    }
}
