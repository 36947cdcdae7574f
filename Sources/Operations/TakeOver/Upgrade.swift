import Glibc
import Logging
import NIOConcurrencyHelpers
import NIOCore
import Proxy
import SystemSupport

/// Replaces the process of a tier by another one, which is given its sockets. Any thread.
final class Upgrade: Sendable {
    /// What a take-over does besides, on any thread.
    struct Effects: Sendable {
        /// The new process may take the control socket from now on.
        var commit: @Sendable () -> Void
        /// It has it.
        var finish: @Sendable () -> Void
        /// It has ended: takes back what it has taken.
        var restore: @Sendable () -> Void
    }

    private enum State {
        case idle
        case running(UpgradeRun?)
        case done(UpgradeRun.Successor)
        case stopping(isRunning: Bool)
    }

    private let tier: Tier
    private let ports: ControlSockets.Ports
    private let generation: Int
    private let started: Int
    private let generations: Generations
    /// Of this process; nil: it is not known.
    private let program: String?
    private let effects: Effects
    private let logger: Logger
    private let state = NIOLockedValueBox(State.idle)
    private let superseded: (stream: AsyncStream<Void>, continuation: AsyncStream<Void>.Continuation)
    /// The last take-over has come to its end.
    private let over: (stream: AsyncStream<Never>, continuation: AsyncStream<Never>.Continuation)

    /// - Parameters:
    ///   - ports: handed over, too.
    ///   - generation: of this process.
    ///   - started: when it was, seconds since 1970.
    ///   - generations: those that drain.
    ///   - program: the path of this process's program.
    init(
        tier: Tier,
        ports: ControlSockets.Ports,
        generation: Int,
        started: Int,
        generations: Generations,
        program: String?,
        effects: Effects,
        logger: Logger
    ) {
        self.tier = tier
        self.ports = ports
        self.generation = generation
        self.started = started
        self.generations = generations
        self.program = program
        self.effects = effects
        self.logger = logger
        superseded = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        over = AsyncStream.makeStream(of: Never.self)
    }

    /// This process, and those before it.
    var report: GenerationsReport {
        GenerationsReport(generations: [status] + generations.statuses)
    }

    var status: GenerationStatus {
        .own(generation, started: started, draining: isSuperseded, connections: tier.connectionCount)
    }

    /// Another process has the tier.
    var isSuperseded: Bool { state.withLockedValue { if case .done = $0 { true } else { false } } }

    /// Returns when another process has the tier, or the task is cancelled.
    func whenSuperseded() async {
        for await _ in superseded.stream { return }
    }

    /// Starts a new process, and gives it the tier. Nothing changes where it fails.
    func run(_ request: UpgradeRequest) async -> UpgradeReport {
        let refusal = state.withLockedValue { state -> String? in
            switch state {
            case .idle:
                state = .running(nil)
                return nil
            case .running: return "another take-over is under way"
            case .done: return "another process has taken the tier over"
            case .stopping: return "the tier is stopping"
            }
        }
        if let refusal { return failed(refusal) }
        guard let program = request.binary ?? program else {
            return end("the path of the program is not known: give it with --binary")
        }
        if let problem = Self.problem(of: program) { return end("\(program): \(problem)") }
        guard getpid() != 1 else {
            return end("this is the first process of a container, which would end with it: see --reuse-port")
        }
        guard generations.statuses.count < Generations.maxDraining else {
            return end("\(Generations.maxDraining) earlier processes still drain: wait for the end of one")
        }
        logger.notice("take-over begins", metadata: ["program": "\(program)"])
        let sockets: [ListenerGroup.Sockets]
        do throws(StalledLoops) { sockets = try await tier.listeners.sockets } catch {
            return end("\(error)")
        }
        let control = await ports.messages
        defer { for (_, copy) in control { close(copy) } }
        let run: UpgradeRun
        do throws(SystemError) {
            run = try UpgradeRun(
                program,
                times: UpgradeMachine.Times(
                    start: .seconds(Int64(request.timeout ?? UpgradeRequest.defaultTime))
                ),
                effects: UpgradeRun.Effects(
                    hold: { [tier] in tier.listeners.hold() },
                    resume: { [tier] in tier.listeners.resume() },
                    commit: effects.commit,
                    restore: effects.restore
                )
            ) { [self] channel throws(SystemError) in
                try offer(sockets, control, to: channel)
            }
        } catch {
            return end("the new process cannot be started: \(error)")
        }
        let isStopping = state.withLockedValue { state in
            if case .stopping = state { return true }
            state = .running(run)
            return false
        }
        if isStopping { run.cancel() }
        switch await run.run() {
        case .done(let successor): return await finish(successor)
        case .failed(let reason, let lines): return end(reason, lines)
        }
    }

    /// Why a file is not a program that can be started; nil: it is one.
    private static func problem(of path: String) -> String? {
        var status = stat()
        guard stat(path, &status) == 0 else { return String(cString: strerror(errno)) }
        guard status.st_mode & S_IFMT == S_IFREG, access(path, X_OK) == 0 else {
            return "it is not a program"
        }
        return nil
    }

    private func offer(
        _ sockets: [ListenerGroup.Sockets],
        _ control: [(message: TakeOverMessage, copy: Int32)],
        to channel: DescriptorChannel
    ) throws(SystemError) {
        for listener in sockets {
            var message = TakeOverMessage(.sockets)
            message.configured = "\(listener.configured)"
            var rest = listener.descriptors[...]
            while !rest.isEmpty {
                try channel.send(message, Array(rest.prefix(DescriptorChannel.maxDescriptors)))
                rest = rest.dropFirst(DescriptorChannel.maxDescriptors)
            }
        }
        for (message, copy) in control { try channel.send(message, [copy]) }
        let links = generations.links
        defer { for link in links { link.channel.close() } }
        for link in links {
            var message = TakeOverMessage(.generation)
            message.status = link.status
            try channel.send(message, [link.channel.descriptor])
        }
        var message = TakeOverMessage(.offered)
        message.status = status
        message.generation = generation + 1
        try channel.send(message)
    }

    private func finish(_ successor: UpgradeRun.Successor) async -> UpgradeReport {
        state.withLockedValue { $0 = .done(successor) }
        effects.finish()
        // Those who connected to an address that the new process does not have are served by this one.
        do throws(StalledLoops) { try await tier.listeners.release(successor.addresses) } catch {
            logger.error("connections are lost", metadata: ["reason": "\(error)"])
        }
        generations.stop()
        logger.notice(
            "taken over",
            metadata: ["pid": "\(successor.process.identifier)", "version": "\(successor.version)"]
        )
        superseded.continuation.yield()
        over.continuation.finish()
        return UpgradeReport(
            upgraded: true,
            generation: generation + 1,
            pid: Int(successor.process.identifier),
            version: successor.version,
            lines: []
        )
    }

    private func end(_ reason: String, _ lines: [String] = []) -> UpgradeReport {
        state.withLockedValue { state in
            switch state {
            case .running: state = .idle
            case .stopping:
                state = .stopping(isRunning: false)
                over.continuation.finish()
            case .idle, .done: break
            }
        }
        logger.error("not taken over: this process goes on", metadata: ["reason": "\(reason)"])
        return failed(reason, lines)
    }

    private func failed(_ reason: String, _ lines: [String] = []) -> UpgradeReport {
        UpgradeReport(
            upgraded: false,
            generation: generation,
            pid: Int(getpid()),
            error: reason,
            lines: lines
        )
    }

    /// This process ends: a take-over is given up, unless the new process accepts.
    func cancel() {
        let run = state.withLockedValue { state -> UpgradeRun? in
            switch state {
            case .running(let run):
                state = .stopping(isRunning: true)
                return run
            case .idle:
                state = .stopping(isRunning: false)
                return nil
            case .done, .stopping: return nil
            }
        }
        run?.cancel()
    }

    /// As `cancel`; returns when it is known which process has the tier.
    func stop() async {
        cancel()
        let isRunning = state.withLockedValue {
            if case .stopping(isRunning: true) = $0 { true } else { false }
        }
        if isRunning { for await _ in over.stream {} }
    }

    /// The new process was told to end, and runs.
    var awaitsSuccessor: Bool {
        guard case .done(let successor) = state.withLockedValue({ $0 }), successor.isEnding else {
            return false
        }
        return successor.process.end(within: .zero) == nil
    }

    /// Reports to the process that has the tier how this one drains, until the task is cancelled.
    func reportDraining() async {
        guard case .done(let successor) = state.withLockedValue({ $0 }) else { return }
        while !Task.isCancelled {
            var message = TakeOverMessage(.status)
            message.status = status
            try? successor.channel.send(message, waits: false)
            try? await Task.sleep(for: .seconds(1))
        }
    }
}
