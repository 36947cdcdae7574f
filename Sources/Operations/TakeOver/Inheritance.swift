import Glibc
import FoundationEssentials
package import Proxy
import Routing
import SystemSupport

/// What this process has from another one at its start: listening sockets of the generation before it, or of the service
/// manager. Its descriptors belong to whoever has it.
package struct Inheritance: Sendable {
    package var sockets = InheritedSockets()
    let control: ControlSockets
    /// The generation that hands its tier over; nil: there is none.
    let predecessor: Predecessor?
    /// The number of this one.
    let generation: Int
    /// Earlier ones that drain.
    let draining: [(channel: DescriptorChannel, status: GenerationStatus)]
    /// The names of what a service manager had kept, for which there may be no listener any more.
    let storedNames: Set<String>

    /// A process that was started like any other.
    package init() {
        self.init(InheritedSockets())
    }

    init(
        _ sockets: InheritedSockets,
        control: ControlSockets = ControlSockets(),
        predecessor: Predecessor? = nil,
        generation: Int = 1,
        draining: [(channel: DescriptorChannel, status: GenerationStatus)] = [],
        storedNames: Set<String> = []
    ) {
        self.sockets = sockets
        self.control = control
        self.predecessor = predecessor
        self.generation = generation
        self.draining = draining
        self.storedNames = storedNames
    }

    /// The process takes the place of another one, which serves until it is told.
    package var isTakeOver: Bool { predecessor != nil }

    /// Names the protocol of a take-over in the environment of the new process.
    static let variable = "BERTH_TAKE_OVER"
    static let version = "1"
    /// The connection to the process before.
    static let channelDescriptor: Int32 = 3
    /// Where standard error leads after the take-over.
    static let errorsDescriptor: Int32 = 4
    /// How long the process before may take to send what it hands over.
    private static let patience = Duration.seconds(10)

    /// Receives what there is, as the environment has it. To be called once, at the start. Blocks.
    package static func receive() throws(TakeOverFailure) -> Inheritance {
        let environment = ProcessInfo.processInfo.environment
        // For this process alone, not for those that it starts.
        defer { for name in [variable] + SocketActivation.variables { unsetenv(name) } }
        guard let protocolVersion = environment[variable] else {
            let (sockets, names) = SocketActivation.receive(environment)
            return Inheritance(sockets, storedNames: names)
        }
        guard protocolVersion == version else {
            throw TakeOverFailure(
                "the running version hands its sockets over in another way: restart the tier (\(variable)=\(protocolVersion))"
            )
        }
        for descriptor in [channelDescriptor, errorsDescriptor] {
            guard fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0 else {
                throw TakeOverFailure("\(variable) is set, but there is no process that hands a tier over")
            }
        }
        return try receive(from: DescriptorChannel(channelDescriptor), errors: errorsDescriptor)
    }

    /// - Parameter errors: as `errorsDescriptor`.
    static func receive(from channel: DescriptorChannel, errors: Int32) throws(TakeOverFailure) -> Inheritance
    {
        var sockets = InheritedSockets()
        var control = ControlSockets()
        var draining: [(channel: DescriptorChannel, status: GenerationStatus)] = []
        do throws(SystemError) {
            while let received = try channel.receive(within: patience) {
                guard let message = TakeOverMessage(decoding: received.bytes) else {
                    throw SystemError("the message", errno: EBADMSG)
                }
                var unused = received.descriptors[...]
                switch message.kind {
                case .sockets:
                    let configured = message.configured.flatMap(Endpoint.init)
                    unused =
                        unused.filter { descriptor in
                            message.use == nil
                                ? !sockets.add(descriptor, configured: configured)
                                : !control.add(descriptor, message)
                        }[...]
                case .generation:
                    if let status = message.status, let descriptor = unused.popFirst() {
                        draining.append((DescriptorChannel(descriptor), status))
                    }
                case .offered:
                    guard let status = message.status else { break }
                    return Inheritance(
                        sockets,
                        control: control,
                        predecessor: Predecessor(channel, status, errors: errors),
                        generation: message.generation ?? 1,
                        draining: draining
                    )
                case .accepting, .yours, .settled, .status: break
                }
                for descriptor in unused { close(descriptor) }
            }
        } catch {
            sockets.close()
            control.close()
            throw TakeOverFailure("the sockets of the process before have not arrived: \(error.reason)")
        }
        sockets.close()
        control.close()
        throw TakeOverFailure("the process before has ended, or has given the take-over up")
    }
}
