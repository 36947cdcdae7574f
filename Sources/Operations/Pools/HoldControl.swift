import Foundation
import Logging
import NIOCore
import Proxy
import ProxyCore
import Routing

/// Pauses, stops and resumes targets.
struct HoldControl: Sendable {
    /// The body of `POST /pools/NAME/pause` and `…/stop`.
    struct Options: Codable, Sendable {
        /// Seconds that each request waits at most.
        var max: Double?
        var message: String?
    }

    static let usualWait = 30.0
    /// An hour: longer than any client waits.
    static let maxWait = 3600.0
    /// The longest message, bytes.
    static let messageBytes = 200
    /// Targets that are paused or stopped at a time.
    static let maxHolds = 10_000

    let tier: Tier
    let logger: Logger

    /// - Parameter verb: `pause`, `stop` or `resume`.
    /// - Returns: the target's name as requests have it.
    func apply(_ verb: String, _ body: [UInt8], to name: String) async throws(ControlRefusal) -> String {
        let name = name.lowercased()
        guard (try? HostName(name)) != nil else {
            throw ControlRefusal(400, "'\(name)' is not a valid name of a target")
        }
        let options: Options
        do {
            options = body.isEmpty ? Options() : try JSONDecoder().decode(Options.self, from: Data(body))
        } catch {
            throw ControlRefusal(400, #"the body is not like {"max": 30} or {"message": "back at 10"}"#)
        }
        let holds = await tier.snapshots(of: name).first?.holds ?? [:]
        guard verb == "resume" || holds[name] != nil || holds.count < Self.maxHolds else {
            throw ControlRefusal(400, "\(Self.maxHolds) targets are paused or stopped; resume some")
        }
        switch verb {
        case "pause":
            let max = options.max ?? Self.usualWait
            guard max > 0, max <= Self.maxWait else {
                throw ControlRefusal(400, "the longest wait is from 1 ms to 1 h")
            }
            await tier.set(.paused(max: .milliseconds(Int64(Swift.max(1, max * 1000)))), for: name)
        case "stop":
            if let message = options.message { try Self.check(message) }
            await tier.set(.stopped(message: options.message), for: name)
        case "resume":
            guard holds[name] != nil else {
                throw ControlRefusal(404, "'\(name)' is neither paused nor stopped")
            }
            await tier.set(nil, for: name)
        default:
            throw ControlRefusal(404, "'\(verb)' is not a valid action: write state, pause, stop or resume")
        }
        logger.notice("an operator changed a target", metadata: ["target": "\(name)", "action": "\(verb)"])
        return name
    }

    /// The message is a part of a field, of HTML and of JSON, as it is.
    private static func check(_ message: String) throws(ControlRefusal) {
        let special = Set("\"\\<>&".utf8)
        guard !message.isEmpty, message.utf8.count <= messageBytes,
            message.utf8.allSatisfy({ (0x20...0x7E).contains($0) && !special.contains($0) })
        else {
            throw ControlRefusal(
                400,
                "the message has to be 1 to \(messageBytes) printable ASCII characters without \" \\ < > &"
            )
        }
    }
}
