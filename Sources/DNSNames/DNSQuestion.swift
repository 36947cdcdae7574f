package import Names
package import Routing

/// A question to a DNS server.
package struct DNSQuestion: Hashable, Sendable {
    package enum Kind: UInt16, Sendable {
        case a = 1
        case aaaa = 28
        case srv = 33
    }

    /// Lower case, without a dot at its end.
    package let name: String
    package let kind: Kind

    package init(_ name: String, _ kind: Kind) {
        self.name = name
        self.kind = kind
    }
}

/// What a server's message says to a question.
package struct DNSAnswer: Sendable, Equatable {
    /// A host that offers a service (RFC 2782).
    package struct Service: Sendable, Equatable {
        package let priority: UInt16
        package let weight: UInt16
        package let port: UInt16
        /// Lower case; empty: the service is not offered.
        package let host: String
    }

    /// Of A or AAAA questions.
    package var addresses: [IPAddress] = []
    /// Of SRV questions.
    package var services: [Service] = []
    /// Seconds: the shortest of the records that led here; of an answer without records, how long
    /// it holds (RFC 2308 §5), or nil where the server does not say.
    package var ttl: UInt32?
    /// Set where servers refuse to say anything of the name: it is not theirs.
    package var refusal: NameProblem?

    package var isEmpty: Bool { addresses.isEmpty && services.isEmpty }
}

/// Why a message is not an answer.
package enum DNSFault: Error, Equatable, Sendable {
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
