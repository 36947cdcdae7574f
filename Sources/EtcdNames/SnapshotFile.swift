import Glibc
package import Names
import Routing

/// The last snapshot of a source in a file, for a start while its registry is unreachable.
///
/// Text with one line for each address. The first line is the version, the last one the count and the checksum of
/// the lines between: a file that is truncated, or of another version, is not used.
///
///     berth-names 1
///     host_01<TAB>10.0.0.5<TAB>9000<TAB>1<TAB>7f3a
///     end 1 2d9cb2d7b3b9e2b0
package struct SnapshotFile: Sendable {
    /// The maximum size of a file, bytes.
    static let maxBytes = 256 << 20
    private static let version = "berth-names 1"

    package let path: String

    package init(path: String) { self.path = path }

    /// The file of one source in the state directory.
    ///
    /// - Parameter source: distinguishes the source from others.
    package init(folder: String, source: String) {
        let checksum = Self.checksum(Array(source.utf8)[...])
        self.init(path: "\(folder)/etcd-\(String(checksum, radix: 16)).names")
    }

    /// Writes a new file, flushes it to the disk and renames it over the old one: a reader sees one or the other,
    /// also after a power failure.
    package func write(_ names: [String: [NamedAddress]]) throws(SnapshotFileError) {
        let text = Self.encode(names)
        let fresh = path + ".new"
        let descriptor = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SnapshotFileError(path: fresh, errno: errno) }
        var rest = text[...]
        var failure: Int32 = 0
        while !rest.isEmpty, failure == 0 {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno != EINTR {
                failure = errno
            }
        }
        if failure == 0, fsync(descriptor) != 0 { failure = errno }
        close(descriptor)
        if failure == 0, rename(fresh, path) != 0 { failure = errno }
        guard failure == 0 else {
            unlink(fresh)
            throw SnapshotFileError(path: fresh, errno: failure)
        }
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        let folderDescriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if folderDescriptor >= 0 {
            fsync(folderDescriptor)
            close(folderDescriptor)
        }
    }

    /// The names of the file; nil when there is no file.
    package func read() throws(SnapshotFileError) -> [String: [NamedAddress]]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw SnapshotFileError(path: path, errno: errno)
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 256 << 10)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw SnapshotFileError(path: path, errno: errno)
            }
            if count == 0 { break }
            bytes.append(contentsOf: chunk[..<count])
            guard bytes.count <= Self.maxBytes else {
                throw SnapshotFileError(path: path, reason: "larger than \(Self.maxBytes >> 20) MiB")
            }
        }
        return try decode(bytes)
    }

    static func encode(_ names: [String: [NamedAddress]]) -> [UInt8] {
        var bytes = Array("\(version)\n".utf8)
        var count = 0
        for (name, addresses) in names {
            for address in addresses {
                let port = address.port.map { String($0) } ?? "-"
                let line =
                    "\(name)\t\(address.address)\t\(port)\t\(address.weight)\t\(address.identity ?? "-")\n"
                bytes.append(contentsOf: line.utf8)
                count += 1
            }
        }
        bytes.append(contentsOf: "end \(count) \(String(checksum(bytes[...]), radix: 16))\n".utf8)
        return bytes
    }

    private func decode(_ bytes: [UInt8]) throws(SnapshotFileError) -> [String: [NamedAddress]] {
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        guard lines.first.map({ $0.elementsEqual(Self.version.utf8) }) == true else {
            throw SnapshotFileError(path: path, reason: "not a snapshot of this version")
        }
        // A complete file ends with the last line and its line end.
        guard lines.count >= 3, lines[lines.count - 1].isEmpty else {
            throw SnapshotFileError(path: path, reason: "the snapshot is truncated")
        }
        let last = lines[lines.count - 2]
        let sum = String(Self.checksum(bytes[..<last.startIndex]), radix: 16)
        guard last.elementsEqual("end \(lines.count - 3) \(sum)".utf8) else {
            throw SnapshotFileError(path: path, reason: "the snapshot is damaged")
        }
        var names: [String: [NamedAddress]] = [:]
        for line in lines[1..<(lines.count - 2)] {
            let parts = line.split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false).map {
                String(decoding: $0, as: UTF8.self)
            }
            guard parts.count == 5, let address = IPAddress(parts[1]), let weight = UInt16(parts[3]) else {
                throw SnapshotFileError(path: path, reason: "the snapshot has a malformed line")
            }
            names[parts[0], default: []].append(
                NamedAddress(
                    address: address,
                    port: UInt16(parts[2]),
                    weight: weight,
                    identity: parts[4] == "-" ? nil : parts[4]
                )
            )
        }
        return names
    }

    /// FNV-1a, 64 bits: detects damage, not forgery.
    static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        var sum: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in bytes { sum = (sum ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return sum
    }
}
