import Balancing
import NIOCore
import ProxyCore
import Routing

extension RequestReport {
    /// - Parameters:
    ///   - tier: its name.
    ///   - table: the rules in force.
    ///   - others: requests with the same id.
    init(_ request: KeptRequest, tier: String, table: RouteTable, others: Int) {
        let summary = RequestSummary(request)
        self.init(
            id: summary.id,
            time: summary.time,
            host: summary.host,
            method: summary.method,
            target: summary.target,
            rule: summary.rule,
            endpoint: summary.endpoint,
            status: summary.status,
            running: request.running?.rawValue,
            cause: summary.cause,
            durationMs: summary.durationMs,
            tiers: [TierPart(request, tier: tier, table: table)],
            missing: nil,
            others: others
        )
    }
}

extension RequestReport.TierPart {
    /// Rules in a trace at most.
    private static let maxTrace = 100

    init(_ request: KeptRequest, tier: String, table: RouteTable) {
        let slot = request.slot
        let rule = request.text(.rule)
        let trace = RequestTrace(request, table)
        let failure = slot.reason
        self.init(
            tier: tier,
            time: RequestSummary.time(request.time),
            client: slot.client.description,
            peer: slot.peer.description,
            method: request.text(.method),
            host: request.text(.host),
            target: request.text(.uri),
            protocol: request.protocolName,
            rule: rule,
            location: table.rules.first { $0.name == rule }?.origin.map { "\($0.file):\($0.line)" },
            captures: Dictionary(request.captures.map { ($0.name, $0.value) }) { first, _ in first },
            to: request.text(.target),
            usedTarget: request.text(.usedTarget),
            choice: RequestReport.Choice(request),
            attempts: RequestReport.Attempt.all(request),
            attemptsNotKept: request.moreAttempts,
            stages: RequestReport.Stage.all(request),
            status: slot.status,
            running: request.running?.rawValue,
            cause: failure?.rawValue,
            detail: request.text(.detail),
            side: failure?.side.rawValue,
            message: failure.map { request.text(.message) ?? $0.message },
            help: failure?.help,
            bytesIn: slot.bytesIn,
            bytesOut: slot.bytesOut,
            durationMs: RequestSummary.milliseconds(slot.end - slot.start),
            retried: slot.flags.contains(.retried),
            upgraded: slot.flags.contains(.tunnel),
            trace: trace.steps.prefix(Self.maxTrace).map(RequestReport.TraceStep.init),
            traceCut: max(0, trace.steps.count - Self.maxTrace),
            traceNote: trace.note
        )
    }
}

extension RequestReport.TraceStep {
    init(_ step: RouteTrace.Step) {
        self.init(
            rule: step.ruleName,
            location: step.origin.map { "\($0.file):\($0.line)" },
            matched: step.result == .matched,
            why: step.result.words
        )
    }
}

extension RequestReport.Choice {
    /// Nil: the request came to no target's endpoints.
    init?(_ request: KeptRequest) {
        let slot = request.slot
        guard slot.endpoints > 0 || slot.endpoint != nil else { return nil }
        self.init(
            endpoint: slot.endpoint?.description,
            why: slot.endpoint == nil
                ? "none was picked" : slot.endpoints == 1 ? "the only one" : slot.pick.words,
            pool: request.text(.pool),
            policy: (slot.method ?? .roundRobin).description,
            endpoints: slot.endpoints,
            well: slot.wellEndpoints
        )
    }
}

extension RequestReport.Attempt {
    static func all(_ request: KeptRequest) -> [RequestReport.Attempt] {
        let slot = request.slot
        var all = request.attempts.map { attempt in
            RequestReport.Attempt(
                endpoint: attempt.endpoint.description,
                why: why(slot, attempt.pick),
                beganMs: RequestSummary.milliseconds(attempt.began),
                connectMs: attempt.reused
                    ? nil : attempt.connected.map { RequestSummary.milliseconds($0 - attempt.began) },
                tlsMs: nil,
                endedMs: RequestSummary.milliseconds(attempt.ended),
                reused: attempt.reused,
                cause: attempt.reason.rawValue,
                status: attempt.status > 0 ? attempt.status : nil
            )
        }
        guard let endpoint = slot.endpoint, request.hasLastAttempt else { return all }
        let began = request.connectBegan ?? slot.connected ?? slot.end
        // Only what the endpoint did belongs to the attempt.
        let failure = slot.reason.flatMap { $0.side == .upstream ? $0 : nil }
        let hasResponse =
            slot.connected != nil && slot.status > 0
            && (slot.reason == nil || slot.reason == .responseIncomplete)
        all.append(
            RequestReport.Attempt(
                endpoint: endpoint.description,
                why: why(slot, slot.pick),
                beganMs: RequestSummary.milliseconds(began - slot.start),
                connectMs: Self.connectTime(request),
                tlsMs: request.handshakeBegan.flatMap { began in
                    slot.connected.map { RequestSummary.milliseconds($0 - began) }
                },
                endedMs: RequestSummary.milliseconds(slot.end - slot.start),
                reused: slot.flags.contains(.reused) && request.connectBegan == nil,
                cause: failure?.rawValue,
                status: hasResponse ? slot.status : nil
            )
        )
        return all
    }

    private static func why(_ slot: RequestSlot, _ pick: PickReason) -> String {
        slot.endpoints == 1 ? "the only one" : pick.words
    }

    /// Of TCP alone, where a handshake followed.
    private static func connectTime(_ request: KeptRequest) -> Double? {
        guard let began = request.connectBegan,
            let end = request.handshakeBegan ?? request.slot.connected
        else { return nil }
        return RequestSummary.milliseconds(end - began)
    }
}

extension RequestReport.Stage {
    static func all(_ request: KeptRequest) -> [RequestReport.Stage] {
        let slot = request.slot
        var stages: [RequestReport.Stage] = []
        func add(_ stage: String, _ time: TimeAmount?) {
            guard let time else { return }
            stages.append(RequestReport.Stage(stage: stage, ms: RequestSummary.milliseconds(time)))
        }
        add("name", request.waits.name)
        add("hold", request.waits.hold)
        add("place", request.waits.place)
        if let began = request.connectBegan {
            let connected = slot.connected ?? slot.end
            add("connect", (request.handshakeBegan ?? connected) - began)
            if let handshake = request.handshakeBegan { add("tls", connected - handshake) }
        }
        guard let connected = slot.connected else { return stages }
        if let responded = slot.responded, responded >= connected {
            add("first_byte", responded - connected)
            add("body", slot.end - responded)
        } else if request.running != nil {
            add("first_byte", slot.end - connected)
        }
        return stages
    }
}
