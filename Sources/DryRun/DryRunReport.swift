import NIOCore
import Names
import ProxyCore
import Routing

/// What a dry run found. Encoded as JSON it follows the schema in docs/dry-run.md,
/// which only ever grows.
package struct DryRunReport: Encodable, Sendable {
    /// How the way ends.
    package enum Outcome: String, Encodable, Sendable {
        /// It reaches an endpoint.
        case forwarded
        /// A rule responds to it (`redirect`, `respond`).
        case responded
        /// It is refused.
        case refused
    }

    package let url: String
    package private(set) var outcome = Outcome.forwarded
    /// What the client would get, where Berth itself responds.
    package private(set) var status: Int?
    /// The word for the cause, as in the access log.
    package private(set) var reason: String?
    package private(set) var detail: String?
    /// The certificate that the client gets from the first tier; nil: that does not terminate TLS.
    package private(set) var certificate: CertificateChoice?
    package private(set) var tiers: [Tier] = []
    /// What the last tier would send to the endpoint.
    package internal(set) var received: ReceivedRequest?
    /// What the dry run assumed, or cannot know.
    package internal(set) var notes: [String] = []

    init(url: String) { self.url = url }

    /// Whether a command should end with success: the request reaches an endpoint, or
    /// a rule responds to it with a status below 400.
    package var succeeds: Bool {
        switch outcome {
        case .forwarded: true
        case .responded: (status ?? 500) < 400
        case .refused: false
        }
    }

    /// Notes which certificate the client gets.
    ///
    /// - Returns: false: none, and the request never arrives.
    mutating func handshake(_ choice: CertificateChoice, _ tier: DryRunTier) -> Bool {
        certificate = choice
        if let warning = choice.warning { notes.append(warning) }
        guard choice.file == nil else { return true }
        append(Tier(tier.name, files: tier.files))
        outcome = .refused
        reason = "unrecognized_name"
        detail = choice.refusal
        return false
    }

    mutating func append(_ tier: Tier) {
        tiers.append(tier)
        status = tier.status
        reason = tier.reason
        detail = tier.detail
        if tier.reason != nil {
            outcome = .refused
        } else if tier.status != nil {
            outcome = .responded
        }
    }

    /// One tier's part.
    package struct Tier: Encodable, Sendable {
        package let tier: String
        package let files: [String]
        /// Who the tier takes the request to be from.
        package internal(set) var client: String?
        package private(set) var rule: String?
        /// `file:line` of the rule.
        package private(set) var location: String?
        /// In the order of the pattern; unnamed ones under their numbers.
        package private(set) var captures: [Capture] = []
        package private(set) var target: String?
        /// The part of a split that it goes to; nil: the target is not split.
        package private(set) var split: SplitReport?
        /// The targets that had no endpoint for it, so that another one took over; nil: none.
        package private(set) var failover: [FailoverReport]?
        /// The target that it goes to in place of the rule's, with its port; nil: to that one.
        package private(set) var usedTarget: String?
        /// The name source that has the target.
        package private(set) var source: String?
        package private(set) var endpoints: [String] = []
        /// What the name source states of endpoints, by the endpoint; nil: nothing of any.
        package private(set) var remarks: [String: [String]]?
        /// Whose settings count for these endpoints; nil: no pool is for the target.
        package private(set) var pool: PoolReport?
        /// Of these the one that the request goes to: the first that has a turn.
        private(set) var endpoint: String?
        package private(set) var prohibited: [Prohibited] = []
        package private(set) var headers = HeaderChanges()
        /// What changes in responses, in words; nil: nothing.
        package private(set) var response: [String]?
        /// The page that the client gets for a failure: a path or a URL; nil: Berth's own.
        package private(set) var page: String?
        package private(set) var status: Int?
        package private(set) var redirect: String?
        package private(set) var reason: String?
        package private(set) var detail: String?
        /// The result of each rule, where it was recorded.
        package private(set) var trace: [TraceStep]?

        enum CodingKeys: String, CodingKey {
            case tier, files, client, rule, location, captures, target, source, endpoints, remarks, pool,
                prohibited, headers
            case split, failover
            case usedTarget = "used_target"
            case response, page, status, redirect, reason, detail, trace
        }

        package func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(tier, forKey: .tier)
            try container.encode(files, forKey: .files)
            try container.encode(client, forKey: .client)
            try container.encode(rule, forKey: .rule)
            try container.encode(location, forKey: .location)
            // A later capture of one name can't be: names are unique in a rule.
            let named = Dictionary(
                captures.map { ($0.name, $0.value) },
                uniquingKeysWith: { first, _ in first }
            )
            try container.encode(named, forKey: .captures)
            try container.encode(target, forKey: .target)
            try container.encodeIfPresent(split, forKey: .split)
            try container.encodeIfPresent(failover, forKey: .failover)
            try container.encodeIfPresent(usedTarget, forKey: .usedTarget)
            try container.encode(source, forKey: .source)
            try container.encode(endpoints, forKey: .endpoints)
            try container.encodeIfPresent(remarks, forKey: .remarks)
            try container.encodeIfPresent(pool, forKey: .pool)
            try container.encode(prohibited, forKey: .prohibited)
            try container.encode(headers, forKey: .headers)
            try container.encodeIfPresent(response, forKey: .response)
            try container.encodeIfPresent(page, forKey: .page)
            try container.encode(status, forKey: .status)
            try container.encode(redirect, forKey: .redirect)
            try container.encode(reason, forKey: .reason)
            try container.encode(detail, forKey: .detail)
            try container.encodeIfPresent(trace, forKey: .trace)
        }

        init(_ name: String, files: [String]) {
            self.tier = name
            self.files = files
        }

        /// - Parameter before: the head as it came to the tier.
        init(_ tier: DryRunTier, _ step: DryRunStep, from before: ByteBuffer) {
            self.init(tier.name, files: tier.files)
            client = step.client?.description
            trace = step.trace.map { $0.steps.map(TraceStep.init) }
            if let decision = step.decision { note(decision) }
            if let head = step.head {
                headers = HeaderChanges(from: ReceivedRequest(before), to: ReceivedRequest(head))
            }
            if let failure = step.failure { fail(failure) }
            page = step.errorPage
            endpoint = step.endpoint?.description
            if case .forward(let forward)? = step.decision?.outcome { target = forward.target.description }
            split = step.split.map(SplitReport.init)
            failover =
                step.failures.isEmpty ? nil : step.failures.map { FailoverReport($0.target, $0.failure) }
            usedTarget = step.usedTarget?.description
            pool = step.pool.map { PoolReport($0, step) }
            guard let resolution = step.resolution else { return }
            source = resolution.source
            endpoints = resolution.endpoints.map(\.description)
            let remarks = resolution.choices.filter { !$0.named.remarks.isEmpty }
                .map { ($0.endpoint.description, $0.named.remarks) }
            self.remarks = remarks.isEmpty ? nil : Dictionary(remarks) { first, _ in first }
            prohibited = resolution.prohibited.map {
                Prohibited(endpoint: $0.endpoint.description, reason: $0.objection.words)
            }
        }

        mutating func fail(_ failure: Failure) {
            status = failure.status
            reason = failure.reason.rawValue
            detail = failure.message
        }

        private mutating func note(_ decision: Decision) {
            rule = decision.ruleName
            location = decision.rule?.origin.map { "\($0.file):\($0.line)" }
            response = decision.response?.lines
            captures = decision.captures.compactMap { capture in
                capture.value.map { Capture(name: capture.name ?? String(capture.number), value: $0) }
            }
            switch decision.outcome {
            case .redirect(let status, let location):
                self.status = status
                redirect = String(decoding: location, as: UTF8.self)
            case .respond(let status, _, _):
                self.status = status
            case .forward, .refuse:
                break
            }
        }
    }

    package struct Capture: Sendable {
        package let name: String
        package let value: String
    }

    package struct Prohibited: Encodable, Sendable {
        package let endpoint: String
        package let reason: String
    }

    /// The result of one rule.
    package struct TraceStep: Encodable, Sendable {
        package let rule: String
        package let location: String?
        package let matched: Bool
        /// In words: what did not match, and how far it got.
        package let why: String

        init(_ step: RouteTrace.Step) {
            rule = step.ruleName
            location = step.origin.map { "\($0.file):\($0.line)" }
            matched = step.result == .matched
            why = step.result.words
        }
    }
}
