import RoutingConfig
import Routing

/// The rules in force, as `GET /rules` shows them. Fields are added, never renamed or removed.
package struct RulesReport: Codable, Sendable, Equatable {
    package struct Item: Codable, Sendable, Equatable {
        package var name: String
        /// As the rule has it; nil: every host.
        package var host: String?
        package var path: String?
        /// Where the rule is written.
        package var file: String?
        package var line: Int?
        /// `host_${host}:9000`, `redirect 308 to …`, `respond 403`.
        package var to: String
        package var figures: Figures?

        /// What its requests were like; nil: nobody has counted.
        package struct Figures: Codable, Sendable, Equatable {
            package var requests: UInt64
            package var failures: UInt64
            package var p50Ms: Double?
            package var p99Ms: Double?

            static let none = Figures(requests: 0, failures: 0, p50Ms: nil, p99Ms: nil)
        }

        private enum CodingKeys: String, CodingKey {
            case name, host, path, file, line, to, requests, failures, p50Ms, p99Ms
        }
    }

    package var rules: [Item]
    /// All, whatever `limit` is.
    package var total: Int
}

extension RulesReport.Item {
    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        name = try values.decode(String.self, forKey: .name)
        host = try values.decodeIfPresent(String.self, forKey: .host)
        path = try values.decodeIfPresent(String.self, forKey: .path)
        file = try values.decodeIfPresent(String.self, forKey: .file)
        line = try values.decodeIfPresent(Int.self, forKey: .line)
        to = try values.decode(String.self, forKey: .to)
        guard let requests = try values.decodeIfPresent(UInt64.self, forKey: .requests) else { return }
        figures = Figures(
            requests: requests,
            failures: try values.decodeIfPresent(UInt64.self, forKey: .failures) ?? 0,
            p50Ms: try values.decodeIfPresent(Double.self, forKey: .p50Ms),
            p99Ms: try values.decodeIfPresent(Double.self, forKey: .p99Ms)
        )
    }

    /// What is not known is null: a client finds every field.
    package func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(name, forKey: .name)
        try values.encode(host, forKey: .host)
        try values.encode(path, forKey: .path)
        try values.encode(file, forKey: .file)
        try values.encode(line, forKey: .line)
        try values.encode(to, forKey: .to)
        try values.encode(figures?.requests, forKey: .requests)
        try values.encode(figures?.failures, forKey: .failures)
        try values.encode(figures?.p50Ms, forKey: .p50Ms)
        try values.encode(figures?.p99Ms, forKey: .p99Ms)
    }

    init(_ rule: Rule) {
        name = rule.name
        host = rule.definition.host
        path = rule.definition.path
        file = rule.origin?.file
        line = rule.origin?.line
        to =
            switch rule.definition.action {
            case .forward(let to): to
            case .redirect(let to, let status): "redirect \(status) to \(to)"
            case .respond(let status, _, _): "respond \(status)"
            }
    }
}

/// `GET /rules`
struct RulesControl: Sendable {
    let admin: TierAdmin
    /// What the requests of rules were like, by the rules' names; a rule that is missing had none. Nil: nobody counts.
    var figures: @Sendable () async -> [String: RulesReport.Item.Figures]? = { nil }

    var routes: [ControlRoute] {
        [
            ControlRoute("GET", "/rules", .read, "The rules in force, in their order.") {
                request async throws(ControlRefusal) in
                let limit = try request.limit(default: nil, most: nil)
                let rules = admin.rules.configuration.table.rules
                let known = await figures()
                let items = rules.prefix(limit ?? rules.count).map { rule in
                    var item = RulesReport.Item(rule)
                    item.figures = known.map { $0[rule.name] ?? RulesReport.Item.Figures.none }
                    return item
                }
                return .value(RulesReport(rules: items, total: rules.count))
            }
        ]
    }
}

extension ControlRequest {
    /// What `limit` may be at most.
    static let maxLimit = 1_000_000_000

    /// The parameter `limit`: a number from 0 to `maxLimit`.
    ///
    /// - Parameters:
    ///   - default: where there is none.
    ///   - most: more are as many; nil: there is no limit.
    func limit(default: Int?, most: Int?) throws(ControlRefusal) -> Int? {
        guard let text = query["limit"] else { return `default` }
        guard let number = Int(text), (0...Self.maxLimit).contains(number),
            text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 })
        else {
            throw ControlRefusal(400, "`limit` is not a number from 0 to \(Self.maxLimit)")
        }
        return most.map { min(number, $0) } ?? number
    }
}
