import EpollLoop
import Glibc
package import Routing

/// Listening sockets that another process has handed over: the generation before this one, or a service manager.
///
/// They are matched with listeners by their address. Whoever makes a value owns its descriptors until a tier starts with it.
package struct InheritedSockets: Sendable {
    package struct Address: Sendable, Equatable {
        /// Where the sockets listen.
        package let bound: Endpoint
        /// The listener's address in the process before: its port may be 0.
        package let configured: Endpoint
        package fileprivate(set) var descriptors: [Int32]
    }

    package private(set) var addresses: [Address] = []

    package init() {}

    package var isEmpty: Bool { addresses.isEmpty }

    /// - Parameter configured: nil: its own address.
    /// - Returns: false: it is not a TCP socket that listens, and stays the caller's.
    package mutating func add(_ descriptor: Int32, configured: Endpoint? = nil) -> Bool {
        guard let bound = ListeningSocket.endpoint(listening: descriptor).map({ Endpoint($0) }) else {
            return false
        }
        let configured = configured ?? bound
        if let index = addresses.firstIndex(where: { $0.bound == bound && $0.configured == configured }) {
            addresses[index].descriptors.append(descriptor)
        } else {
            addresses.append(Address(bound: bound, configured: configured, descriptors: [descriptor]))
        }
        return true
    }

    /// The sockets of a listener, which from now on belong to the caller; nil: there are none.
    package mutating func take(_ endpoint: Endpoint) -> Address? {
        let index =
            endpoint.port == 0
            ? addresses.firstIndex { $0.configured == endpoint }
            : addresses.firstIndex { $0.bound == endpoint }
        return index.map { addresses.remove(at: $0) }
    }

    /// Closes what nobody has taken.
    package mutating func close() {
        for descriptor in addresses.flatMap(\.descriptors) { Glibc.close(descriptor) }
        addresses = []
    }

    /// Which of a number of sockets each loop owns: all are owned, and each loop has one at least. A loop whose socket
    /// another loop has too shares it.
    ///
    /// - Parameters:
    ///   - sockets: at least 1.
    ///   - loops: at least 1.
    /// - Returns: for each place (a loop may have several), the loop and the socket; nil: a socket of its own is to be made.
    static func owners(sockets: Int, loops: Int) -> [(loop: Int, socket: Int?)] {
        (0..<max(sockets, loops)).map { ($0 % loops, $0 < sockets ? $0 : nil) }
    }
}
