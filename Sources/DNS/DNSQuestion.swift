public import Names
public import Routing

/// A question to a DNS server.
public struct DNSQuestion: Hashable, Sendable {
    public enum Kind: UInt16, Sendable {
        case a = 1
        case aaaa = 28
        case srv = 33
    }

    /// Lower case, without a dot at its end.
    public let name: String
    public let kind: Kind

    public init(_ name: String, _ kind: Kind) {
        self.name = name
        self.kind = kind
    }
}

/// What a server's message says to a question.
public struct DNSAnswer: Sendable, Equatable {
    /// A host that offers a service (RFC 2782).
    public struct Service: Sendable, Equatable {
        public let priority: UInt16
        public let weight: UInt16
        public let port: UInt16
        /// Lower case; empty: the service is not offered.
        public let host: String
    }

    /// Of A or AAAA questions.
    public var addresses: [IPAddress] = []
    /// Of SRV questions.
    public var services: [Service] = []
    /// Seconds: the shortest of the records that led here; of an answer without records, how long
    /// it holds (RFC 2308 §5), or nil where the server does not say.
    public var ttl: UInt32?
    /// Set where servers refuse to say anything of the name: it is not theirs.
    public var refusal: NameProblem?

    public var isEmpty: Bool { addresses.isEmpty && services.isEmpty }
}

/// Why a message is no answer.
public enum DNSFault: Error, Equatable, Sendable {
    /// Shorter than it says, or not a message at all.
    case truncated
    /// A name that is too long, or whose pointers do not lead backwards.
    case badName
    /// Not an answer to this question.
    case otherQuestion
    /// The server can't say: its response code (RFC 1035 §4.1.1).
    case code(UInt8)

    static let refused = DNSFault.code(5)
}
