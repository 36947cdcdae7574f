import Glibc

/// The ports on which programs of this machine listen on every address.
package enum OpenPorts {
    /// Reads the kernel's tables of TCP sockets. Blocks; empty where there are none.
    package static func read() -> Set<UInt16> {
        var ports: Set<UInt16> = []
        for path in ["/proc/net/tcp", "/proc/net/tcp6"] { ports.formUnion(parse(contents(path))) }
        return ports
    }

    /// - Parameter table: in each line: number, local address and port, remote ones, state; in hexadecimal digits.
    package static func parse(_ table: [UInt8]) -> Set<UInt16> {
        var ports: Set<UInt16> = []
        for line in table.split(separator: UInt8(ascii: "\n")).dropFirst() {
            let columns = line.split(separator: UInt8(ascii: " "), maxSplits: 4)
            // The state of a listening socket.
            guard columns.count > 3, columns[3].elementsEqual("0A".utf8) else { continue }
            let local = columns[1].split(separator: UInt8(ascii: ":"))
            guard local.count == 2, local[0].allSatisfy({ $0 == UInt8(ascii: "0") }),
                let port = UInt16(String(decoding: local[1], as: UTF8.self), radix: 16)
            else { continue }
            ports.insert(port)
        }
        return ports
    }

    private static func contents(_ path: String) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return [] }
        defer { close(file) }
        var contents: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(file, &buffer, buffer.count)
            guard count > 0 else { return contents }
            contents += buffer[..<count]
        }
    }
}
