import Glibc
import NIOCore
import SystemSupport

/// The process that hands its tier over to this one.
struct Predecessor: Sendable {
    /// How long it may take to hand over what this process already uses, or to end.
    private static let patience = Duration.seconds(30)

    private let channel: DescriptorChannel
    private let status: GenerationStatus
    private let errors: Int32

    /// - Parameter errors: where standard error leads from the take-over on.
    init(_ channel: DescriptorChannel, _ status: GenerationStatus, errors: Int32) {
        self.channel = channel
        self.status = status
        self.errors = errors
    }

    /// Whether it has ended, or has given the take-over up. Before `accepting`.
    var isGone: Bool { channel.isReadable(within: .zero) }

    /// Tells it that this process accepts.
    ///
    /// - Parameter status: of this process.
    func accepting(_ addresses: [String], _ status: GenerationStatus) throws(TakeOverFailure) {
        var message = TakeOverMessage(.accepting)
        message.status = status
        message.addresses = addresses
        do throws(SystemError) { try channel.send(message) } catch {
            throw TakeOverFailure("the process before cannot be told: \(error.reason)")
        }
    }

    /// Returns when the tier is this process's own. Where the other process has ended, or stands still, nobody else accepts:
    /// it is this process's own too.
    func handedOver() async {
        await withCheckedContinuation { continuation in
            let hasStarted = BlockingThread.start {
                while true {
                    let received = try? channel.receive(within: Self.patience)
                    guard let received, TakeOverMessage(decoding: received.bytes)?.kind != .yours else {
                        break
                    }
                }
                continuation.resume()
            }
            if !hasStarted { continuation.resume() }
        }
    }

    /// Standard error led to the other process, for its report.
    func restoreErrors() {
        dup2(errors, STDERR_FILENO)
        close(errors)
    }

    /// Tells it that nothing of the tier is its own any more. From now on it drains.
    ///
    /// - Parameter generations: follows it.
    func settled(_ generations: Generations) {
        try? channel.send(TakeOverMessage(.settled))
        var status = status
        status.draining = true
        generations.add(channel, status)
    }
}
