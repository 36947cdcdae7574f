import Glibc
import Routing
import SystemSupport

/// A file in the format of hosts(5): an address, then the names it has.
///
///     10.0.0.5   container001 wordpress   # a comment
///     10.0.0.6   container001             # a second endpoint of the name
package struct HostsFile: Sendable {
    /// The maximum size of a file, bytes.
    static let maxBytes = 64 << 20

    package let names: [String: [NamedAddress]]
    /// The first malformed lines, as `line: reason`; they are skipped.
    package let problems: [String]
    /// The number of all malformed lines.
    package let malformed: Int
    /// The maximum number of malformed lines that are reported one by one.
    static let maxProblems = 100

    package init(text: String) {
        var names: [String: [NamedAddress]] = [:]
        var problems: [String] = []
        var malformed = 0
        func report(_ index: Int, _ reason: @autoclosure () -> String) {
            malformed += 1
            if problems.count < Self.maxProblems { problems.append("\(index + 1): \(reason())") }
        }
        // Splits bytes: CR LF is one character in Swift.
        for (index, line) in text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .enumerated()
        {
            let content = line.prefix { $0 != UInt8(ascii: "#") }
            let words = content.split { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
            guard let first = words.first else { continue }
            guard let address = IPAddress(String(Substring(first))) else {
                report(index, "'\(String(Substring(first).unicodeScalars.prefix(64)))' is not an address")
                continue
            }
            if words.count == 1 {
                report(index, "the address has no name")
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
        self.malformed = malformed
    }

    /// Reads and parses the file at `path`.
    ///
    /// - Throws: `NameSourceError` when it cannot be opened, read, or is too large.
    package init(path: String) throws(NameSourceError) {
        self.init(text: try Self.read(path))
    }

    private static func read(_ path: String) throws(NameSourceError) -> String {
        do throws(FileError) {
            guard let bytes = try WholeFile.read(path, limit: maxBytes) else {
                throw FileError(path: path, errno: ENOENT)
            }
            return String(decoding: bytes, as: UTF8.self)
        } catch {
            throw NameSourceError(path: path, reason: error.reason)
        }
    }
}

extension NameSourceError {
    package var description: String { "\(path): \(reason)" }
}
