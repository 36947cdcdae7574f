import Foundation
import Glibc

/// A server on a port of the system's choice, played by the test: each connection runs
/// the script in a thread of its own.
package final class ScriptedOrigin: @unchecked Sendable {
    package let port: UInt16
    private let descriptor: Int32

    /// - Parameter script: called with each connection and its number, from 0.
    package init(_ script: @escaping @Sendable (RawSocket, Int) throws -> Void) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = RawSocket.loopback(0)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, size) == 0 && listen(descriptor, 64) == 0
                    && getsockname(descriptor, address, &size) == 0
            }
        }
        guard result else { throw RawSocket.Failure(text: "bind: \(String(cString: strerror(errno)))") }
        self.descriptor = descriptor
        self.port = UInt16(bigEndian: address.sin_port)
        Thread.detachNewThread {
            var number = 0
            while true {
                let accepted = accept(descriptor, nil, nil)
                guard accepted >= 0 else { return }
                let connection = RawSocket(accepted)
                let turn = number
                number += 1
                Thread.detachNewThread { try? script(connection, turn) }
            }
        }
    }

    /// Responds to each request of a connection with its own head.
    package static func echoingHeads() throws -> ScriptedOrigin {
        try ScriptedOrigin { connection, _ in
            while true {
                let head = try connection.readHead()
                try connection.write("HTTP/1.1 200 OK\r\nContent-Length: \(head.utf8.count)\r\n\r\n\(head)")
            }
        }
    }

    /// Accepts no more.
    package func stop() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    deinit {
        stop()
        close(descriptor)
    }
}
