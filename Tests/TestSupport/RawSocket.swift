import Foundation
import Glibc

/// A blocking socket of a test: what goes over the wire is exactly what the test writes.
/// Every wait has an end, so that a broken build fails and does not hang.
package final class RawSocket: @unchecked Sendable {
    package struct Failure: Error {
        package let text: String

        package init(text: String) { self.text = text }
    }

    /// The longest a test waits for bytes, seconds: beside others that keep all cores busy it may stand for a
    /// minute, and an origin that gave up meanwhile would close its connection.
    package static let patience = 300

    private let descriptor: Int32

    package init(_ descriptor: Int32) {
        self.descriptor = descriptor
        var time = timeval(tv_sec: Self.patience, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    /// Connects to loopback.
    ///
    /// - Parameter receiveBuffer: bytes that the kernel may hold for this end; nil for its own choice.
    package static func connect(port: UInt16, receiveBuffer: Int32? = nil) throws -> RawSocket {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        if var size = receiveBuffer {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        }
        var address = loopback(port)
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else {
            close(descriptor)
            throw Failure(text: "connect: \(String(cString: strerror(errno)))")
        }
        return RawSocket(descriptor)
    }

    static func loopback(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }

    package func write(_ text: String) throws { try write(Array(text.utf8)) }

    package func write(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw Failure(text: "send: \(String(cString: strerror(errno)))") }
            rest = rest.dropFirst(count)
        }
    }

    /// Writes as long as the system takes bytes at once; how many it took.
    package func writeUntilFull() throws -> Int {
        let block = [UInt8](repeating: 1, count: 65536)
        var written = 0
        while true {
            let count = send(descriptor, block, block.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
            guard count > 0 else {
                if errno == EAGAIN { return written }
                throw Failure(text: "send: \(String(cString: strerror(errno)))")
            }
            written += count
        }
    }

    /// Some bytes; none at the end of the stream or after a reset.
    package func readSome(_ limit: Int = 65536) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: limit)
        let count = recv(descriptor, &bytes, limit, 0)
        if count < 0 {
            if errno == ECONNRESET { return [] }
            throw Failure(text: "recv: \(String(cString: strerror(errno)))")
        }
        return Array(bytes.prefix(count))
    }

    /// All bytes to the end of the stream.
    package func readToEnd() throws -> String {
        var all: [UInt8] = []
        while true {
            let some = try readSome()
            if some.isEmpty { return String(decoding: all, as: UTF8.self) }
            all += some
        }
    }

    /// Reads to the end; whether that was a reset and not an orderly close.
    package func endsWithReset() throws -> Bool {
        var bytes = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = recv(descriptor, &bytes, bytes.count, 0)
            if count == 0 { return false }
            if count < 0 {
                if errno == ECONNRESET { return true }
                throw Failure(text: "recv: \(String(cString: strerror(errno)))")
            }
        }
    }

    /// Bytes until what came ends with `end`.
    package func read(until end: String) throws -> String {
        var all: [UInt8] = []
        let end = Array(end.utf8)
        while !all.suffix(end.count).elementsEqual(end) {
            let some = try readSome(1)
            if some.isEmpty {
                throw Failure(text: "closed after \(String(decoding: all, as: UTF8.self).debugDescription)")
            }
            all += some
        }
        return String(decoding: all, as: UTF8.self)
    }

    /// A head, up to and with its empty line.
    package func readHead() throws -> String { try read(until: "\r\n\r\n") }

    package func read(exactly count: Int) throws -> [UInt8] {
        var all: [UInt8] = []
        while all.count < count {
            let some = try readSome(min(65536, count - all.count))
            if some.isEmpty { throw Failure(text: "closed after \(all.count) of \(count) bytes") }
            all += some
        }
        return all
    }

    /// A head, and the body that its Content-Length announces.
    package func readResponse() throws -> (head: String, body: String) {
        let head = try readHead()
        let length = head.split(separator: "\r\n")
            .first { $0.lowercased().hasPrefix("content-length:") }
            .flatMap { Int($0.split(separator: ":")[1].trimmingCharacters(in: .whitespaces)) }
        return (head, String(decoding: try read(exactly: length ?? 0), as: UTF8.self))
    }

    /// Bytes that the other side's kernel has not taken yet (SIOCOUTQ, tcp(7)).
    package var unacknowledged: Int32 {
        var count: Int32 = 0
        return ioctl(descriptor, UInt(TIOCOUTQ), &count) == 0 ? count : 0
    }

    package func closeWriting() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Closes with a reset in place of an orderly end.
    package func reset() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
        shutdown(descriptor, Int32(SHUT_RDWR))
    }

    /// Sends a reset now: what was in the kernel's buffers is gone on both sides.
    package func abandon() {
        var nowhere = sockaddr()
        nowhere.sa_family = sa_family_t(AF_UNSPEC)
        _ = Glibc.connect(descriptor, &nowhere, socklen_t(MemoryLayout<sockaddr>.size))
    }
}
