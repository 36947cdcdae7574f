import FoundationEssentials
import Glibc
import NIOConcurrencyHelpers
import NIOCore
import Routing
import SystemSupport

/// One take-over: starts the new process, and does what the machine says, on a thread of its own.
final class UpgradeRun: Sendable {
    /// What the machine's actions do to the tier.
    struct Effects: Sendable {
        var hold: @Sendable () -> Void
        var resume: @Sendable () -> Void
        var commit: @Sendable () -> Void
        var restore: @Sendable () -> Void
    }

    enum Outcome: Sendable {
        /// The new process has the tier.
        case done(Successor)
        case failed(reason: String, lines: [String])
    }

    /// The new process.
    struct Successor: Sendable {
        let channel: DescriptorChannel
        let process: ChildProcess
        let version: String
        /// Where it accepts.
        let addresses: Set<Endpoint>
        /// It was told to end: the tier is to end.
        let isEnding: Bool
    }

    /// How long one wait for the new process takes, milliseconds.
    private static let turn: Int32 = 20
    /// How long the new process may take until there is room for more of what it is sent.
    private static let offerTime = Duration.seconds(10)
    /// How long a process that was killed may take to end.
    private static let killTime = Duration.seconds(5)

    private let process: ChildProcess
    private let channel: DescriptorChannel
    private let errors: Int32
    private let times: UpgradeMachine.Times
    private let effects: Effects
    private let offer: @Sendable (DescriptorChannel) throws(SystemError) -> Void
    private let isCancelled = NIOLockedValueBox(false)

    /// Starts the program.
    ///
    /// - Parameter offer: sends what is handed over.
    init(
        _ program: String,
        times: UpgradeMachine.Times,
        effects: Effects,
        offer: @escaping @Sendable (DescriptorChannel) throws(SystemError) -> Void
    ) throws(SystemError) {
        let (own, other) = try DescriptorChannel.pair()
        defer { other.close() }
        let pipe: (input: Int32, output: Int32)
        do throws(SystemError) { pipe = try ChildProcess.pipe() } catch {
            own.close()
            throw error
        }
        defer { close(pipe.output) }
        do throws(SystemError) {
            process = try ChildProcess.start(
                program,
                arguments: [program] + CommandLine.arguments.dropFirst(),
                environment: Self.environment(ProcessInfo.processInfo.environment),
                descriptors: [other.descriptor, STDERR_FILENO],
                errors: pipe.output
            )
        } catch {
            own.close()
            close(pipe.input)
            throw error
        }
        channel = own
        errors = pipe.input
        self.times = times
        self.effects = effects
        self.offer = offer
    }

    /// That of this process, without what is meant for it alone.
    static func environment(_ own: [String: String]) -> [String] {
        var all = own
        for name in SocketActivation.variables + ["WATCHDOG_PID"] { all[name] = nil }
        all[Inheritance.variable] = Inheritance.version
        return all.map { "\($0.key)=\($0.value)" }
    }

    /// This process is to end: gives it up, unless the new process accepts.
    func cancel() { isCancelled.withLockedValue { $0 = true } }

    func run() async -> Outcome {
        await withCheckedContinuation { continuation in
            let hasStarted = BlockingThread.start { continuation.resume(returning: self.work()) }
            if !hasStarted {
                process.kill()
                _ = process.end(within: Self.killTime)
                finish()
                continuation.resume(returning: .failed(reason: "the system has no thread left", lines: []))
            }
        }
    }

    /// What is known of the new process.
    private struct Progress {
        var lines: ErrorLines
        /// Nil: it does not accept.
        var offer: TakeOverMessage?
        var isTerminated = false
    }

    private func work() -> Outcome {
        var machine = UpgradeMachine(times, now: .now())
        var progress = Progress(lines: ErrorLines(errors))
        var isEnding = false
        do throws(SystemError) {
            try channel.limitSending(to: Self.offerTime)
            try offer(channel)
        } catch {
            // One that has ended already is found below.
            if error.code == EAGAIN { return fail(.deaf, &progress) }
        }
        while true {
            var ready = [
                pollfd(fd: channel.descriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: errors, events: Int16(POLLIN), revents: 0),
            ]
            // At the end of one of them the other may still have something.
            if poll(&ready, 2, Self.turn) > 0, ready[0].revents == 0, ready[1].revents & Int16(POLLIN) == 0 {
                usleep(UInt32(Self.turn) * 1000)
            }
            progress.lines.read()
            var events: [UpgradeMachine.Event] = [.tick]
            // One that is about to be ended for being late may have begun to accept since.
            if ready[0].revents != 0 || machine.isLate(now: .now()), let event = receive(&progress.offer) {
                events = [event]
            }
            if !isEnding, isCancelled.withLockedValue({ $0 }) {
                isEnding = true
                if progress.offer == nil {
                    // It accepts after it has said so: now it either has, or cannot any more.
                    shutdown(channel.descriptor, Int32(SHUT_RD))
                    if let event = receive(&progress.offer), event == .accepting { events.append(event) }
                }
                events.append(.cancelled)
            }
            for event in events {
                for action in machine.handle(event, now: .now()) {
                    if let outcome = perform(action, &progress) { return outcome }
                }
            }
        }
    }

    /// What the new process has sent.
    ///
    /// - Parameter offer: set where it accepts.
    private func receive(_ offer: inout TakeOverMessage?) -> UpgradeMachine.Event? {
        switch receive() {
        case .message(let message) where message.kind == .accepting:
            offer = message
            return .accepting
        case .message(let message): return message.kind == .settled ? .settled : nil
        case .nothing: return nil
        case .end: return .closed
        }
    }

    private enum Received {
        case message(TakeOverMessage)
        case nothing
        case end
    }

    private func receive() -> Received {
        do throws(SystemError) {
            guard let received = try channel.receive(within: .zero) else { return .end }
            for descriptor in received.descriptors { close(descriptor) }
            // What a program sends that is no Berth, or another version, is not understood.
            return TakeOverMessage(decoding: received.bytes).map { .message($0) } ?? .nothing
        } catch {
            return error.code == EAGAIN || error.code == ETIMEDOUT ? .nothing : .end
        }
    }

    private func perform(
        _ action: UpgradeMachine.Action,
        _ progress: inout Progress
    ) -> Outcome? {
        switch action {
        case .hold: effects.hold()
        case .resume: effects.resume()
        case .restore: effects.restore()
        case .commit:
            effects.commit()
            try? channel.send(TakeOverMessage(.yours), waits: false)
        case .terminate:
            process.terminate()
            progress.isTerminated = true
        case .kill: break
        case .finish:
            progress.lines.read()
            close(errors)
            let addresses = (progress.offer?.addresses ?? []).compactMap { Endpoint($0) }
            return .done(
                Successor(
                    channel: channel,
                    process: process,
                    version: progress.offer?.status?.version ?? "",
                    addresses: Set(addresses),
                    isEnding: progress.isTerminated
                )
            )
        case .fail(let failure): return fail(failure, &progress)
        }
        return nil
    }

    private func fail(_ failure: UpgradeMachine.Failure, _ progress: inout Progress) -> Outcome {
        let reason = reason(failure)
        progress.lines.read()
        finish()
        return .failed(reason: reason, lines: progress.lines.lines)
    }

    private func finish() {
        channel.close()
        close(errors)
    }

    /// The end of the new process, and why.
    private func reason(_ failure: UpgradeMachine.Failure) -> String {
        // One that has closed the connection is about to end.
        let own = failure == .ended ? process.end(within: .seconds(1)) : nil
        if own == nil {
            process.kill()
            _ = process.end(within: Self.killTime)
        }
        switch failure {
        case .ended:
            return own.map { "the new process \($0) before it had the tier" }
                ?? "the new process has closed the connection to this one, and was ended"
        case .late:
            let seconds = times.start.nanoseconds / 1_000_000_000
            return "the new process did not accept connections within \(seconds)s, and was ended"
        case .deaf:
            return
                "the new process did not take the sockets within \(Self.offerTime.components.seconds)s, and was ended"
        case .cancelled: return "this process is stopping"
        }
    }
}
