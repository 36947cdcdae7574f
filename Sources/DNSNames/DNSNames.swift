package import Names
package import Routing
import NIOConcurrencyHelpers
import SystemSupport

/// Whom to ask, and how.
package struct DNSOptions: Sendable {
    /// In the order in which they are asked; nil: those of resolv.conf, read again when it changes.
    package var servers: [Endpoint]?
    /// Nil: those of resolv.conf.
    package var search: [String]?
    /// `_http._tcp`; nil: addresses are asked for.
    package var service: String?
    /// Bounds of an answer's life.
    package var minTTL: Duration
    package var maxTTL: Duration
    /// The longest life of the answer that there is no such name.
    package var negativeTTL: Duration
    /// For one answer of one server.
    package var timeout: Duration
    /// How often each server is asked.
    package var attempts: Int
    /// How long an answer serves after its time while no server answers.
    package var maxStale: Duration

    package init(
        servers: [Endpoint]? = nil,
        search: [String]? = nil,
        service: String? = nil,
        minTTL: Duration = .seconds(1),
        maxTTL: Duration = .seconds(3600),
        negativeTTL: Duration = .seconds(5),
        timeout: Duration = .seconds(1),
        attempts: Int = 2,
        maxStale: Duration = .seconds(3600)
    ) {
        self.servers = servers
        self.search = search
        self.service = service
        self.minTTL = minTTL
        self.maxTTL = maxTTL
        self.negativeTTL = negativeTTL
        self.timeout = timeout
        self.attempts = attempts
        self.maxStale = maxStale
    }

    /// Seconds, rounded up: DNS knows no parts of them, and 0 stays 0.
    static func seconds(_ duration: Duration) -> UInt32 {
        let (seconds, rest) = duration.components
        return UInt32(clamping: rest > 0 ? seconds + 1 : seconds)
    }

    func plan(_ file: ResolverFile?) -> DNSSearchPolicy {
        let least = Self.seconds(minTTL)
        return DNSSearchPolicy(
            search: search ?? file?.search ?? [],
            dots: file?.dots ?? 1,
            service: service,
            ttl: least...max(least, Self.seconds(maxTTL)),
            negativeTTL: Self.seconds(negativeTTL)
        )
    }
}

extension NameSource {
    /// Questions to DNS servers.
    package static func dns(_ options: DNSOptions) -> NameSource {
        let servers = options.servers.map { " " + $0.map(\.description).joined(separator: " ") } ?? ""
        return NameSource(
            label: "dns\(servers)",
            key: .settings("dns \(options)"),
            kind: .query(DNSNames(options)),
            maxStale: options.maxStale
        )
    }
}

/// DNS as a source of names: a thread of its own on which c-ares works.
final class DNSNames: QueryNameSource {
    private let options: DNSOptions
    private let thread = NIOLockedValueBox<Result<DNSThread, SystemError>?>(nil)

    init(_ options: DNSOptions) {
        self.options = options
    }

    func start() {
        let result: Result<DNSThread, SystemError>
        do throws(SystemError) {
            result = .success(try DNSThread(options))
        } catch {
            // Each query reports it.
            result = .failure(error)
        }
        thread.withLockedValue { $0 = result }
    }

    func query(_ name: String, completion: @escaping @Sendable (NameQueryResult) -> Void) {
        switch thread.withLockedValue({ $0 }) {
        case .success(let thread): thread.resolve(name, done: completion)
        case .failure(let error):
            completion(.failed(NameProblem(.unavailable, "dns: cannot start its thread: \(error)")))
        case nil: completion(.failed(NameProblem(.unavailable, "dns: stopped")))
        }
    }

    func stop() {
        let thread = thread.withLockedValue { thread in
            defer { thread = nil }
            return thread
        }
        if case .success(let thread) = thread { thread.stop() }
    }
}
