import CCares
import Glibc
import Routing

/// One port to a DNS server, through c-ares, which handles sockets, IDs, retries over TCP and the check that a
/// response belongs to a query. c-ares opens a socket for the first query and closes it after the last open one.
///
/// Used on one thread. All unsafe calls of the library are here.
final class AresChannel {
    /// The outcome of a query: the response, or c-ares' status.
    enum Outcome {
        case message([UInt8])
        case failed(Int32)
    }

    /// The maximum number of sockets that c-ares reports (ARES_GETSOCK_MAXNUM).
    private static let maxSockets = 16
    /// The datagram size that works everywhere, bytes; longer responses come over TCP.
    private static let datagramBytes: Int32 = 1232

    /// Receives the outcome of a query; c-ares owns it until then.
    private final class Waiter {
        let completion: (Outcome) -> Void
        init(_ completion: @escaping (Outcome) -> Void) { self.completion = completion }
    }

    private let channel: ares_channel
    /// Queries without an outcome.
    private(set) var open = 0
    /// Queries sent from the present port; 0: the next query opens another one.
    private(set) var queriesOfPort = 0

    /// Initialised once, and never cleaned up: other parts of the process may use the library too.
    private static let library: Int32 = ares_library_init(ARES_LIB_INIT_ALL)

    /// - Parameter timeout: for each response, milliseconds.
    /// - Throws: c-ares' status.
    init(server: Endpoint, timeout: Int32) throws(AresFault) {
        guard Self.library == ARES_SUCCESS else { throw AresFault(status: Self.library) }
        var options = ares_options()
        // Return every response, also errors, and do not search domains.
        options.flags = (1 << 7) | (1 << 8)
        options.timeout = timeout
        options.tries = 1
        options.ednspsz = Self.datagramBytes
        let mask: Int32 = (1 << 0) | (1 << 13) | (1 << 2) | (1 << 15)
        var made: ares_channel?
        let status = ares_init_options(&made, &options, mask)
        guard status == ARES_SUCCESS, let made else { throw AresFault(status: status) }
        let set = ares_set_servers_ports_csv(made, server.description)
        guard set == ARES_SUCCESS else {
            ares_destroy(made)
            throw AresFault(status: set)
        }
        channel = made
    }

    /// Ends all pending queries; their completions are called.
    deinit { ares_destroy(channel) }

    /// - Parameter completion: called once, perhaps before this returns.
    func query(_ question: DNSQuestion, completion: @escaping (Outcome) -> Void) {
        open += 1
        queriesOfPort += 1
        let waiter = Unmanaged.passRetained(
            Waiter { [weak self] outcome in
                self?.ended()
                completion(outcome)
            }
        )
        ares_query(
            channel,
            question.name,
            1,
            Int32(question.kind.rawValue),
            { argument, status, _, bytes, count in
                guard let argument else { return }
                let waiter = Unmanaged<Waiter>.fromOpaque(argument).takeRetainedValue()
                if let bytes, count > 0 {
                    waiter.completion(.message(Array(UnsafeBufferPointer(start: bytes, count: Int(count)))))
                } else {
                    waiter.completion(.failed(status))
                }
            },
            waiter.toOpaque()
        )
    }

    private func ended() {
        open -= 1
        if open == 0 { queriesOfPort = 0 }
    }

    /// The sockets to wait for now.
    var sockets: [pollfd] {
        var descriptors = [ares_socket_t](repeating: -1, count: Self.maxSockets)
        let mask = ares_getsock(channel, &descriptors, Int32(Self.maxSockets))
        var result: [pollfd] = []
        for (index, descriptor) in descriptors.enumerated() {
            var events: Int16 = 0
            if berth_ares_reads(mask, Int32(index)) != 0 { events |= Int16(POLLIN) }
            if berth_ares_writes(mask, Int32(index)) != 0 { events |= Int16(POLLOUT) }
            if events != 0 { result.append(pollfd(fd: descriptor, events: events, revents: 0)) }
        }
        return result
    }

    /// The time until the next deadline, milliseconds; nil: there is none.
    var timeout: Int64? {
        var time = timeval()
        guard ares_timeout(channel, nil, &time) != nil else { return nil }
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_usec) / 1000 + 1
    }

    /// Reads and writes as `socket` is ready.
    func process(_ socket: pollfd) {
        let failed = Int16(POLLERR) | Int16(POLLHUP) | Int16(POLLNVAL)
        let reads = socket.revents & (Int16(POLLIN) | failed) != 0
        let writes = socket.revents & (Int16(POLLOUT) | failed) != 0
        ares_process_fd(channel, reads ? socket.fd : -1, writes ? socket.fd : -1)
    }

    /// Ends queries whose timeout has passed.
    func processTimeouts() {
        ares_process_fd(channel, -1, -1)
    }
}

/// A failure of c-ares.
struct AresFault: Error {
    let status: Int32

    var reason: String { String(cString: ares_strerror(status)) }
    /// The query was ended by us.
    var isOurs: Bool { status == ARES_EDESTRUCTION || status == ARES_ECANCELLED }
    var isTimeout: Bool { status == ARES_ETIMEOUT }
}

/// The contents of resolv.conf(5).
struct ResolverFile: Equatable {
    var servers: [Endpoint]
    var search: [String]
    var dots: Int

    /// Read by c-ares, with its defaults for missing settings.
    static func read() throws(AresFault) -> ResolverFile {
        var made: ares_channel?
        let status = ares_init(&made)
        guard status == ARES_SUCCESS, let channel = made else { throw AresFault(status: status) }
        defer { ares_destroy(channel) }
        var options = ares_options()
        var mask: Int32 = 0
        let saved = ares_save_options(channel, &options, &mask)
        guard saved == ARES_SUCCESS else { throw AresFault(status: saved) }
        defer { ares_destroy_options(&options) }
        var search: [String] = []
        if let domains = options.domains {
            for index in 0..<Int(max(options.ndomains, 0)) {
                if let domain = domains[index] { search.append(String(cString: domain).lowercased()) }
            }
        }
        return ResolverFile(servers: servers(channel), search: search, dots: Int(max(options.ndots, 0)))
    }

    private static func servers(_ channel: ares_channel) -> [Endpoint] {
        var first: UnsafeMutablePointer<ares_addr_port_node>?
        guard ares_get_servers_ports(channel, &first) == ARES_SUCCESS else { return [] }
        defer { ares_free_data(first) }
        var servers: [Endpoint] = []
        var next = first
        while let node = next {
            let count = node.pointee.family == AF_INET ? 4 : 16
            let bytes = withUnsafeBytes(of: node.pointee.addr) { Array($0.prefix(count)) }
            let port = UInt16(truncatingIfNeeded: node.pointee.udp_port)
            if let address = IPAddress(networkBytes: bytes) {
                servers.append(Endpoint(address: address, port: port == 0 ? 53 : port))
            }
            next = node.pointee.next
        }
        return servers
    }
}
