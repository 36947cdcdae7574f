/// Why a request to a member failed.
package enum EtcdFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// The member is unreachable, or the connection broke.
    case connection(String)
    /// No response within the time limit.
    case timeout
    /// The token is unknown or too old, or there is none.
    case unauthenticated(String)
    /// The requested revision has been compacted.
    case compacted
    /// A response, or one message of a stream, exceeds its size limit.
    case tooLarge
    /// Not a valid response of etcd.
    case malformed(String)
    /// There is no such lease (any more).
    case leaseGone
    /// etcd refused the request, with its message.
    case refused(String)

    package var description: String {
        switch self {
        case .connection(let reason): reason
        case .timeout: "no response in time"
        case .unauthenticated(let reason): "not authenticated: \(reason)"
        case .compacted: "the revision was compacted"
        case .tooLarge: "a response is too large"
        case .malformed(let reason): "not a valid response of etcd: \(reason)"
        case .leaseGone: "the lease is gone"
        case .refused(let reason): "refused: \(reason)"
        }
    }
}
