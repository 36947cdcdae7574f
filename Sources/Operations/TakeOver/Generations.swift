import Glibc
import NIOConcurrencyHelpers
import SystemSupport

/// The generations before this one that still drain. Any thread.
final class Generations: Sendable {
    /// More than these are not kept beside each other: each has the memory of a tier.
    static let maxDraining = 16

    private struct Link {
        let channel: DescriptorChannel
        var status: GenerationStatus
    }

    private struct State {
        var links: [Int: Link] = [:]
        var next = 0
        var hasEnded = false
    }

    private let state = NIOLockedValueBox(State())
    /// How often a thread looks whether it is still needed.
    private static let patience = Duration.milliseconds(500)

    /// The newest first.
    var statuses: [GenerationStatus] {
        state.withLockedValue { $0.links.values.map(\.status) }.sorted { $0.generation > $1.generation }
    }

    /// For the generation after this one. They are copies, which the caller closes: a generation may end at any time.
    var links: [(channel: DescriptorChannel, status: GenerationStatus)] {
        state.withLockedValue { state in
            state.links.values.compactMap { link in
                let copy = fcntl(link.channel.descriptor, F_DUPFD_CLOEXEC, 0)
                return copy < 0 ? nil : (DescriptorChannel(copy), link.status)
            }
        }
    }

    /// - Parameter channel: belongs to this from now on.
    func add(_ channel: DescriptorChannel, _ status: GenerationStatus) {
        let number = state.withLockedValue { state -> Int? in
            guard state.links.count < Self.maxDraining, !state.hasEnded else { return nil }
            state.next += 1
            state.links[state.next] = Link(channel: channel, status: status)
            return state.next
        }
        guard let number else { return channel.close() }
        let hasStarted = BlockingThread.start { [self] in follow(number, channel) }
        if !hasStarted { remove(number) }
    }

    /// Follows them no longer: the generation after this one does.
    func stop() { state.withLockedValue { $0.hasEnded = true } }

    private func follow(_ number: Int, _ channel: DescriptorChannel) {
        defer { remove(number) }
        while !state.withLockedValue({ $0.hasEnded }) {
            guard channel.isReadable(within: Self.patience) else { continue }
            do throws(SystemError) {
                guard let message = try channel.receive(within: .zero) else { return }
                for descriptor in message.descriptors { DescriptorChannel(descriptor).close() }
                guard let status = TakeOverMessage(decoding: message.bytes)?.status else { continue }
                state.withLockedValue { $0.links[number]?.status = status }
            } catch {
                // Somebody else has received it: the generation after this one.
                if ![EAGAIN, ETIMEDOUT].contains(error.code) { return }
            }
        }
    }

    private func remove(_ number: Int) {
        state.withLockedValue { $0.links.removeValue(forKey: number)?.channel.close() }
    }
}
