import Glibc
import Logging
import NIOCore
import Proxy
import ProxyCore

/// A tier's part in take-overs: what it has from the process before, and how it is replaced by the next one.
final class TakeOver: Sendable {
    /// Idle connections of a process that was replaced are closed spread over half of its time to drain, and this at most.
    private static let maxIdleTime = Duration.seconds(10)
    /// How long the response to the command that has caused a take-over may take to leave.
    private static let responseTime = Duration.milliseconds(200)
    /// How long registrations of the process before stay until those of this one are confirmed.
    private static let registrationTime = Duration.seconds(8)
    /// How often something that another part of the program does is looked at.
    private static let turn = Duration.milliseconds(20)

    let upgrade: Upgrade
    private let inheritance: Inheritance
    private let generations: Generations
    private let tier: Tier
    private let pulse: LoopPulse?
    private let store: DescriptorStore
    private let settling = LateBox<Task<Void, Never>>()
    private let logger: Logger

    /// - Parameters:
    ///   - socket: for commands; nil: there is none.
    ///   - ports: what is handed over besides the tier's sockets.
    init(
        _ options: TierService.Options,
        tier: Tier,
        socket: ControlSocket?,
        ports: ControlSockets.Ports,
        manager: SystemdNotifier = SystemdNotifier(),
        logger: Logger
    ) {
        let inheritance = options.inheritance
        self.inheritance = inheritance
        self.tier = tier
        self.logger = logger
        let generations = Generations()
        self.generations = generations
        for link in inheritance.draining { generations.add(link.channel, link.status) }
        store = DescriptorStore(manager)
        pulse = Watchdog.pulse(loops: tier.loopCount, manager)
        upgrade = Upgrade(
            tier: tier,
            ports: ports,
            generation: inheritance.generation,
            started: time(nil),
            generations: generations,
            program: options.program,
            effects: Upgrade.Effects(
                commit: {
                    socket?.keepName()
                    ports.hold()
                },
                finish: { socket?.dropName() },
                restore: {
                    socket?.restoreName()
                    ports.resume()
                    _ = manager.send("MAINPID=\(getpid())")
                }
            ),
            logger: logger
        )
    }

    /// - Parameter file: exists while the tier is ready.
    func readiness(_ file: String?) -> Readiness {
        Readiness(file: file, isHeld: inheritance.isTakeOver, logger: logger)
    }

    var routes: [ControlRoute] { UpgradeControl(upgrade: upgrade).routes }

    // MARK: The beginning

    /// Takes the tier over from the process before, where there is one: accepts, and returns when the tier is this process's
    /// own.
    ///
    /// - Throws: where the process before goes on, and this one has to end.
    func begin(
        _ readiness: Readiness,
        _ interface: AdminInterface,
        _ commands: ControlStore
    ) async throws(TakeOverFailure) {
        if let predecessor = inheritance.predecessor {
            while !readiness.hasLoaded, !predecessor.isGone { try? await Task.sleep(for: Self.turn) }
            guard !predecessor.isGone else {
                await interface.stop()
                throw TakeOverFailure("the process before has given the take-over up")
            }
            // Before it accepts: else the process before could give up what has been accepted.
            do throws(TakeOverFailure) {
                try predecessor.accepting(tier.endpoints.map { "\($0)" }, upgrade.status)
            } catch {
                await interface.stop()
                throw error
            }
            tier.listeners.begin()
            await predecessor.handedOver()
            predecessor.restoreErrors()
            readiness.release()
            do throws(ControlSocketError) { try interface.activate() } catch {
                logger.error("control socket not taken over", metadata: ["reason": "\(error)"])
            }
            // Until now commands went to the process before.
            await commands.catchUp()
            logger.notice(
                "taken over from the process before",
                metadata: ["generation": "\(inheritance.generation)"]
            )
            readiness.announce(asMainProcess: true)
        }
        for endpoint in tier.listeners.unclaimed {
            logger.notice("no listener has the address of a socket", metadata: ["address": "\(endpoint)"])
        }
        let gone = tier.listeners.unclaimed.map { DescriptorStore.name(of: $0) }
        do throws(StalledLoops) {
            store.keep(try await tier.listeners.sockets, names: inheritance.storedNames.union(gone))
        } catch {
            logger.error("the service manager does not keep the sockets", metadata: ["reason": "\(error)"])
        }
        if let pulse { tier.report(to: pulse) }
    }

    /// The registrations have begun: when they are confirmed, the process before withdraws its own, and drains.
    func settle(_ registrations: [TierRegistration]) {
        guard let predecessor = inheritance.predecessor else { return }
        let task = Task { [generations] in
            let end = ContinuousClock.now + Self.registrationTime
            while !registrations.allSatisfy(\.isRegistered), ContinuousClock.now < end, !Task.isCancelled {
                try? await Task.sleep(for: Self.turn)
            }
            predecessor.settled(generations)
        }
        settling.set(task)
    }

    // MARK: The end

    /// Another process has the tier.
    var isSuperseded: Bool { upgrade.isSuperseded }

    /// Returns when a take-over that is under way has come to its end.
    func stop() async {
        settling.value?.cancel()
        await upgrade.stop()
        if isSuperseded { pulse?.stop() }
    }

    /// Lets the tier drain, and reports to the process that has it now.
    func drain(limit: Duration) async -> Counters {
        guard isSuperseded else { return await tier.shutDown(limit: limit) }
        let report = Task { [upgrade] in await upgrade.reportDraining() }
        let counters = await tier.shutDown(limit: limit, idle: min(limit / 2, Self.maxIdleTime))
        report.cancel()
        try? await Task.sleep(for: Self.responseTime)
        // A service manager ends what is left once this process, its main one, has ended.
        let end = ContinuousClock.now + tier.longestDrain(limit)
        while upgrade.awaitsSuccessor, ContinuousClock.now < end { try? await Task.sleep(for: Self.turn) }
        return counters
    }
}
