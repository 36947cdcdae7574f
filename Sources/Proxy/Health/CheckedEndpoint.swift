import Balancing
import NIOCore
import ProxyCore

/// An endpoint and a check of it: when the next is due, the one under way, and who learns of the result.
///
/// Used on its event loop alone.
final class CheckedEndpoint {
    private struct Weak {
        weak var endpoint: SharedEndpoint?
    }

    let prepared: PreparedCheck
    private var schedule: CheckSchedule
    private var run: CheckRun?
    /// The endpoint in each pool that has this check. Who uses it keeps it, not its checks.
    private var members: [Weak] = []
    /// It waits to be in use.
    private(set) var isPaused = false

    /// - Parameter spread: within which the first check comes.
    init(_ prepared: PreparedCheck, spread: Duration, seed: UInt64, now: NIODeadline) {
        self.prepared = prepared
        schedule = CheckSchedule(spread: spread, seed: seed, now: MonotonicTime(now))
    }

    func set(_ members: [SharedEndpoint]) {
        self.members = members.map { Weak(endpoint: $0) }
    }

    /// The endpoint in each pool that has this check.
    var keys: [SharedEndpoints.Key] { members.compactMap { $0.endpoint?.key } }

    /// For commands.
    var next: LoopSnapshot.Check {
        if isUnderWay { return .underWay }
        return isPaused ? .paused : .due(schedule.due)
    }

    var isUnderWay: Bool { run != nil }
    var due: MonotonicTime { schedule.due }

    func isDue(now: NIODeadline) -> Bool { !isUnderWay && schedule.due <= MonotonicTime(now) }

    func isInUse(now: NIODeadline) -> Bool {
        members.contains { member in
            guard let last = member.endpoint?.lastUse else { return false }
            return now - last < HealthProber.keptInUse
        }
    }

    /// - Parameter clock: the loop's time.
    func start(_ connect: CheckConnect, scratch: CheckScratch, clock: @escaping () -> NIODeadline) {
        isPaused = false
        let now = clock()
        schedule.began(interval: prepared.check.interval, now: MonotonicTime(now))
        let run = CheckRun(prepared, scratch: scratch, clock: clock) { [weak self] ending in
            self?.run = nil
            self?.report(ending, now: clock())
        }
        self.run = run
        run.start(connect)
    }

    private func report(_ ending: CheckRun.Ending, now: NIODeadline) {
        guard case .outcome(let outcome) = ending else { return }
        let failure: String? = if case .failure(let word) = outcome { word } else { nil }
        for member in members {
            member.endpoint?.checked(
                prepared.check,
                failure: failure,
                evidence: prepared.description,
                now: now
            )
        }
    }

    /// It is not in use, or must not be connected to: what checks showed is forgotten, and the next one that is made
    /// is a first one.
    func pause(now: NIODeadline) {
        guard !isPaused else { return }
        isPaused = true
        for member in members { member.endpoint?.checksPaused(now: now) }
    }

    func tick(now: NIODeadline) { run?.tick(now: now) }

    func cancel() {
        run?.cancel()
        run = nil
    }
}
