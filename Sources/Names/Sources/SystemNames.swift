import DequeModule
import Glibc
import Routing
package import Settings
import NIOConcurrencyHelpers
import SystemSupport

extension NameSource {
    /// The sources of nsswitch.conf(5): /etc/hosts, NIS, LDAP, mDNS, DNS.
    package static func system(_ settings: SystemNamesSettings) -> NameSource {
        NameSource(
            label: "system",
            key: .settings("system \(settings)"),
            kind: .query(SystemNames(settings)),
            maxStale: settings.maxStale
        )
    }
}

/// getaddrinfo(3), which blocks: on a few threads of its own.
final class SystemNames: QueryNameSource {
    // netdb.h has them for GNU programs only: the name exists, without an address (of this family).
    private static let noData: Int32 = -5
    private static let otherFamily: Int32 = -9

    typealias Resolve = @Sendable (String) -> NameQueryResult

    private struct State {
        /// Two times `threads` at most, which is the directory's limit.
        var waiting: Deque<(name: String, completion: @Sendable (NameQueryResult) -> Void)> = []
        var threads = 0
        var stopped = false
    }

    private let settings: SystemNamesSettings
    private let resolve: Resolve
    private let state = NIOLockedValueBox(State())
    private let fixedNames = FixedNames()

    /// - Parameter resolve: queries the system; may block. For tests.
    init(_ settings: SystemNamesSettings, resolve: Resolve? = nil) {
        self.settings = settings
        self.resolve = resolve ?? { Self.query($0, settings) }
    }

    /// The system's resolver reports a server that is down as a name that does not exist.
    var traits: QueryTraits {
        QueryTraits(
            places: settings.threads,
            timeout: settings.timeout,
            absence: .doubtful(witness: settings.witness)
        )
    }

    func isFixed(_ name: String) -> Bool { fixedNames.contains(name) }

    func query(_ name: String, completion: @escaping @Sendable (NameQueryResult) -> Void) {
        enum Turn { case queued, startsThread, stopped }
        let turn: Turn = state.withLockedValue { state in
            if state.stopped { return .stopped }
            state.waiting.append((name, completion))
            guard state.threads < 2 * settings.threads else { return .queued }
            state.threads += 1
            return .startsThread
        }
        switch turn {
        case .queued: break
        case .startsThread:
            if !BlockingThread.start({ [self] in work() }) {
                state.withLockedValue { $0.threads -= 1 }
                drop(NameProblem(.overloaded, "system: there are no threads left"))
            }
        case .stopped: completion(.failed(NameProblem(.unavailable, "system: stopped")))
        }
    }

    func stop() {
        state.withLockedValue { $0.stopped = true }
        drop(NameProblem(.unavailable, "system: stopped"))
    }

    private func drop(_ problem: NameProblem) {
        let waiting = state.withLockedValue { state in
            defer { state.waiting = [] }
            return state.waiting
        }
        for (_, completion) in waiting { completion(.failed(problem)) }
    }

    /// Resolves one name after the other on a thread of its own, until none waits.
    private func work() {
        while true {
            let next = state.withLockedValue { state in
                let next = state.waiting.popFirst()
                if next == nil { state.threads -= 1 }
                return next
            }
            guard let next else { return }
            next.completion(resolve(next.name))
        }
    }

    private static func query(_ name: String, _ settings: SystemNamesSettings) -> NameQueryResult {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        // Only families of which the machine has addresses.
        hints.ai_flags = AI_ADDRCONFIG
        var first: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(name, nil, &hints, &first)
        defer { if let first { freeaddrinfo(first) } }
        switch status {
        case 0: break
        case EAI_NONAME, Self.noData, Self.otherFamily: return .none(ttl: settings.negativeTTL)
        case EAI_AGAIN:
            return .failed(NameProblem(.timeout, "system: \(String(cString: gai_strerror(status)))"))
        default: return .failed(NameProblem(.unavailable, "system: \(String(cString: gai_strerror(status)))"))
        }
        var addresses: [NamedAddress] = []
        var next = first
        // In the order of RFC 6724, as the system returns them.
        while let node = next, addresses.count < NameLimits.addressesOfName {
            if let address = address(node.pointee) {
                let named = NamedAddress(address: address)
                if !addresses.contains(named) { addresses.append(named) }
            }
            next = node.pointee.ai_next
        }
        return addresses.isEmpty ? .none(ttl: settings.negativeTTL) : .addresses(addresses, ttl: settings.ttl)
    }

    private static func address(_ info: addrinfo) -> IPAddress? {
        guard let name = info.ai_addr else { return nil }
        let bytes = UnsafeRawBufferPointer(start: name, count: Int(info.ai_addrlen))
        switch info.ai_family {
        // sockaddr_in: family, port, address. sockaddr_in6: family, port, flow, address.
        case AF_INET where bytes.count >= 8: return IPAddress(networkBytes: Array(bytes[4..<8]))
        case AF_INET6 where bytes.count >= 24: return IPAddress(networkBytes: Array(bytes[8..<24]))
        default: return nil
        }
    }
}
