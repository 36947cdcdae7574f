import FoundationEssentials
import SystemSupport

/// What two generations of a tier send each other during a take-over, and until the end of the first: JSON.
struct TakeOverMessage: Codable, Sendable, Equatable {
    enum Kind: String, Codable, Sendable {
        /// Listening sockets of one address, which the message carries.
        case sockets
        /// A generation that drains, with the connection to it.
        case generation
        /// Nothing more follows of what is handed over.
        case offered
        /// The new process accepts.
        case accepting
        /// The new process has the tier.
        case yours
        /// The new process has the control socket and the registrations.
        case settled
        /// How a generation is that drains.
        case status
    }

    var kind: Kind
    /// Where the sockets listen: as the process before was to listen there.
    var configured: String?
    /// What listens there; nil: the tier.
    var use: ControlSockets.Use?
    /// Of the new process (`offered`), or of one that drains.
    var status: GenerationStatus?
    /// The new process's number.
    var generation: Int?
    /// Where the new process accepts.
    var addresses: [String]?

    init(_ kind: Kind) {
        self.kind = kind
    }

    /// - Returns: nil: it is not a message, or one of another version.
    init?(decoding bytes: [UInt8]) {
        guard let message = try? JSONDecoder().decode(Self.self, from: Data(bytes)) else { return nil }
        self = message
    }

    var bytes: [UInt8] { (try? JSONEncoder().encode(self)).map { [UInt8]($0) } ?? [] }
}

extension DescriptorChannel {
    func send(
        _ message: TakeOverMessage,
        _ descriptors: [Int32] = [],
        waits: Bool = true
    ) throws(SystemError) {
        try send(message.bytes, descriptors, waits: waits)
    }
}
