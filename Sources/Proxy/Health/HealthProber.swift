import Balancing
import NIOCore
import ProxyCore
import Routing

/// Checks endpoints, on one event loop of a tier. Each endpoint and check has one loop that makes it, whatever the
/// number of loops and pools.
///
/// An endpoint is checked as long as a target that is in use has it. Used on its event loop alone.
final class HealthProber {
    /// Checks of one loop that may be under way at a time. Those that are due meanwhile wait, the oldest first; a check
    /// that hangs ends at its timeout.
    static let concurrentChecks = 128
    /// An endpoint is checked for so long after a request picked among the endpoints of its target.
    static let keptInUse = TimeAmount.seconds(150)

    /// The first checks of endpoints that come together are spread over so much for each.
    private static let firstSpread = Duration.milliseconds(10)

    /// A check of an endpoint. In several pools it is one.
    private struct Key: Hashable {
        let endpoint: Endpoint
        let identity: String?
        let link: UpstreamLink
        let check: HealthCheck
    }

    private let endpoints: SharedEndpoints
    /// Which of the tier's loops this is.
    private let share: (index: Int, loops: Int)
    /// To be set before the first tick.
    var connect: CheckConnect = { _, _, _, done in done(.failure(Failure(.internal))) }
    private let clock: () -> NIODeadline
    private let scratch = CheckScratch()
    private var random: Random
    private var checks: [Key: CheckedEndpoint] = [:]
    /// Of the endpoints that `checks` stands for.
    private var version: UInt64?
    /// Probes of commands that are under way.
    private var probes: [ObjectIdentifier: CheckRun] = [:]
    private var hasStopped = false

    /// - Parameters:
    ///   - endpoints: of the tier.
    ///   - clock: the loop's time.
    init(
        _ endpoints: SharedEndpoints,
        share: (index: Int, loops: Int) = (0, 1),
        seed: UInt64,
        clock: @escaping () -> NIODeadline
    ) {
        self.endpoints = endpoints
        self.clock = clock
        self.share = share
        self.random = Random(seed: seed)
    }

    /// For tests: how many endpoints this loop checks.
    var count: Int { checks.count }

    /// What becomes next of the checks that this loop makes, for commands.
    var schedule: [SharedEndpoints.Key: LoopSnapshot.Check] {
        var schedule: [SharedEndpoints.Key: LoopSnapshot.Check] = [:]
        for check in checks.values {
            for key in check.keys { schedule[key] = check.next }
        }
        return schedule
    }

    /// Called four times a second.
    ///
    /// - Parameter mayConnect: whether Berth may connect to an address.
    func tick(now: NIODeadline, mayConnect: (Endpoint) -> Bool) {
        for probe in probes.values { probe.tick(now: now) }
        refresh(now: now)
        guard !checks.isEmpty else { return }
        var underWay = 0
        var due: [CheckedEndpoint] = []
        for check in checks.values {
            check.tick(now: now)
            if check.isUnderWay {
                underWay += 1
            } else if check.isDue(now: now), !check.isPaused || check.isInUse(now: now) {
                due.append(check)
            }
        }
        guard !due.isEmpty, underWay < Self.concurrentChecks else { return }
        due.sort { $0.due < $1.due }
        for check in due {
            guard underWay < Self.concurrentChecks else { return }
            guard check.isInUse(now: now), mayConnect(check.prepared.endpoint) else {
                check.pause(now: now)
                continue
            }
            underWay += 1
            check.start(connect, scratch: scratch, clock: clock)
        }
    }

    /// One probe of an endpoint for a command, whatever its target.
    ///
    /// - Parameter done: called once, at once or later, also where the tier ends before.
    func probe(_ check: PreparedCheck, done: @escaping (CheckRun.Ending) -> Void) {
        guard !hasStopped else { return done(.abandoned) }
        var id: ObjectIdentifier?
        var hasEnded = false
        let run = CheckRun(check, scratch: scratch, clock: clock) { [weak self] ending in
            hasEnded = true
            if let id { self?.probes[id] = nil }
            done(ending)
        }
        run.start(connect)
        guard !hasEnded else { return }
        id = ObjectIdentifier(run)
        probes[ObjectIdentifier(run)] = run
    }

    /// The tier ends.
    func stop() {
        hasStopped = true
        for probe in probes.values { probe.abandon() }
        for check in checks.values { check.cancel() }
        checks = [:]
        version = nil
    }

    private func refresh(now: NIODeadline) {
        let current = endpoints.checksVersion
        guard current != version else { return }
        version = current
        var members: [Key: [SharedEndpoint]] = [:]
        for endpoint in endpoints.checked {
            guard let check = endpoint.check else { continue }
            let key = Key(
                endpoint: endpoint.endpoint,
                identity: endpoint.identity,
                link: endpoint.link,
                check: check
            )
            if isMine(key) { members[key, default: []].append(endpoint) }
        }
        for (key, check) in checks where members[key] == nil {
            check.cancel()
            checks[key] = nil
        }
        let added = members.keys.count { checks[$0] == nil }
        let spread = min(Self.firstSpread * added, CheckSchedule.firstSpread)
        for (key, members) in members {
            let check =
                checks[key]
                ?? CheckedEndpoint(
                    PreparedCheck(key.check, of: key.endpoint, over: key.link),
                    spread: spread,
                    seed: random.next(),
                    now: now
                )
            checks[key] = check
            check.set(members)
        }
    }

    private func isMine(_ key: Key) -> Bool {
        // The same in all loops of this process.
        UInt(bitPattern: key.hashValue) % UInt(max(1, share.loops)) == UInt(share.index)
    }
}
