import Glibc
import Routing

/// A file in the format of hosts(5): an address, then the names it has.
///
///     10.0.0.5   container001 wordpress   # a comment
///     10.0.0.6   container001             # a second endpoint of the name
package struct HostsFile: Sendable {
    /// The maximum size of a file, bytes.
    static let maxBytes = 64 << 20

    package let names: [String: [NamedAddress]]
    /// Malformed lines, as `line: reason`; they are skipped.
    package let problems: [String]

    package init(text: String) {
        var names: [String: [NamedAddress]] = [:]
        var problems: [String] = []
        // Splits bytes: CR LF is one character in Swift.
        for (index, line) in text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .enumerated()
        {
            let content = line.prefix { $0 != UInt8(ascii: "#") }
            let words = content.split { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
            guard let first = words.first else { continue }
            guard let address = IPAddress(String(Substring(first))) else {
                problems.append("\(index + 1): '\(Substring(first))' is not an address")
                continue
            }
            if words.count == 1 {
                problems.append("\(index + 1): the address has no name")
            }
            for word in words.dropFirst() {
                let name = String(Substring(word)).lowercased()
                let entry = NamedAddress(address: address)
                if names[name]?.contains(entry) != true {
                    names[name, default: []].append(entry)
                }
            }
        }
        self.names = names
        self.problems = problems
    }

    /// Reads and parses the file at `path`.
    ///
    /// - Throws: `NameSourceError` when it cannot be opened, read, or is too large.
    package init(path: String) throws(NameSourceError) {
        self.init(text: try Self.read(path))
    }

    private static func read(_ path: String) throws(NameSourceError) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw NameSourceError(path: path, errno: errno) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw NameSourceError(path: path, errno: errno)
            }
            if count == 0 { break }
            bytes.append(contentsOf: chunk.prefix(count))
            guard bytes.count <= maxBytes else {
                throw NameSourceError(path: path, reason: "larger than \(maxBytes >> 20) MiB")
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension NameSourceError {
    init(path: String, errno code: Int32) {
        self.init(path: path, reason: String(cString: strerror(code)))
    }

    package var description: String { "\(path): \(reason)" }
}
