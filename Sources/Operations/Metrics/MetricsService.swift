import Logging
import Metrics
import Names
import NIOConcurrencyHelpers
import NIOCore
import Proxy
import ProxyCore
import Routing
import Settings

/// The metrics of a tier from its start to its end: their address, their ledger, and who reads them.
final class MetricsService: Sendable {
    /// Since when name sources are down.
    let ages = SourceAges()
    private let rest: LedgerRest?
    /// Nil: `--metrics` has no address.
    let server: MetricsServer?
    private let ledger: LedgerFile?
    private let box: NIOLockedValueBox<TierMetrics?>

    private init(
        _ rest: LedgerRest?,
        _ server: MetricsServer?,
        _ ledger: LedgerFile?,
        _ box: NIOLockedValueBox<TierMetrics?>
    ) {
        self.rest = rest
        self.server = server
        self.ledger = ledger
        self.box = box
    }

    /// Opens the ledger and binds the address. Scrapes get 503 until `begin`.
    ///
    /// - Parameters:
    ///   - address: of `--metrics`; nil: there is none.
    ///   - accepts: false: scrapes wait until `server` accepts.
    ///   - inherited: from the process before.
    ///   - isRead: somebody may read metrics in another way: over the control socket.
    /// - Throws: `LedgerError` or `MetricsServerError`.
    static func start(
        _ plan: TierPlan,
        address: Endpoint?,
        isRead: Bool,
        sharesPort: Bool,
        accepts: Bool,
        inherited: inout InheritedSockets,
        logger: Logger
    ) async throws -> MetricsService {
        let settings = plan.settings.metrics.ledger
        let ledger = try settings.flatMap { settings in
            try settings.file.map {
                try LedgerFile(settings, path: $0, tier: plan.settings.name, logger: logger)
            }
        }
        let box = NIOLockedValueBox<TierMetrics?>(nil)
        var server: MetricsServer?
        if let address {
            server = try await MetricsServer.start(
                on: address,
                sharesPort: sharesPort,
                accepts: accepts,
                inherited: &inherited,
                group: NameSources.shared.group
            ) { () async throws(ControlRefusal) in
                guard let metrics = box.withLockedValue({ $0 }) else { throw .starting }
                return try await metrics.text()
            }
        }
        if let server { logger.notice("serving metrics", metadata: ["address": "\(server.port.endpoint)"]) }
        let isCounting = isRead || server != nil || ledger != nil
        return MetricsService(isCounting ? LedgerRest() : nil, server, ledger, box)
    }

    /// For the tier's event loops; nil: nothing is counted.
    var counting: LedgerRest? { rest }
    /// Nil: the tier is starting.
    var metrics: TierMetrics? { box.withLockedValue { $0 } }
    /// The address of `--metrics`, which no request may be sent to.
    var protected: [Endpoint] { server?.protected ?? [] }

    /// The tier serves.
    func begin(
        _ tier: Tier,
        _ names: NameDirectory,
        _ readiness: Readiness,
        _ reloading: Reload,
        _ certificates: CertificateControl,
        _ logs: TierLogs
    ) {
        let inputs = MetricsInputs(
            tier: tier,
            names: names,
            ages: ages,
            isReady: { readiness.isReady },
            reloads: { reloading.counters },
            certificates: { certificates.expiries },
            droppedLines: { [ledger] in
                [
                    ("access", logs.dropped.access), ("tap", logs.dropped.tap),
                    ("diagnostic", logs.dropped.diagnostic), ("ledger", ledger?.droppedLines),
                ]
                .compactMap { log, lines in lines.map { (log, $0) } }
            },
            tap: logs.tap
        )
        box.withLockedValue { $0 = TierMetrics(inputs) }
        let readings = LoopReadings(tier)
        if let rest { ledger?.start(rest) { await readings.handLedgersOver(within: LedgerFile.patience) } }
    }

    func reopenLogs() { ledger?.reopen() }

    /// The tier begins to end: another instance may have its address. Scrapes that run finish.
    func stopServing() async { await server?.port.release() }

    /// The tier's loops have ended.
    func stop() async {
        await server?.stop()
        if let rest { await ledger?.stop(rest) }
    }
}
