import FoundationEssentials
import Logging

/// `GET /log-level` and `PUT /log-level`: the minimum severity of messages on standard error.
struct LogLevelControl: Sendable {
    /// The body and the response.
    struct Setting: Codable, Sendable, Equatable {
        var level: String
    }

    let admin: TierAdmin

    var routes: [ControlRoute] {
        [
            ControlRoute("GET", "/log-level", .read, "The minimum severity of messages on standard error.") {
                _ async throws(ControlRefusal) in
                .value(Setting(level: try threshold().level.rawValue))
            },
            ControlRoute("PUT", "/log-level", .operate, "Sets it, until the process ends.") {
                request async throws(ControlRefusal) in
                .value(try set(request.body))
            },
        ]
    }

    private func threshold() throws(ControlRefusal) -> LogThreshold {
        guard let threshold = admin.threshold else {
            throw ControlRefusal(409, "the log of this process has no level that can be set")
        }
        return threshold
    }

    private func set(_ body: [UInt8]) throws(ControlRefusal) -> Setting {
        guard let setting = try? JSONDecoder().decode(Setting.self, from: Data(body)) else {
            throw ControlRefusal(400, #"the body is not like {"level": "debug"}"#)
        }
        guard LogThreshold.names.contains(setting.level), let level = Logger.Level(rawValue: setting.level)
        else {
            throw ControlRefusal(
                400,
                "this is not a level; the levels are \(LogThreshold.names.joined(separator: ", "))"
            )
        }
        let threshold = try threshold()
        let before = threshold.level
        // Reported at the level that shows more.
        threshold.level = min(before, level, .notice)
        admin.logger.notice(
            "an operator set the log level",
            metadata: ["level": "\(level)", "before": "\(before)"]
        )
        threshold.level = level
        return setting
    }
}
