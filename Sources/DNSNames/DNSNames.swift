package import Names
package import Routing
package import Settings
import NIOConcurrencyHelpers
import SystemSupport

/// Which servers are queried, and how.
package struct DNSOptions: Sendable {
    /// In the order in which they are queried; nil: those of resolv.conf, read again when it changes.
    package var servers: [Endpoint]?
    package var settings: DNSSettings

    package init(_ settings: DNSSettings = DNSSettings(), servers: [Endpoint]? = nil) {
        self.settings = settings
        self.servers = servers
    }

    /// Seconds, rounded up: DNS knows no parts of them, and 0 stays 0.
    static func seconds(_ duration: Duration) -> UInt32 {
        let (seconds, rest) = duration.components
        return UInt32(clamping: rest > 0 ? seconds + 1 : seconds)
    }

    func plan(_ file: ResolverFile?) -> DNSSearchPolicy {
        let least = Self.seconds(settings.minTTL)
        return DNSSearchPolicy(
            search: settings.search ?? file?.search ?? [],
            dots: file?.dots ?? 1,
            service: settings.srv,
            ttl: least...max(least, Self.seconds(settings.maxTTL)),
            negativeTTL: Self.seconds(settings.negativeTTL)
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
            maxStale: options.settings.maxStale
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
        case .success(let thread): thread.resolve(name, completion: completion)
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
